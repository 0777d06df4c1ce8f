"""Offspring by any coding agent that has a command line.

``record`` is what is known of a tool (``records/*.toml``), ``program`` finds it on this machine,
``tool`` makes it ready for a worker, ``words`` fills its arguments, ``spending`` says what a step may
cost. A step: ``brief`` tells the task, ``folder`` lays the parent out and reads the result back,
``launch`` runs the tool in the sandbox, ``watch`` ends it when it must, ``usage`` reads what it cost,
``agent`` makes a proposal of all this. ``kind`` is the entry point.
"""

from evogit_agents.command.agent import CommandAgent
from evogit_agents.command.kind import CommandKind

__all__ = ["CommandAgent", "CommandKind", "command"]

command = CommandKind()
