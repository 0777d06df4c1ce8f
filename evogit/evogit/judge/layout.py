"""The pinned evaluator on disk, and candidates with protected files laid over them."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, Change, changed
from evogit.ids import TreeId
from evogit.paths import matches
from evogit.swarm.spec import Spec


def lay_out(git: GitRepository, evaluator: TreeId, cache: Path) -> Path:
    """The evaluator's files below ``cache/<evaluator>/{run,score}``, written once.

    Built aside and renamed, so that several workers may ask at the same time.

    Raises:
        OSError: the disk refused.
    """
    final = cache / evaluator
    if final.exists():
        return final
    cache.mkdir(parents=True, exist_ok=True)
    building = Path(mkdtemp(prefix=f"{evaluator}.", dir=cache))
    building.chmod(0o755)
    for part in ("run", "score"):
        (building / part).mkdir()
    for path, entry in git.files(evaluator).items():
        if path.startswith(("run/", "score/")):
            target = building / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(git.read_blob(entry.blob))
            target.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)
    try:
        building.rename(final)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        if not final.exists():
            raise
    return final


def with_protected(git: GitRepository, spec: Spec, base: TreeId, tree: TreeId) -> TreeId:
    """``tree`` with the protected files as ``base`` has them, and no others of their names.

    Whatever a candidate did to tests or configuration, this is what gets judged. The spec's
    evaluator holds the same files, so its id pins them.
    """
    patterns = spec.settings.search.protected
    if not patterns:
        return tree
    touched = [path for path in changed(git.handle, base, tree) if matches(path, patterns)]
    if not touched:
        return tree
    pinned = git.files(base)
    changes: dict[str, Change | None] = {}
    for path in touched:
        entry = pinned.get(path)
        changes[path] = entry and Change(entry.blob, executable=entry.mode == EXECUTABLE)
    return git.change_tree(tree, changes)
