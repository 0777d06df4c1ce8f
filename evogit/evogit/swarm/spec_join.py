"""One spec out of two that were changed at the same time, the same on every host that makes it.

A spec has parts: how individuals are judged, the goal, each key of ``[search]``, ``[budget]`` and
``[quarantine]``, and each other table as a whole. What one side changed holds. What both changed
differently is disputed: there the version written later counts, by (commit date, id). How
individuals are judged is one part with its files, so that joining never makes a third evaluator,
whose scores nobody has. Both versions stay in the history, as parents of the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, cast

from pygit2.enums import SortMode

from evogit.config.load import dump, parse
from evogit.config.model import Goal, Settings
from evogit.config.values import Model
from evogit.errors import ConfigError, EvoGitError, GitError, NotFoundError, PreconditionError
from evogit.git.program import run_git
from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import CommitId, TreeId
from evogit.swarm.spec import SETTINGS, Spec, read_spec
from evogit.text import clean_line

_AUTHOR: Final = "evogit"
_BY_KEY: Final = ("search", "budget", "quarantine")
_JUDGING: Final = "evaluate"
_STRATEGY: Final = "search.strategy"
_MAX_VERSIONS: Final = 200
"""Versions of one side that are looked at for who changed what; of more, the newest speaks for all."""

_Parts = Mapping[str, object]
_Stamp = tuple[int, CommitId]


@dataclass(frozen=True, slots=True)
class Joined:
    """A version with two parents. ``disputed`` says of each such part which parent's counts."""

    commit: CommitId
    disputed: Mapping[str, CommitId]


def join_specs(git: GitRepository, one: CommitId, other: CommitId) -> Joined:
    """Write the version that joins two; no ref moves. The order of the two does not matter.

    Raises:
        NotFoundError: they have no version in common.
        ConfigError: one of them, or what they have in common, can not be read.
    """
    older, newer = sorted((one, other), key=lambda tip: _stamp(git, tip))
    base = read_spec(git, _common(git, older, newer))
    specs = read_spec(git, newer), read_spec(git, older)
    written = _written(git, newer, older), _written(git, older, newer)

    def is_newer(part: str) -> bool:
        return written[0](part) > written[1](part)

    parts, disputed = _merge(base, *specs, is_newer)
    try:
        tree = _tree(git, parts, specs)
    except ConfigError:  # the parts do not go together
        tree = specs[0].tree
        disputed = dict.fromkeys(changed_parts(specs[1], specs[0]), True)
    counts = {part: newer if first else older for part, first in disputed.items()}
    time = git.commit(newer).time
    message = _message(newer, older, counts)
    commit = git.write_commit(tree, [newer, older], message, author=_AUTHOR, time=time)
    return Joined(commit, counts)


def repeat_change(git: GitRepository, now: CommitId, old: CommitId, new: CommitId) -> TreeId:
    """The content of ``now`` with what changed from ``old`` to ``new``.

    Raises:
        PreconditionError: a part of it was changed otherwise meanwhile, or does not go with the rest.
        ConfigError: one of the versions can not be read.
    """
    current, before, after = (read_spec(git, version) for version in (now, old, new))
    if current.tree == before.tree:
        return after.tree
    parts, disputed = _merge(before, current, after, lambda _: True)
    if disputed:
        raise PreconditionError(
            f"{', '.join(disputed)} of the spec was changed since",
            hint="undo the later change first, or decide anew",
        )
    try:
        return _tree(git, parts, (current, after))
    except ConfigError as error:
        raise PreconditionError(f"the rest of the spec does not allow it: {error}") from error


def changed_parts(old: Spec, new: Spec) -> tuple[str, ...]:
    """The parts in which two versions differ."""
    before, after = _parts(old), _parts(new)
    return tuple(part for part, value in after.items() if before[part] != value)


def changes_in_words(old: Spec, new: Spec) -> tuple[str, ...]:
    """The same, with both values of what is short enough to be read in a line."""
    before, after = _parts(old), _parts(new)
    return tuple(
        f"{part} {_shown(before[part])} -> {_shown(after[part])}"
        if _is_short(after[part])
        else part
        for part in changed_parts(old, new)
    )


def _is_short(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, Goal))


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    said = value.text if isinstance(value, Goal) else value
    return repr(clean_line(said, 80)) if isinstance(said, str) else str(said).lower()


