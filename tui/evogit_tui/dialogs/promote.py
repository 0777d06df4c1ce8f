"""Brings an individual to a branch of the user's repository: shows the plan, then carries it out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Protocol, get_args

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, Label, Static, TextArea

from evogit.cli.output import counted
from evogit.cli.promote import by_whom, unrun_hooks
from evogit.errors import EvoGitError
from evogit.steering.promote import Mode, Plan
from evogit.text import clean, clean_line
from evogit_tui.dialogs.base import Dialog

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
_MEANING: Final[dict[Mode, str]] = {
    "squash": "one commit of yours on top of the branch",
    "merge": "a merge commit: the whole lineage becomes history of the branch",
    "ff": "the branch moves to the individual itself",
}
_PAUSE: Final = 0.3
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What the human asks for. ``branch`` and ``message`` are ``None`` where nothing was said."""

    branch: str | None = None
    mode: Mode = "squash"
    message: str | None = None


class Promoter(Protocol):
    """What the dialog asks for; everything is answered later, on the UI thread."""

    def plan(
        self, wish: Wish, then: Callable[[Plan], None], failed: Callable[[EvoGitError], None]
    ) -> None:
        """Plan it; nothing is written to the user's repository."""
        ...

    def carry_out(
        self,
        plan: Plan,
        tell: Callable[[str], None],
        then: Callable[[str], None],
        failed: Callable[[EvoGitError], None],
    ) -> None:
        """Judge the final files and write; ``then`` gets what to say of it."""
        ...


