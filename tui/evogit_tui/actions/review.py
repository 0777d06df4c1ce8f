"""Looking closely: differences, comments, artefacts, search, and taking things out of the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from evogit_tui.actions import taking
from evogit_tui.actions.base import Action
from evogit_tui.actions.here import anywhere, current
from evogit_tui.actions.taking import SHORT
from evogit_tui.views.diff import DiffView
from evogit_tui.views.names import VIEWS
from evogit_tui.views.phylogeny import PhylogenyView
from evogit_tui.widgets.details import Details
from evogit_tui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_DIFF: Final = frozenset({"diff"})
_NOT_DIFF: Final = frozenset(VIEWS) - _DIFF
_GRAPH: Final = frozenset({"phylogeny"})


def _in_diff(do: Callable[[DiffView], None]) -> Callable[[EvoGitApp], None]:
    return lambda app: do(app.query_one(DiffView))


_IN_DIFF: Final = (
    Action(
        "diff-next-file",
        "right_square_bracket",
        "Next file",
        "The next changed file.",
        "Look",
        _in_diff(lambda view: view.body.next_file(1)),
        footer=True,
        views=_DIFF,
    ),
    Action(
        "diff-previous-file",
        "left_square_bracket",
        "Previous file",
        "The previous changed file.",
        "Look",
        _in_diff(lambda view: view.body.next_file(-1)),
        views=_DIFF,
    ),
    Action(
        "diff-against",
        "W",
        "Against",
        "Compare with the next of parent 1, parent 2, best, base, marked.",
        "Look",
        _in_diff(lambda view: view.cycle_side()),
        footer=True,
        views=_DIFF,
    ),
    Action(
        "diff-split",
        "vertical_line",
        "Side by side",
        "Old and new side by side, or below each other.",
        "Look",
        _in_diff(lambda view: view.body.show_split(not view.body.split)),
        footer=True,
        views=_DIFF,
    ),
    Action(
        "diff-less-context",
        "left_curly_bracket",
        "Less context",
        "Fewer unchanged lines around changes.",
        "Look",
        _in_diff(lambda view: view.change_context(-1)),
        views=_DIFF,
    ),
    Action(
        "diff-more-context",
        "right_curly_bracket",
        "More context",
        "More unchanged lines around changes.",
        "Look",
        _in_diff(lambda view: view.change_context(3)),
        views=_DIFF,
    ),
    Action(
        "diff-white-space",
        "ctrl+w",
        "White space",
        "Ignore white space, or do not.",
        "Look",
        _in_diff(lambda view: view.toggle_space()),
        views=_DIFF,
    ),
    Action(
        "diff-left",
        "left",
        "Left",
        "Move long lines to the right again.",
        "Look",
        _in_diff(lambda view: view.body.aside(-1)),
        views=_DIFF,
    ),
    Action(
        "diff-right",
        "right",
        "Right",
        "See the end of long lines.",
        "Look",
        _in_diff(lambda view: view.body.aside(1)),
        views=_DIFF,
    ),
    Action(
        "comment",
        "c",
        "Comment",
        "Comment on the hunk under the cursor; comments wait until they are sent.",
        "Steer",
        _in_diff(lambda view: view.comment()),
        footer=True,
        views=_DIFF,
    ),
    Action(
        "send-comments",
        "S",
        "Send",
        "Send all comments as feedback to the lineages they are about.",
        "Steer",
        _in_diff(lambda view: view.send_comments()),
        views=_DIFF,
        available=lambda app: len(app.query_one(DiffView).comments) > 0,
        footer=True,
    ),
)


def _bar(do: Callable[[SearchBar], None]) -> Callable[[EvoGitApp], None]:
    return lambda app: do(app.query_one(SearchBar))


_SEARCH: Final = (
    Action(
        "search",
        "slash",
        "Search",
        "Find by subject, agent, operator, name or id; msg: in front searches whole messages.",
        "Search",
        _bar(lambda bar: bar.open()),
        footer=True,
    ),
    Action(
        "search-next",
        "n",
        "Next match",
        "To the next match of the search.",
        "Search",
        _bar(lambda bar: bar.go(forward=True)),
        available=lambda app: app.query_one(SearchBar).search.active,
    ),
    Action(
        "search-previous",
        "N",
        "Previous match",
        "To the match before.",
        "Search",
        _bar(lambda bar: bar.go(forward=False)),
        available=lambda app: app.query_one(SearchBar).search.active,
    ),
    Action(
        "search-fuzzy",
        "ctrl+x",
        "Fuzzy",
        "Let a search skip characters, or do not.",
        "Search",
        _bar(lambda bar: bar.action_fuzzy()),
    ),
)


def _scrolls(by: int) -> Callable[[EvoGitApp], None]:
    return lambda app: app.query_one(Details).scroll_lines(by)


def _compare_with_mark(app: EvoGitApp) -> None:
    """Compare with the marked individual; if there is none but this, mark it."""
    commit = current(app)
    if any(marked != commit for marked in app.model.marks):
        app.query_one(DiffView).against("marked")
        app.show_view("diff")
    else:
        marked = app.model.mark(commit)
        app.query_one(PhylogenyView).graph.repaint()
        said = f"{commit[:SHORT]} is marked: W on another one compares" if marked else "unmarked"
        app.notify(said, timeout=3, markup=False)


_LOOK: Final = (
    Action("details-down", "J", "Details down", "Scroll the details down.", "Look",
           _scrolls(3), views=_GRAPH),
    Action("details-up", "K", "Details up", "Scroll the details up.", "Look",
           _scrolls(-3), views=_GRAPH),
    Action("details-fold", "O", "Sections", "Fold or unfold a section of the details.", "Look",
           taking.fold_menu, views=_GRAPH, available=anywhere),
    Action("artefacts", "v", "View", "Show prompt, response, output or message in full.", "Look",
           taking.view_artefact, available=anywhere, footer=True),
    Action("compare", "W", "Compare", "Mark, then on another individual compare the two.", "Look",
           _compare_with_mark, views=_NOT_DIFF, available=anywhere),
    Action("copy-id", "ctrl+o", "Copy id", "Copy the id to the clipboard.", "Look",
           taking.copy_id, available=anywhere),
    Action("copy", "y", "Copy", "Copy an id, subject, diff, score or command.", "Look",
           taking.copy_menu, available=anywhere),
    Action("edit", "E", "Editor", "Open read-only copies of its changed files in $EDITOR.", "Look",
           taking.edit, available=anywhere),
    Action("check-out", "space", "Check out", "Put its files into a folder of their own.", "Look",
           taking.check_out, available=anywhere),
    Action("export", "ctrl+e,X", "Export", "Save this view as SVG, PNG, HTML or text.", "Look",
           taking.export),
)  # fmt: skip

ACTIONS: Final[tuple[Action, ...]] = (*_IN_DIFF, *_SEARCH, *_LOOK)
