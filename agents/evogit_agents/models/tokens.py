"""How many tokens a text has, without its model's tokenizer: an estimate from above.

Tokenizers differ, and most are a download away. What they share: a token is at least one byte, a
word is one or a few tokens, many split numbers digit by digit, and text that is not English costs
up to a token a byte. The constants were checked against two tokenizers (docs/models.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from evogit_agents.models.model import Message

PER_MESSAGE: Final = 8
"""Tokens that a chat template puts around one message."""
_TEMPLATE: Final = 32
"""Tokens that it puts around the conversation, such as a default system prompt."""

# A word takes the space before it along and, if it is a usual one, six letters to a token.
_PARTS: Final = re.compile(r" ?(?:[A-Z]?[a-z]+|[A-Z]+)|[0-9]|\n\s*|\s+|[!-~]")


def count_text(text: str) -> int:
    """Tokens of a text, estimated from above. Takes time linear in the text."""
    count = 0
    seen = 0
    for match in _PARTS.finditer(text):
        length = match.end() - match.start()
        seen += length
        count += 1 + (length - 2) // 6 if length > 2 and match[0][-1].isalpha() else 1
    if seen < len(text):
        count += len(_PARTS.sub("", text).encode("utf-8", "replace"))
    return count


def count_messages(messages: Sequence[Message]) -> int:
    """Tokens of a prompt with what a chat template adds, estimated from above."""
    return _TEMPLATE + sum(PER_MESSAGE + count_text(message.text) for message in messages)
