"""What the diff view's threads tell it."""

from __future__ import annotations

from textual.message import Message

from evogit.errors import EvoGitError
from evogit.ids import CommitId
from evogit_tui.widgets.diff_comparing import Comparison, Request
from evogit_tui.widgets.diff_reading import Block


class Compared(Message):
    """A comparison is done."""

    def __init__(self, found: Comparison) -> None:
        super().__init__()
        self.found = found


class BlockRead(Message):
    """One file more was read."""

    def __init__(self, asked: Request, number: int, block: Block) -> None:
        super().__init__()
        self.asked = asked
        self.number = number
        self.block = block


class NotCompared(Message):
    """A comparison could not be made."""

    def __init__(self, asked: Request, error: EvoGitError) -> None:
        super().__init__()
        self.asked = asked
        self.error = error


class FeedbackSent(Message):
    """The comments on an individual became feedback."""

    def __init__(self, commit: CommitId) -> None:
        super().__init__()
        self.commit = commit


class Predicted(Message):
    """What a merge into the user's branch would come to."""

    def __init__(self, commit: CommitId, text: str) -> None:
        super().__init__()
        self.commit = commit
        self.text = text
