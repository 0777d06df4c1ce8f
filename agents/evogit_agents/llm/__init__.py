"""Offspring from language models.

``agent`` chooses an operator and a model, ``operators`` make prompts and read answers, ``ground`` and
``packing`` put together what fits, ``templates`` renders it, ``asking`` holds the conversation,
``answers``, ``patch`` and ``source`` apply what came back exactly or refuse it, ``lint`` asks linters.
"""

from evogit_agents.llm.agent import LlmAgent, llm

__all__ = ["LlmAgent", "llm"]
