"""The spec: goal, evaluator, gates, protected files and budgets, one commit per version.

The evaluator is pinned as a tree: its files, the files laid over every candidate, and the part of
the settings that decides a score. Two specs with the same evaluator tree give comparable scores.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pygit2.enums import SortMode

from evogit.config.load import dump, parse
from evogit.config.model import Settings
from evogit.errors import ConfigError, NotFoundError
from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, FILE, Entry
from evogit.ids import SPEC_REF, CommitId, TreeId
from evogit.paths import matches
from evogit.text import clean_line

SETTINGS: Final = "evogit.toml"
_EVALUATOR: Final = "evaluator"


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file of the evaluator, to be laid out at ``/eval``."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """One version of the spec as read from the repository."""

    commit: CommitId
    tree: TreeId
    settings: Settings
    evaluator: TreeId
    """Tree with ``judge.json``, ``run/``, ``score/`` and ``protected/``; part of the cache key."""


def write_spec(
    git: GitRepository,
    settings: Settings,
    *,
    base: TreeId,
    files: Mapping[str, PinnedFile],
    author: str,
    time: int,
    subject: str,
) -> Spec:
    """Append a version of the spec; durable on return.

    Args:
        git: the swarm repository.
        settings: what ``evogit.toml`` says.
        base: tree of the base commit, where protected files are taken from.
        files: the evaluator's files by path, starting with ``run/`` or ``score/``.
        author: who decided it.
        time: seconds since 1970.
        subject: what changed.

    Raises:
        ConflictError: somebody else wrote a version at the same time.
    """
    entries = [(SETTINGS, Entry(FILE, git.write_blob(dump(settings).encode())))]
    entries.append((f"{_EVALUATOR}/judge.json", Entry(FILE, git.write_blob(_judge(settings)))))
    for path, file in files.items():
        mode = EXECUTABLE if file.executable else FILE
        entries.append((f"{_EVALUATOR}/{path}", Entry(mode, git.write_blob(file.data))))
    for path, entry in git.files(base).items():
        if entry.mode in (FILE, EXECUTABLE) and matches(path, settings.search.protected):
            entries.append((f"{_EVALUATOR}/protected/{path}", entry))
    tree = git.build_tree(entries)
    old = git.ref(SPEC_REF)
    commit = git.write_commit(
        tree, [old] if old else [], f"spec: {clean_line(subject)}\n", author=author, time=time
    )
    git.move_ref(SPEC_REF, old=old, new=commit)
    return read_spec(git, commit)


def _judge(settings: Settings) -> bytes:
    """What decides a score, and nothing else: a new goal text alone is no new evaluator."""
    # Defaults are left out, so that a key that a later version adds makes no new evaluator.
    decides = settings.evaluate.model_dump(mode="json", exclude_defaults=True)
    asked = settings.asked_models()
    if asked:
        decides["asked"] = {model.name: model.model for model in asked}
    return json.dumps(decides, sort_keys=True, indent=1).encode()


def read_spec(git: GitRepository, commit: CommitId | None = None) -> Spec:
    """The newest version of the spec, or the one at ``commit``.

    Raises:
        NotFoundError: the repository has no spec: it is no swarm repository; or the version is no
            commit, or pins no evaluator.
        ConfigError: the version was written by something else and does not parse.
    """
    found = commit or git.ref(SPEC_REF)
    if found is None:
        raise NotFoundError(f"{git.path} holds no spec", hint="run evogit init first")
    tree = git.commit(found).tree
    files = git.files(tree)
    if SETTINGS not in files:
        raise ConfigError(
            f"spec {found[:12]} holds no {SETTINGS}",
            hint=f"go back: git --git-dir={git.path} update-ref {SPEC_REF} <an older version>",
        )
    settings = parse(
        git.read_blob(files[SETTINGS].blob).decode("utf-8", "replace"), f"spec {found[:12]}"
    )
    return Spec(found, tree, settings, git.subtree(tree, _EVALUATOR))


def spec_versions(git: GitRepository) -> list[CommitId]:
    """All versions, newest first; of two that were joined both."""
    tip = git.ref(SPEC_REF)
    order = SortMode.TOPOLOGICAL | SortMode.TIME
    return [] if tip is None else [CommitId(str(c.id)) for c in git.handle.walk(tip, order)]
