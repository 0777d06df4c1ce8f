"""The diff view: what an individual changed, against whom, and what a human has to say about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.timer import Timer

from evogit.errors import EvoGitError
from evogit.ids import CommitId
from evogit.text import clean_line
from evogit_tui.dialogs.text import TextDialog
from evogit_tui.model import Facts
from evogit_tui.views.base import View
from evogit_tui.views.diff_messages import (
    BlockRead,
    Compared,
    FeedbackSent,
    NotCompared,
    Predicted,
)
from evogit_tui.widgets import diff_comparing as comparing
from evogit_tui.widgets.columns import Cell, Column
from evogit_tui.widgets.diff import DiffBody, HunkKey
from evogit_tui.widgets.diff_comments import Comment, Comments, Place, place_of, quote_of
from evogit_tui.widgets.diff_comparing import Comparison, Request, Side
from evogit_tui.widgets.diff_drawing import counts
from evogit_tui.widgets.diff_head import DiffHead, Standing
from evogit_tui.widgets.diff_merge import predict
from evogit_tui.widgets.diff_reading import MAX_LINES, Block, Reading, read_block
from evogit_tui.widgets.table import Table

_DEBOUNCE: Final = 0.08
_NARROW: Final = 100
_MAX_CONTEXT: Final = 200
_MAX_BLOCK_LINES: Final = 20_000


class DiffView(View):
    """Compares the current individual with a parent, the best, the base or a marked one."""

    DEFAULT_CSS = """
    DiffView #diff-files { width: 34; border-right: vkey $primary 40%; }
    DiffView.-ascii #diff-files { border-right: ascii $primary 40%; }
    DiffView.-narrow #diff-files { display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._row: int | None = None
        self._side = comparing.SIDES[0]
        self._how = Reading()
        self._asked: Request | None = None
        self._found: Comparison | None = None
        self._trouble = ""
        self._merge = ("", "")
        """An individual, and what merging it would come to."""
        self._waiting: Timer | None = None
        self.comments = Comments()
        self.body = DiffBody()
        self._files = Table[Block](
            (Column("", 1), Column("file", 10, flexible=True), Column("lines", 9)),
            lambda block: block.change.path,
            _file_cells,
            empty="no differences",
            id="diff-files",
        )

    def compose(self) -> ComposeResult:
        """Two lines that say what is compared; the files; their lines."""
        yield DiffHead()
        with Horizontal():
            yield self._files
            yield self.body

    def on_mount(self) -> None:
        """Draw as the human asked for."""
        self.set_class(self.evogit.options.ascii, "-ascii")

    def on_resize(self) -> None:
        """A narrow screen has no room for the list of files, and a list of one says nothing."""
        few = self._found is None or len(self._found.blocks) < 2
        self.set_class(few or self.size.width < _NARROW, "-narrow")

    @property
    def comparison(self) -> Comparison | None:
        """What is shown, if it is what was asked for last."""
        found = self._found
        return found if found is not None and found.request == self._asked else None

    @property
    def current_path(self) -> str:
        """The file that the cursor is in; empty if there is none."""
        current = self._files.current
        return "" if current is None else current.change.path

    # ------------------------------------------------------------------ which comparison

    def show(self, facts: Facts) -> None:
        """The best individual may be another one now."""
        row = self._row
        if row is None:
            row = facts.best if self.model.current is None else self.model.current
        if row is not None:
            self._ask(row)

    def point_at(self, commit: CommitId) -> None:
        """Compare another individual, as soon as the cursor rests."""
        if self._waiting is not None:
            self._waiting.stop()
        row = self.model.row(commit)
        if row is not None and row != self._row:
            self._waiting = self.set_timer(_DEBOUNCE, lambda: self._ask(row))

    def cycle_side(self) -> None:
        """Compare with the next of parent 1, parent 2, best, base, marked."""
        if self._row is None:
            return
        names = [side.name for side in comparing.sides(self.model, self._row)]
        if names:
            at = names.index(self._side) if self._side in names else -1
            self._side = names[(at + 1) % len(names)]
            self._ask(self._row)

    def against(self, name: str) -> None:
        """Compare with this side from now on."""
        self._side = name
        if self._row is not None:
            self._ask(self._row)

    def change_context(self, by: int) -> None:
        """Show more or fewer lines around changes."""
        context = max(0, min(self._how.context + by, _MAX_CONTEXT))
        self._read_with(replace(self._how, context=context))

    def toggle_space(self) -> None:
        """Look at white space, or do not."""
        self._read_with(replace(self._how, ignore_space=not self._how.ignore_space))

    def _read_with(self, how: Reading) -> None:
        self._how = how
        if self._row is not None:
            self._ask(self._row)

    def _sides(self) -> list[Side]:
        return [] if self._row is None else comparing.sides(self.model, self._row)

    def _ask(self, row: int) -> None:
        self._row = row
        found = self._sides()
        side = next((s for s in found if s.name == self._side), found[0] if found else None)
        if side is None:
            self._asked = self._found = None
            self._trouble = "the base has no parent; mark another individual with W to compare"
            self.body.show((), fresh=True)
            self._files.fill(())
            self._show_head()
            return
        asked = comparing.request(self.model, row, side, self._how)
        if asked != self._asked:
            self._asked, self._trouble = asked, ""
            self._compare(asked)
        self._show_head()

    @work(thread=True, exclusive=True, group="diff", exit_on_error=False)
    def _compare(self, asked: Request) -> None:
        git = self.model.session.swarm.git
        try:
            found = comparing.compare(git, asked, lambda: asked != self._asked)
        except EvoGitError as error:
            self.post_message(NotCompared(asked, error))
            return
        if found is not None:
            self.post_message(Compared(found))

    def on_compared(self, message: Compared) -> None:
        """Show a comparison that is still wanted."""
        asked, before = message.found.request, self._found
        if asked != self._asked:
            return
        same = before is not None and _same(before.request, asked)
        self._found = message.found
        self._show_blocks(fresh=not same)
        if self._merge[0] != asked.commit and self.model.facts is not None:
            self._predict(self.model.facts, asked.commit)

    @work(thread=True, exclusive=True, group="diff-merge", exit_on_error=False)
    def _predict(self, facts: Facts, commit: CommitId) -> None:
        if self._asked is not None and self._asked.commit == commit:
            self.post_message(Predicted(commit, predict(self.model, facts, commit)))

    def on_predicted(self, message: Predicted) -> None:
        """Say it, if it is about the individual shown."""
        self._merge = (message.commit, message.text)
        self._show_head()

    def on_not_compared(self, message: NotCompared) -> None:
        """Say what is wrong."""
        if message.asked == self._asked:
            self._trouble = clean_line(f"{message.error.message} {message.error.hint}")
            self._show_head()

    def on_diff_body_wanted(self, message: DiffBody.Wanted) -> None:
        """Read a file, or more of it."""
        if self._found is None or self._asked is None:
            return
        block = self._found.blocks[message.block]
        more = 0 if block.rows is None else len(block.rows) + MAX_LINES
        self._read(self._asked, message.block, block, min(max(more, MAX_LINES), _MAX_BLOCK_LINES))

    @work(thread=True, exclusive=True, group="diff-block", exit_on_error=False)
    def _read(self, asked: Request, number: int, block: Block, most: int) -> None:
        try:
            read = read_block(self.model.session.swarm.git, block.change, asked.how, most)
        except EvoGitError as error:
            self.post_message(NotCompared(asked, error))
            return
        self.post_message(BlockRead(asked, number, read))

    def on_block_read(self, message: BlockRead) -> None:
        """Put a file in its place."""
        if message.asked == self._asked and self._found is not None:
            self._found = comparing.with_block(self._found, message.number, message.block)
            self._show_blocks(fresh=False)

    # ------------------------------------------------------------------ drawing

    def _show_blocks(self, *, fresh: bool) -> None:
        assert self._found is not None  # noqa: S101 - called with one only
        self._files.fill(self._found.blocks)
        self.body.show(self._found.blocks, fresh=fresh)
        self._show_notes()
        self._show_head()
        self.on_resize()

    def _show_notes(self) -> None:
        self.body.show_notes(
            {key: text for key, place in self._hunks() if (text := self.comments.at(place))}
            if len(self.comments)
            else {}
        )

    def _hunks(self) -> list[tuple[HunkKey, Place]]:
        if self._found is None:
            return []
        commit = self._found.request.commit
        found: dict[HunkKey, Place] = {}
        for block in self._found.blocks:
            for row in block.rows or ():
                key = (block.change.path, row.hunk)
                if row.hunk >= 0 and key not in found and row.kind in {"added", "removed"}:
                    found[key] = place_of(commit, block, [row])
        return list(found.items())

    def _show_head(self) -> None:
        standing = None if self._row is None else self._standing(self._row)
        self.query_one(DiffHead).show(standing, ascii_only=self.evogit.options.ascii)

    def _standing(self, row: int) -> Standing:
        phylogeny, asked = self.model.phylogeny, self._asked
        return Standing(
            commit=phylogeny.commit(row),
            subject=phylogeny.subject(row),
            other="" if asked is None else asked.other,
            side="" if asked is None else asked.side,
            sides=[side.name for side in self._sides()],
            found=self.comparison,
            trouble=self._trouble,
            context=self._how.context,
            ignore_space=self._how.ignore_space,
            comments=len(self.comments),
            merge=self._merge[1] if asked is not None and self._merge[0] == asked.commit else "",
        )

    # ------------------------------------------------------------------ moving

    def on_diff_body_moved(self, message: DiffBody.Moved) -> None:
        """Show in the list of files where the cursor is."""
        if self._found is not None and message.block < len(self._found.blocks):
            self._files.select(self._found.blocks[message.block].change.path)

    def on_table_moved(self, message: Table.Moved) -> None:
        """Show the lines of the file that was clicked."""
        current = self._files.current
        if self._found is not None and current is not None:
            self.body.to_file(self._found.blocks.index(current))
        message.stop()

    def move(self, by: int) -> None:
        """Move the cursor by lines."""
        self.body.move(by)

    def page(self, by: float) -> None:
        """Move by pages."""
        self.body.page(by)

    def to_edge(self, *, top: bool) -> None:
        """Move to the first or last line."""
        self.body.go_to(0 if top else len(self.body.lines) - 1)

    def open(self) -> None:
        """Read what the line under the cursor stands for."""
        self.body.open()

    def findable(self) -> DiffBody:
        """The lines that were read."""
        return self.body

    # ------------------------------------------------------------------ comments

    def comment(self) -> None:
        """Ask for a comment on the hunk under the cursor."""
        hunk = self.body.hunk()
        if hunk is None or self._found is None:
            self.notify("put the cursor on a hunk to comment on it", markup=False)
            return
        place = place_of(self._found.request.commit, *hunk)
        quote = quote_of(hunk[1])

        def keep(text: str | None) -> None:
            if text is not None:
                self.comments.put(Comment(place, quote, text))
                self._show_notes()
                self._show_head()

        dialog = TextDialog(f"Comment on {place.where}", self.comments.at(place))
        self.evogit.push_screen(dialog, keep)

    def send_comments(self) -> None:
        """Send all comments as feedback to the lineages they are about."""
        if not len(self.comments):
            self.notify("no comment is queued: c makes one", markup=False)
            return
        for commit, text in self.comments.feedback():
            self.evogit.clerk.decide(
                "sending comments",
                lambda commit=commit, text=text: self._send(commit, text),
                f"sent as feedback to the lineage of {commit[:8]}; z takes it back",
            )

    def _send(self, commit: CommitId, text: str) -> None:
        self.model.desk.feedback([commit], text)
        self.post_message(FeedbackSent(commit))

    def on_feedback_sent(self, message: FeedbackSent) -> None:
        """Forget comments that became a decision."""
        self.comments.sent(message.commit)
        self._show_notes()
        self._show_head()


def _same(a: Request, b: Request) -> bool:
    """Whether two comparisons differ only in how they are read."""
    return (a.commit, a.old) == (b.commit, b.old)


def _file_cells(block: Block) -> tuple[Cell, Cell, Cell]:
    role: dict[str, Literal["success", "error", "primary"]] = {"A": "success", "D": "error"}
    status = block.change.status
    return Cell(status, role.get(status, "primary")), Cell(block.change.path), Cell(counts(block))
