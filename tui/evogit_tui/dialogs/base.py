"""What all dialogs look like."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box in the middle of the screen; its only child is a container of class ``box``.

    What is behind stays visible, and nothing behind can be reached.
    """

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog .box {
        width: 90%; max-width: 100; height: auto; max-height: 95%;
        border: round $primary; background: $surface; padding: 0 1;
        border-title-color: $foreground; border-title-style: bold;
    }
    Dialog .box.danger { border: round $error; }
    Dialog .hint { color: $foreground 80%; height: auto; margin-top: 1; }
    Dialog .error { color: $error; text-style: bold; height: auto; }
    Dialog Input { border: tall $primary; height: 3; }
    Dialog TextArea { border: tall $primary; }
    """
