"""Parts found through entry points: agents, strategies, sandboxes, problems, commands.

Built-ins are registered in the same way as a stranger's package, so both plug in alike. Whatever the
code of a plugin raises becomes, here and nowhere else, an error that names the plugin.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Final, Literal

from evogit.errors import ConfigError, EvaluatorError, EvoGitError, NotFoundError
from evogit.text import clean_line

Group = Literal[
    "evogit.agents",
    "evogit.commands",
    "evogit.oracles",
    "evogit.problems",
    "evogit.sandboxes",
    "evogit.strategies",
]

_LIBGIT2: Final = "_pygit2"
"""By name: importing pygit2 would take longer than many a command."""
_ONE: Final = {"evogit.strategies": "strategy", "evogit.sandboxes": "sandbox"}


def names(group: Group) -> list[str]:
    """Sorted names registered in a group."""
    return sorted({point.name for point in entry_points(group=group)})


def find(group: Group, name: str) -> EntryPoint:
    """The entry point of that name.

    Raises:
        NotFoundError: no installed package registers it; the hint names the closest one.
    """
    points = {point.name: point for point in entry_points(group=group)}
    if name in points:
        return points[name]
    what = _noun(group)
    close = get_close_matches(name, points, n=1)
    hint = (
        f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(points)) or 'none'}"
    )
    raise NotFoundError(f"there is no {what} named {name!r}", hint=hint)


def load(group: Group, name: str) -> object:
    """Import and return what a name stands for.

    Raises:
        NotFoundError: no installed package registers it.
        ConfigError: it is registered but can not be imported.
    """
    point = find(group, name)
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        plugin = Plugin(group, point)
        text = f"{plugin} can not be loaded: {described(error)}"
        raise ConfigError(text, hint=plugin.whose_fault) from error


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point whose code is called; ``str`` is how errors name it."""

    group: Group
    point: EntryPoint

    def __str__(self) -> str:
        return f"{_noun(self.group)} {self.point.name!r} ({self.group}: {self.point.value})"

    @property
    def whose_fault(self) -> str:
        """The hint of an error that is the plugin's fault."""
        package = f"package {self.point.dist.name}" if self.point.dist else "its package"
        return f"the fault is in {package}: mend or remove that; --debug shows where"

    def broken(self, what: str) -> EvaluatorError:
        """The error of a plugin that does not do what its protocol says."""
        return EvaluatorError(f"{self}: {what}", hint=self.whose_fault)

    @contextmanager
    def running(self, call: str) -> Generator[None]:
        """Whatever the plugin's code raises in the block, ``SystemExit`` included, is its fault.

        Errors that were raised on purpose pass, and so do those of the disk and of repositories,
        which it may have come upon.

        Raises:
            EvaluatorError: it raised something else.
        """
        try:
            yield
        except (EvoGitError, OSError):
            raise
        except (Exception, SystemExit) as error:  # a stranger's code
            if type(error).__module__ == _LIBGIT2:
                raise
            raise self.broken(f"{call} raised {described(error)}") from error


def described(error: BaseException) -> str:
    """An exception in one line: its class, and its text if it has any."""
    return clean_line(f"{type(error).__name__}: {error}".removesuffix(": "), 500)


def _noun(group: Group) -> str:
    return _ONE.get(group, group.removeprefix("evogit.").removesuffix("s"))
