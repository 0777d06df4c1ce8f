"""What a person sees while a worker runs: a live display, timestamped lines, or JSON events."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from evogit.cli.output import Output, counted, dump_json
from evogit.evolve.events import Event, Listener
from evogit.text import clean_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from evogit.evolve.assembly import Plan

_HEARTBEAT_SECONDS: Final = 30.0
_RATE_SECONDS: Final = 10.0
_REMEMBERED: Final = 1000
_RATE_EVENTS: Final = 10
"""The rate is told over so many seconds, or so many evaluations if those took longer."""
_LINES: Final = frozenset(
    {"started", "calibrating", "calibrated", "best", "decided", "warning", "problem", "stopped"}
)


class Board:
    """The numbers behind the display, fed by events from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.evaluations = 0
        self.best: Event | None = None
        self.base: float | None = None
        self.floor = ""
        self.agents: dict[str, Event] = {}
        self.scores: dict[str, float] = {}
        self.failed = 0
        self.last = ""
        self._began = time.monotonic()
        self._recent: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, event: Event) -> None:
        """Take one event into account."""
        with self._lock:
            if event.agent and event.kind == "state":
                self.agents[event.agent] = event
            if event.kind == "started":
                self._began = time.monotonic()
            elif event.kind == "evaluated":
                self._evaluated(event)
            elif event.kind == "accepted" and event.score is not None:
                self.scores[event.agent] = event.score
            elif event.kind == "best":
                self.best = event
            elif event.kind == "calibrated":
                self.base, self.floor, self.last = event.score, event.text, ""
            elif event.kind in {"calibrating", "decided", "warning", "problem"}:
                self.last = event.text

    def _evaluated(self, event: Event) -> None:
        if event.entry:
            self.evaluations += 1
            self._recent.append(time.monotonic())
        if event.score is None:
            self.failed += 1

    def rate(self) -> str:
        """How fast evaluations end, by the last of them and the time since; empty before the first."""
        with self._lock:
            return pace(self._recent, self._began, time.monotonic())


def pace(moments: Sequence[float], began: float, now: float) -> str:
    """How fast things happen, in words: ``12.3/s``, ``5.0/min`` or ``one per 90 s``; empty before the first.

    Args:
        moments: the times of the last ones, at most 1,000.
        began: when the first one could have happened.
        now: the time that has gone since the last one counts too.
    """
    since = max(began, now - _RATE_SECONDS)
    if len(moments) > _RATE_EVENTS:
        since = min(since, moments[-_RATE_EVENTS - 1])
    elif moments:
        since = began
    if len(moments) == _REMEMBERED:  # earlier ones are forgotten
        since = max(since, moments[0])
    count, seconds = sum(moment > since for moment in moments), max(now - since, 0.001)
    if count >= seconds:
        return f"{count / seconds:.1f}/s"
    if 60 * count >= seconds:
        return f"{60 * count / seconds:.1f}/min"
    return f"one per {seconds / count:.0f} s" if count else ""


@contextmanager
def watching(output: Output, plan: Plan) -> Generator[Listener]:
    """Show events until the block ends, in the way that fits the output."""
    if output.form != "text":
        yield _json_listener()
    elif _is_watched() and not output.manner.quiet:
        with _live(output, plan) as listener:
            yield listener
    else:
        with _lines(output) as listener:
            yield listener


def _is_watched() -> bool:
    """Whether standard error is a terminal that is ours now: a job in the background draws over others."""
    if not sys.stderr.isatty():
        return False
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:  # a terminal that controls another session
        return True


def _json_listener() -> Listener:
    lock = threading.Lock()

    def tell(event: Event) -> None:
        if event.kind != "state":
            with lock:
                sys.stdout.write(dump_json(event.as_json(), lines=True) + "\n")
                sys.stdout.flush()

    return tell


@contextmanager
def _lines(output: Output) -> Generator[Listener]:
    board, lock, done = Board(), threading.Lock(), threading.Event()

    def tell(event: Event) -> None:
        board.add(event)
        if event.kind in _LINES:
            with lock:
                output.note(_line(event))

    def beat() -> None:
        while not done.wait(_HEARTBEAT_SECONDS):
            with lock:
                output.note(f"{_stamp(time.time())} {_counts(board)}")

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        done.set()


def _counts(board: Board) -> str:
    parts = [counted(board.evaluations, "evaluation"), board.rate()]
    if board.best is not None and board.best.score is not None:
        parts.append(f"best {board.best.score:.6g}")
    return ", ".join(part for part in parts if part)


def _stamp(when: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(when))


def _line(event: Event) -> str:
    score = f" {event.score:.6g}" if event.score is not None else ""
    who = event.agent or event.worker
    commit = f" {event.commit[:8]}" if event.commit else ""
    text = f": {event.text}" if event.text else ""
    return clean_line(f"{_stamp(event.time)} {who} {event.kind}{score}{commit}{text}", 300)


@contextmanager
def _live(output: Output, plan: Plan) -> Generator[Listener]:
    from rich.console import Console
    from rich.live import Live

    board = Board()
    started = time.monotonic()
    console = Console(stderr=True, highlight=False, no_color=not output.colored)
    with Live(
        console=console,
        refresh_per_second=4,
        transient=False,
        get_renderable=lambda: _render(board, plan, time.monotonic() - started),
    ):
        yield board.add


def _render(board: Board, plan: Plan, seconds: float) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = Text(_headline(board, plan, seconds), style="bold", no_wrap=True, overflow="ellipsis")
    best = Text(_best_line(board), no_wrap=True, overflow="ellipsis")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("agent", "at", "state"):
        table.add_column(title, no_wrap=True)
    for name in sorted(board.agents, key=lambda n: (len(n), n))[:16]:
        score = board.scores.get(name)
        table.add_row(
            Text(name), Text("" if score is None else f"{score:.6g}"), Text(board.agents[name].text)
        )
    problem = [Text(clean_line(board.last, 200), style="yellow")] if board.last else []
    return Group(head, best, table, *problem)


def _headline(board: Board, plan: Plan, seconds: float) -> str:
    parts = [f"{board.evaluations} evaluations", board.rate(), f"{board.failed} failed"]
    if plan.flags.evaluations is not None:
        parts[0] = f"{board.evaluations} of {plan.flags.evaluations} evaluations"
    limit = plan.flags.seconds
    parts.append(
        f"{_clock(seconds)} gone" if limit is None else f"{_clock(max(limit - seconds, 0))} left"
    )
    return "  ".join(part for part in parts if part)


def _best_line(board: Board) -> str:
    base = "" if board.base is None else f"base {board.base:.6g}"
    if board.best is None or board.best.score is None:
        return base or "judging the base ..."
    best = f"best {board.best.score:.6g} by {board.best.agent} ({board.best.commit[:8]})"
    return clean_line(f"{base}  {best}  {board.best.text}", 200)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
