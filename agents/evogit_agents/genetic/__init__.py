"""Offspring without a model: typed mutation and recombination of source files.

For Python: ``source`` parses and splices text, ``kinds`` infers coarse types, ``scope`` knows who binds
and reads names, ``index`` lists what can change, ``templates`` and ``grow`` make new expressions,
``behaviour`` tells what a small function computes, ``edit`` applies and verifies one change,
``expressions``, ``statements`` and ``cross`` are the operators, ``python`` combines them. ``tuning``
searches the constants of any language, ``agent`` picks files and editors.
"""

from evogit_agents.genetic.agent import GeneticAgent, genetic

__all__ = ["GeneticAgent", "genetic"]