def _merge(
    base: Spec, ours: Spec, theirs: Spec, choose_ours: Callable[[str], bool]
) -> tuple[_Parts, dict[str, bool]]:
    """The parts of both, and for those that are disputed whether ours was chosen."""
    before, here, there = _parts(base), _parts(ours), _parts(theirs)
    disputed = {
        part: choose_ours(part)
        for part, value in here.items()
        if before[part] not in (value, there[part]) and value != there[part]
    }
    merged = {
        part: value if disputed.get(part, there[part] == before[part]) else there[part]
        for part, value in here.items()
    }
    return merged, disputed


def _parts(spec: Spec) -> _Parts:
    settings = spec.settings
    found: dict[str, object] = {
        name: getattr(settings, name)
        for name in Settings.model_fields
        if name not in (*_BY_KEY, _JUDGING)
    }
    for table in _BY_KEY:
        section = cast("Model", getattr(settings, table))
        keys = type(section).model_fields
        found |= {f"{table}.{key}": getattr(section, key) for key in keys}
    # What makes sense together alone is one part.
    found[_JUDGING] = (settings.evaluate, found.pop("search.protected"), spec.evaluator)
    found[_STRATEGY] = (found[_STRATEGY], found.pop("search.options"))
    return found


def _tree(git: GitRepository, parts: _Parts, specs: Sequence[Spec]) -> TreeId:
    """The content that has these parts; the first of ``specs`` that says the same is taken as it is.

    Raises:
        ConfigError: they do not go together.
    """
    judging = next(spec for spec in specs if _parts(spec)[_JUDGING] == parts[_JUDGING])
    settings = _settings(judging.settings, parts)
    for spec in specs:
        if spec.settings == settings and spec.evaluator == judging.evaluator:
            return spec.tree
    if _asked(settings) != _asked(judging.settings):
        raise ConfigError("the evaluator asks another model")
    blob = git.write_blob(dump(settings).encode())
    return git.change_tree(judging.tree, {SETTINGS: Change(blob)})


def _settings(judging: Settings, parts: _Parts) -> Settings:
    """``judging`` with all other parts replaced, checked as if read from a file."""
    plain = {name: value for name, value in parts.items() if name != _JUDGING}
    plain[_STRATEGY], plain["search.options"] = cast("tuple[object, object]", plain[_STRATEGY])
    update = {name: value for name, value in plain.items() if "." not in name}
    for table in _BY_KEY:
        start = f"{table}."
        keys = {name.removeprefix(start): v for name, v in plain.items() if name.startswith(start)}
        update[table] = getattr(judging, table).model_copy(update=keys)
    return parse(dump(judging.model_copy(update=update)), "the joined spec")


def _asked(settings: Settings) -> dict[str, str]:
    return {model.name: model.model for model in settings.asked_models()}


# ---------------------------------------------------------------------- who changed what, and when


def _common(git: GitRepository, older: CommitId, newer: CommitId) -> CommitId:
    """The newest version that both descend from."""
    try:
        out = run_git(git.path, "merge-base", "--all", older, newer)
    except GitError as error:
        if error.status != 1:
            raise
        raise NotFoundError(
            f"specs {older[:12]} and {newer[:12]} have no version in common"
        ) from error
    return max((CommitId(line) for line in out.decode().split()), key=lambda c: _stamp(git, c))


def _written(git: GitRepository, tip: CommitId, other: CommitId) -> Callable[[str], _Stamp]:
    """When a part was last written in the versions up to ``tip`` that ``other`` does not have."""
    walk = git.handle.walk(tip, SortMode.TOPOLOGICAL)
    walk.hide(other)
    versions = [CommitId(str(commit.id)) for commit in islice(walk, _MAX_VERSIONS + 1)]
    last: dict[str, _Stamp] = {}
    for version in versions if len(versions) <= _MAX_VERSIONS else ():
        stamp = _stamp(git, version)
        for part in _written_by(git, version):
            last[part] = max(stamp, last.get(part, stamp))
    return lambda part: last.get(part, _stamp(git, tip))


def _written_by(git: GitRepository, version: CommitId) -> list[str]:
    """What a version says that none of its parents says."""
    try:
        parts = _parts(read_spec(git, version))
        before = [_parts(read_spec(git, parent)) for parent in git.commit(version).parents]
    except EvoGitError:  # somebody's detour, corrected since: nothing of it can be told
        return []
    return [part for part, value in parts.items() if all(b[part] != value for b in before)]


def _stamp(git: GitRepository, version: CommitId) -> _Stamp:
    return git.commit(version).time, version


def _message(newer: CommitId, older: CommitId, counts: Mapping[str, CommitId]) -> str:
    lines = "".join(f"{part}: as in {version[:12]}\n" for part, version in counts.items())
    return f"spec: joined {newer[:12]} and {older[:12]}\n\n{lines}"
