"""Moving about: within a view, between views, and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from evogit_tui.actions.base import Action
from evogit_tui.views.names import VIEWS

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

Run = Callable[["EvoGitApp"], None]


def _moves(by: int) -> Run:
    return lambda app: app.view.move(by)


def _pages(by: float) -> Run:
    return lambda app: app.view.page(by)


def _shows(name: str) -> Run:
    return lambda app: app.show_view(name)


def _turns(by: int) -> Run:
    return lambda app: app.show_view(VIEWS[(VIEWS.index(app.view_name) + by) % len(VIEWS)])


def _best(app: EvoGitApp) -> None:
    if app.model.facts is not None and app.model.facts.best is not None:
        app.point_at(app.model.phylogeny.commit(app.model.facts.best))


def _parent(app: EvoGitApp) -> None:
    row = app.model.current
    parents = app.model.phylogeny.parents(row) if row is not None else ()
    if parents:
        app.point_at(app.model.phylogeny.commit(parents[0]))


def _best_child(app: EvoGitApp) -> None:
    row, phylogeny = app.model.current, app.model.phylogeny
    children = phylogeny.children(row) if row is not None else ()
    scored = [child for child in children if phylogeny.score(child) is not None]
    found = max(scored, key=phylogeny.fitness) if scored else next(iter(children), None)
    if found is not None:
        app.point_at(phylogeny.commit(found))


ACTIONS: Final[tuple[Action, ...]] = (
    Action("down", "j,down", "Down", "One line down.", "Move", _moves(1)),
    Action("up", "k,up", "Up", "One line up.", "Move", _moves(-1)),
    Action("page-down", "pagedown,ctrl+f", "Page down", "One page down.", "Move", _pages(1)),
    Action("page-up", "pageup,ctrl+b", "Page up", "One page up.", "Move", _pages(-1)),
    Action("half-page-down", "ctrl+d", "Half page down", "Half a page down.", "Move", _pages(0.5)),
    Action("half-page-up", "ctrl+u", "Half page up", "Half a page up.", "Move", _pages(-0.5)),
    Action(
        "top",
        "g,home,less_than_sign",
        "Top",
        "To the newest or first line.",
        "Move",
        lambda app: app.view.to_edge(top=True),
    ),
    Action(
        "bottom",
        "G,end,greater_than_sign",
        "Bottom",
        "To the oldest or last line.",
        "Move",
        lambda app: app.view.to_edge(top=False),
    ),
    Action("best", "b", "Best", "To the best individual.", "Move", _best, footer=True),
    Action("parent", "alt+j", "Parent", "To the first parent.", "Move", _parent),
    Action("child", "alt+k", "Best child", "To the fittest child.", "Move", _best_child),
    Action(
        "open",
        "enter",
        "Open",
        "Open what is under the cursor.",
        "Move",
        lambda app: app.view.open(),
        footer=True,
    ),
    *(
        Action(f"view-{name}", str(i), name.title(), f"Show the {name} view.", "Move", _shows(name))
        for i, name in enumerate(VIEWS, 1)
    ),
    Action(
        "next-view", "tab,right_square_bracket", "Next view", "The next view.", "Move", _turns(1)
    ),
    Action(
        "previous-view",
        "shift+tab,left_square_bracket",
        "Previous view",
        "The previous view.",
        "Move",
        _turns(-1),
    ),
    Action(
        "back",
        "escape",
        "Back",
        "Close what is open; stop a search or a load.",
        "Move",
        lambda app: app.back(),
    ),
    Action(
        "refresh", "R,f5", "Refresh", "Look for news now.", "Session", lambda app: app.look_now()
    ),
    Action(
        "help",
        "question_mark,f1",
        "Help",
        "All keys, searchable.",
        "Session",
        lambda app: app.show_help(),
        footer=True,
    ),
    Action(
        "commands",
        "colon",
        "Commands",
        "Type a command.",
        "Session",
        lambda app: app.action_command_palette(),
    ),
    Action(
        "quit",
        "q",
        "Quit",
        "Leave, from another view back to the first; the swarm goes on.",
        "Session",
        lambda app: app.leave(),
        footer=True,
    ),
)
