"""What of the phylogeny is seen: filters, folds, order, colours, marks, following."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from evogit.errors import UserError
from evogit_tui.actions.base import Action
from evogit_tui.actions.here import anywhere, current
from evogit_tui.filters import KINDS, MEANINGS, Filter, Kind, parse
from evogit_tui.rows import ORDERS
from evogit_tui.views.phylogeny import PhylogenyView
from evogit_tui.widgets.graph_look import COLOURINGS

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_HERE: Final = frozenset({"phylogeny"})
Choice = TypeVar("Choice")


def _view(app: EvoGitApp) -> PhylogenyView:
    return app.query_one(PhylogenyView)


def _after(choices: tuple[Choice, ...], now: Choice) -> Choice:
    return choices[(choices.index(now) + 1) % len(choices)]


def _filters(kind: Kind) -> Callable[[EvoGitApp], None]:
    """Show this kind alone; the same key again shows all."""

    def run(app: EvoGitApp) -> None:
        view, chosen = _view(app), Filter(frozenset({kind}))
        view.set_filter(None if view.shape.filter == chosen else chosen)

    return run


def _show_all(app: EvoGitApp) -> None:
    view = _view(app)
    view.reshape(replace(view.shape, filter=None, dead=True))


def _ask_filter(app: EvoGitApp) -> None:
    from evogit_tui.dialogs.text import LineDialog

    def check(text: str) -> str:
        try:
            parse(text)
        except UserError as error:
            return f"{error.message}: {error.hint}"
        return ""

    def take(text: str | None) -> None:
        if text is not None:
            view.set_filter(parse(text))

    view = _view(app)
    now = "" if view.shape.filter is None else str(view.shape.filter)
    kinds = "; ".join(f"{kind}: {MEANINGS[kind]}" for kind in KINDS)
    hint = (
        f"Words that all hold, nothing for everything. An agent's name; 0.8..0.9: scores; {kinds}."
    )
    app.push_screen(LineDialog("Show only", now, hint, check), take)


def _fold(app: EvoGitApp) -> None:
    _view(app).fold_lineage(current(app))


def _unfold(app: EvoGitApp) -> None:
    view = _view(app)
    fold = view.fold
    if fold is not None:
        view.reshape(view.shape.unfold(app.model.phylogeny.commit(fold.root)))


def _toggle_dead(app: EvoGitApp) -> None:
    view = _view(app)
    view.reshape(replace(view.shape, dead=not view.shape.dead))


def _next_order(app: EvoGitApp) -> None:
    view = _view(app)
    view.reshape(replace(view.shape, order=_after(ORDERS, view.shape.order)))


def _next_colouring(app: EvoGitApp) -> None:
    view = _view(app)
    view.recolour(_after(COLOURINGS, view.colouring))


def _mark(app: EvoGitApp) -> None:
    app.model.mark(current(app))
    _view(app).graph.repaint()
    app.view.survey()
    app.refresh_bindings()


def _act(
    name: str,
    keys: str,
    label: str,
    help: str,  # noqa: A002 - as the field is called
    run: Callable[[EvoGitApp], None],
    *,
    footer: bool = False,
) -> Action:
    return Action(name, keys, label, help, "Look", run, footer=footer, views=_HERE)


ACTIONS: Final[tuple[Action, ...]] = (
    Action("mark", "C", "Mark", "Mark for a merge or a comparison; at most two.", "Look", _mark,
           available=anywhere),
    _act("filter", "ctrl+s", "Filter", "Show only some: by kind, agent or score.", _ask_filter,
         footer=True),
    _act("filter-alive", "exclamation_mark", "Alive",
         "Only the population and what it descends from.", _filters("alive")),
    _act("filter-merges", "at", "Merges", "Only merges.", _filters("merges")),
    _act("filter-dead", "number_sign", "Dead", "Only dead lineages.", _filters("dead")),
    _act("filter-failed", "ampersand", "Failed", "Only what was judged and has no score.",
         _filters("failed")),
    _act("filter-none", "0", "All", "Show everything again.", _show_all),
    _act("fold", "h,left", "Fold", "Fold the dead lineage under the cursor into one line.", _fold),
    _act("unfold", "l,right", "Unfold", "Unfold the lineage under the cursor.", _unfold),
    _act("toggle-dead", "X", "Dead on/off", "Hide dead lineages, or show them.", _toggle_dead),
    _act("order", "o", "Order", "By date, generation or fitness.", _next_order),
    _act("colour", "ctrl+l", "Colour", "Colours for lineages, agents or fitness.",
         _next_colouring),
    _act("follow", "F", "Follow", "Keep the cursor on the newest individual, or do not.",
         lambda app: _view(app).toggle_follow()),
    _act("details", "i", "Details", "Show the details, or hide them.",
         lambda app: _view(app).toggle_details()),
)  # fmt: skip