class PromoteDialog(Dialog[None]):
    """Branch, way and message can be changed; ``enter`` on the branch, or ``ctrl+s``, promotes.

    ``escape`` closes it. A promotion that is under way then goes on, and its end is told elsewhere.

    Args:
        title: the individual in words.
        judged: what judges it and the final files first, in words.
        doubt: why its gain may be none, in words; empty if nothing says so.
        promoter: plans and carries out.
        tell_late: shows what came of it after the dialog was closed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "accept", "Promote"),  # no priority: after what was typed
        Binding("ctrl+t", "cycle", "Way"),
        Binding("escape", "close", "Close", priority=True),
    ]
    DEFAULT_CSS = """
    PromoteDialog .row { height: 1; }
    PromoteDialog Label { width: 9; color: $foreground 80%; }
    PromoteDialog Input { width: 1fr; height: 1; border: none; padding: 0; background: $boost; }
    PromoteDialog TextArea { height: 6; border: none; padding: 0; background: $boost; }
    PromoteDialog #files { height: auto; max-height: 25vh; margin-top: 1; }
    PromoteDialog #state { height: auto; margin-top: 1; }
    PromoteDialog #state.error { color: $error; }
    """

    def __init__(
        self,
        title: str,
        judged: str,
        doubt: str,
        promoter: Promoter,
        tell_late: Callable[[str, EvoGitError | None], None],
    ) -> None:
        super().__init__()
        self._title = clean_line(title)
        self._judged = clean_line(judged)
        self._doubt = clean_line(doubt)
        self._promoter = promoter
        self._tell_late = tell_late
        self._wish = Wish()
        self._plan: Plan | None = None
        self._shown_message = ""
        self._number = 0
        self._planning = False
        self._accepted = False
        self._since: float | None = None
        self._step = ""
        self._waiting: Timer | None = None
        self._gone = False

    def compose(self) -> ComposeResult:
        """Branch, way, message; the files; how it stands; the keys."""
        with Vertical(classes="box") as box:
            box.border_title = f"Promote {self._title}".replace("[", "\\[")
            with Horizontal(classes="row"):
                yield Label("branch")
                yield Input(id="branch", compact=True, select_on_focus=False)
            with Horizontal(classes="row"):
                yield Label("how")
                yield Static("", id="how", markup=False)
            with Horizontal(id="said"):
                yield Label("message")
                yield TextArea(id="message", compact=True, show_line_numbers=False)
            with VerticalScroll(id="files", can_focus=False):
                yield Static("", id="stat", markup=False)
            yield Static("", id="state", markup=False)
            keys = "enter or ctrl+s promote   tab message   ctrl+t how   escape cancel"
            yield Static(keys, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Plan at once: the usual answer is ``enter``."""
        self.query_one("#said").styles.height = "auto"
        self.query_one("#branch", Input).focus()
        self._show_mode()
        self._replan()
        self.set_interval(1.0, self._tick)

    # ------------------------------------------------------------------ planning

    def on_input_changed(self) -> None:
        """Plan for another branch, a little after the last key."""
        if self.query_one("#branch", Input).value != (self._wish.branch or ""):
            self._unplan()
            self._waiting = self.set_timer(_PAUSE, self._replan)

    def _unplan(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = None
        self._plan = None
        self._planning = False
        self._number += 1

    def _replan(self) -> None:
        self._unplan()
        branch = clean_line(self.query_one("#branch", Input).value) or None
        message = None if self._wish.mode == "ff" else self._said()
        self._wish = replace(self._wish, branch=branch, message=message)
        self._planning, number = True, self._number
        self._say("planning ...")
        self._promoter.plan(
            self._wish,
            lambda plan: self._planned(number, plan),
            lambda error: self._refused(number, error),
        )

    def _said(self) -> str | None:
        """The message, if the human wrote one."""
        said = clean(self.query_one("#message", TextArea).text, 20_000).strip()
        return None if said == self._shown_message else said

    def _planned(self, number: int, plan: Plan) -> None:
        if number != self._number or self._gone:
            return
        self._plan, self._planning = plan, False
        if self._wish.branch is None:
            self._wish = replace(self._wish, branch=plan.branch)
            with self.prevent(Input.Changed):
                self.query_one("#branch", Input).value = plan.branch
        if self._said() is None:
            self._shown_message = plan.message.strip()
            self.query_one("#message", TextArea).load_text(self._shown_message)
        self.query_one("#message", TextArea).disabled = plan.mode == "ff"
        self._show_plan(plan)
        if self._accepted:
            self.action_accept()

    def _refused(self, number: int, error: EvoGitError) -> None:
        if number == self._number and not self._gone:
            self._accepted = self._planning = False
            self.query_one("#stat", Static).update("")
            self._say(_both(error), wrong=True)

    def _show_plan(self, plan: Plan) -> None:
        added, removed = (
            sum(getattr(f, side) for f in plan.files) for side in ("added", "removed")
        )
        lines = [
            f"{f.added:>6}+ {f.removed:>5}-  {clean_line(f.path)}" for f in plan.files[:_SHOWN]
        ]
        if len(plan.files) > _SHOWN:
            lines.append(f"and {len(plan.files) - _SHOWN} more")
        self.query_one("#stat", Static).update("\n".join(lines))
        if plan.conflicts:
            paths = clean_line(", ".join(plan.conflicts[:10]), 300)
            self._say(f"conflicts in {paths}\nby hand: {plan.hint}", wrong=True)
            return
        at = f"at {plan.old[:12]}" if plan.old else "new"
        size = f"{counted(len(plan.files), 'file')}, +{added} -{removed}"
        doubt = f"\n{unrun_hooks(plan)}" if plan.hooks else ""
        doubt += f"\n{self._doubt}" if self._doubt else ""
        self._say(f"{size}; branch {at}; first: {self._judged}\n{by_whom(plan)}{doubt}")

    # ------------------------------------------------------------------ carrying out

    def on_input_submitted(self) -> None:
        """Promote."""
        self.action_accept()

    def action_accept(self) -> None:
        """Promote as planned; if the plan is not there yet, as soon as it is."""
        if self._since is not None:
            return
        self._accepted = True
        if self._planning:
            return
        if self._plan is not None and self._as_wished(self._plan):
            self._carry_out(self._plan)
        else:
            self._replan()

    def _as_wished(self, plan: Plan) -> bool:
        said = None if plan.mode == "ff" else self._said()
        return said == self._wish.message

    def _carry_out(self, plan: Plan) -> None:
        if plan.conflicts:
            self._accepted = False
            return
        self._since = time.monotonic()
        self._tell("writing")
        self._promoter.carry_out(plan, self._tell, self._done, self._failed)

    def _tell(self, step: str) -> None:
        if self._since is not None and not self._gone:
            self._step = clean_line(step, 300)
            self._tick()

    def _tick(self) -> None:
        if self._since is not None:
            self._say(f"{self._step} ... {time.monotonic() - self._since:.0f} s")

    def _done(self, text: str) -> None:
        self._tell_late(text, None)
        if not self._gone:
            self._gone = True
            self.dismiss(None)

    def _failed(self, error: EvoGitError) -> None:
        self._since, self._accepted = None, False
        if self._gone:
            self._tell_late("", error)
        else:
            self._say(_both(error), wrong=True)

    # ------------------------------------------------------------------ the rest

    def action_cycle(self) -> None:
        """The next way."""
        if self._since is None:
            mode = MODES[(MODES.index(self._wish.mode) + 1) % len(MODES)]
            self._wish = replace(self._wish, mode=mode)
            self._show_mode()
            self._replan()

    def _show_mode(self) -> None:
        mode = self._wish.mode
        shown = "  ".join(f"[{m}]" if m == mode else m for m in MODES)
        self.query_one("#how", Static).update(f"{shown}  {_MEANING[mode]}")

    def action_close(self) -> None:
        """Close; what is under way goes on."""
        self._gone = True
        self.dismiss(None)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        state = self.query_one("#state", Static)
        state.set_class(wrong, "error")
        state.update(text)


def _both(error: EvoGitError) -> str:
    return clean(f"{error.message}\n{error.hint}".strip(), 2000)
