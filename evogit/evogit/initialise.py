"""Making a swarm: from an existing repository, or from a library problem into a new folder."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from itertools import count
from pathlib import Path
from typing import Final

import pygit2

from evogit.config.load import load, parse
from evogit.config.model import Settings
from evogit.errors import ConfigError, PreconditionError
from evogit.git.repository import isolate_libgit2
from evogit.git.trees import MAX_BLOB_BYTES
from evogit.ids import CommitId
from evogit.plugins import Plugin, find
from evogit.source import Source, find_source
from evogit.swarm.identity import holders
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile, write_spec

_SEED_TIME: Final = 1_700_000_000
"""Commit date of every problem's seed: fixed, so that the same problem gives the same base."""
_IGNORED: Final = frozenset({"__pycache__", ".DS_Store"})
_MAX_FILES: Final = 2000
_APPLIED: Final = "evogit.applied"
"""Our own git configuration key: what the newest spec was made from, a fingerprint of each section."""
_MADE_FROM: Final = "evogit.config"
"""And the name of the file that the swarm was made from, from the repository's top."""
_FILES: Final = "files"
"""What stands for the pinned files among the sections."""


def init_repository(
    source: Source,
    config: Path,
    *,
    base: str = "HEAD",
    author: str,
    settings: Settings | None = None,
) -> Swarm:
    """Make the swarm of an existing repository. Nothing but ``<git dir>/evogit`` is written.

    Args:
        source: the user's repository.
        config: its evogit.toml (or pyproject.toml).
        base: revision evolution starts from.
        author: who made it, a valid name.
        settings: what ``config`` says, with a person's own defaults and overrides; ``None``: without.

    Raises:
        ConfigError: the configuration, or a file it names, is missing or wrong.
        NotFoundError: ``base`` names no commit.
        ConflictError: there is a swarm already.
        GitError: the history could not be read.
    """
    settings = settings or load(config)
    pinned = _pin(settings, source, config)
    swarm = create_swarm(
        source.swarm, source, source.resolve(base), settings, pinned, author=author
    )
    swarm.configure(_APPLIED, _in_one_line(_fingerprints(settings, pinned)))
    top = (source.work_tree or source.common_dir).resolve()
    if config.resolve().is_relative_to(top):
        swarm.configure(_MADE_FROM, config.resolve().relative_to(top).as_posix())
    return swarm


def made_from(swarm: Swarm, source: Source) -> Path | None:
    """The configuration that ``swarm`` was made from; ``None`` if it is not there any more."""
    name = swarm.setting(_MADE_FROM)
    path = (source.work_tree or source.common_dir) / name
    return path if name and path.is_file() else None


def follow_config(
    swarm: Swarm,
    source: Source,
    config: Path,
    *,
    author: str,
    time: int,
    settings: Settings | None = None,
) -> str:
    """Make a new version of the spec if the configuration or a pinned file changed since the last one.

    Only sections that changed there are taken over: a goal or budget that was decided elsewhere stays
    until the configuration says something else about it. Nothing is executed; changed commands still
    need consent before they run. Says what changed, in words; empty if there is no new version.

    Args:
        swarm: whose spec.
        source: the user's repository.
        config: its evogit.toml.
        author: who makes the version.
        time: of it, seconds since 1970.
        settings: what ``config`` says, with a person's own defaults and overrides; ``None``: without.

    Raises:
        ConfigError: the configuration, or a file it names, is missing or wrong.
        ConflictError: somebody else wrote a version at the same moment.
    """
    settings = settings or load(config)
    pinned = _pin(settings, source, config)
    now, before = _fingerprints(settings, pinned), _as_applied(swarm)
    changed = [name for name in now if now[name] != before.get(name)]
    if not changed:
        return ""
    current = swarm.spec().settings
    kept = {name: getattr(current, name) for name in now if name not in {*changed, _FILES}}
    subject = _changes(changed, config)
    base = swarm.git.commit(swarm.base).tree
    write_spec(
        swarm.git,
        settings.model_copy(update=kept),
        base=base,
        files=pinned,
        author=author,
        time=time,
        subject=subject,
    )
    swarm.configure(_APPLIED, _in_one_line(now))
    return subject


def take_over_again(swarm: Swarm, section: str) -> None:
    """Let the next ``follow_config`` take over a section, whatever was decided elsewhere since."""
    applied = _as_applied(swarm)
    if applied.pop(section, None):
        swarm.configure(_APPLIED, _in_one_line(applied))


def _changes(changed: list[str], config: Path) -> str:
    sections = [name for name in changed if name != _FILES]
    parts = [f"{', '.join(sections)} of {config.name}"] if sections else []
    parts += ["files of the evaluator"] if _FILES in changed else []
    return f"{' and '.join(parts)} changed"


def _pin(settings: Settings, source: Source, config: Path) -> dict[str, PinnedFile]:
    hidden = config.resolve().is_relative_to(source.common_dir)
    return pin_files(settings, source.work_tree if hidden and source.work_tree else config.parent)


def _fingerprints(settings: Settings, pinned: Mapping[str, PinnedFile]) -> dict[str, str]:
    texts = {name: settings.model_dump_json(include={name}) for name in Settings.model_fields}
    texts[_FILES] = "".join(
        f"{path} {pinned[path].executable} {hashlib.sha256(pinned[path].data).hexdigest()}\n"
        for path in sorted(pinned)
    )
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in texts.items()}


def _in_one_line(fingerprints: Mapping[str, str]) -> str:
    return " ".join(f"{name}={digest}" for name, digest in fingerprints.items())


def _as_applied(swarm: Swarm) -> dict[str, str]:
    words = (swarm.setting(_APPLIED) or "").split()
    return dict(word.split("=", 1) for word in words if "=" in word)


def init_problem(name: str, folder: Path, *, author: str) -> Swarm:
    """Make a new folder, an ordinary git repository with a library problem's seed, and its swarm.

    The folder also gets ``evogit.toml`` and ``evaluator/``, which git is told to ignore. Evaluator
    files that the problem names and has not come from the package that holds the problem's.

    Raises:
        ConfigError: the problem's problem.toml, or a file it names, is missing or wrong.
        NotFoundError: there is no such problem.
        PreconditionError: the folder exists and is not empty.
    """
    point = find("evogit.problems", name)
    module = point.module
    try:
        problem = package_files(module)
    except (ImportError, TypeError) as error:
        plugin = Plugin("evogit.problems", point)
        raise ConfigError(f"{plugin} is no package: {error}", hint=plugin.whose_fault) from error
    beside = {f"evaluator/{path}": data for path, data in _contents(problem / "evaluator")}
    beside["evogit.toml"] = (problem / "problem.toml").read_bytes()
    beside |= _shared(parse(beside["evogit.toml"]), beside, module)
    return init_folder(name, folder, dict(_contents(problem / "seed")), beside, author=author)


def init_folder(
    name: str,
    folder: Path,
    seed: Mapping[str, bytes],
    beside: Mapping[str, bytes],
    *,
    author: str,
) -> Swarm:
    """Make a new folder, an ordinary git repository with one commit, and its swarm.

    Args:
        name: of the problem, for the commit's message.
        folder: where; made if it is not there.
        seed: the files of the first individual, by path.
        beside: files that no individual has and git is told to ignore; ``evogit.toml`` is one.
        author: who made it, a valid name.

    Raises:
        ConfigError: evogit.toml, or a file it names, is missing or wrong.
        PreconditionError: the folder exists and is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PreconditionError(f"{folder} is not empty", hint="name another folder")
    parse(beside["evogit.toml"])  # before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in seed.items():
        _place(folder / path, data)
    _commit_seed(folder, name)
    for path, data in beside.items():
        _place(folder / path, data)
    exclude = folder / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    tops = {f"/{path}" if "/" not in path else f"/{path.partition('/')[0]}/" for path in beside}
    exclude.write_text("".join(f"{top}\n" for top in sorted(tops)))
    return init_repository(find_source(folder), folder / "evogit.toml", author=author)


def _shared(settings: Settings, own: Mapping[str, bytes], module: str) -> dict[str, bytes]:
    """Evaluator files that a problem names and has not, from the package around it.

    So problems of one package can have one scorer; a file that is nowhere is reported when it is pinned.
    """
    around = module.rpartition(".")[0]
    found: dict[str, bytes] = {}
    for name in (*settings.evaluate.files.run, *settings.evaluate.files.score):
        if around and name not in own and (shared := package_files(around) / name).is_file():
            found[name] = shared.read_bytes()
    return found


def _commit_seed(folder: Path, name: str) -> CommitId:
    isolate_libgit2()
    repository = pygit2.init_repository(str(folder), initial_head="main")
    repository.index.add_all()
    repository.index.write()
    who = pygit2.Signature("EvoGit", "evogit@localhost", _SEED_TIME, 0)
    tree = repository.index.write_tree()
    made = repository.create_commit("refs/heads/main", who, who, f"{name}: seed\n", tree, [])
    return CommitId(str(made))


def _place(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _contents(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():  # all of a problem's evaluator may be shared
        return
    for item in sorted(folder.iterdir(), key=lambda found: found.name):
        if item.name in _IGNORED:
            continue
        if item.is_dir():
            yield from _contents(item, f"{prefix}{item.name}/")
        else:
            yield prefix + item.name, item.read_bytes()


def pin_files(settings: Settings, root: Path) -> dict[str, PinnedFile]:
    """The evaluator's files by their path in the spec: ``run/<name>`` and ``score/<name>``.

    A file lands at ``/eval/<its name>``, a folder at ``/eval/<its name>/...``.

    Raises:
        ConfigError: a file is missing, lies outside ``root``, is a link or special, or is too large.
    """
    chosen = settings.evaluate.files
    return _pinned(chosen.run, "run", root) | _pinned(chosen.score, "score", root)


def _pinned(names: Sequence[str], part: str, root: Path) -> dict[str, PinnedFile]:
    found: dict[str, PinnedFile] = {}
    for name in names:
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()):
            raise ConfigError(f"evaluate.files names {name!r}, which lies outside {root}")
        if not path.exists():
            raise ConfigError(
                f"evaluate.files names {name!r}, which is not in {root}", hint="correct evogit.toml"
            )
        inner = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inner[: _MAX_FILES + 1]:
            if not file.is_file() or _IGNORED & set(file.parts):
                continue
            if file.is_symlink():
                raise ConfigError(f"evaluate.files: {file} is a link", hint="name files themselves")
            inside = f"{part}/{file.relative_to(path.parent).as_posix()}"
            if inside in found:
                raise ConfigError(
                    f"evaluate.files: two files would be /eval/{inside.partition('/')[2]}",
                    hint="each lands under its own name, without the folders above it: rename one",
                )
            found[inside] = _read(file)
    if len(found) > _MAX_FILES:
        raise ConfigError(f"evaluate.files pins more than {_MAX_FILES} files")
    return found


def _read(file: Path) -> PinnedFile:
    if file.stat().st_size > MAX_BLOB_BYTES:
        raise ConfigError(f"{file} is larger than {MAX_BLOB_BYTES // 2**20} MiB", hint="pin less")
    return PinnedFile(file.read_bytes(), executable=bool(file.stat().st_mode & 0o100))


def set_aside(swarm: Path) -> Path:
    """Move a swarm repository, with all that is in it, to a free name beside it; returns that.

    Args:
        swarm: its folder, ``.../swarm.git``; becomes ``.../swarm-1.git`` or the next free number.

    Raises:
        PreconditionError: a worker runs on it, or the folder can not be moved.
    """
    held = holders(swarm)
    if held:
        raise PreconditionError(
            f"{', '.join(held)} runs on the swarm {swarm}", hint="stop it first: evogit stop"
        )
    beside = (swarm.with_name(f"{swarm.stem}-{number}.git") for number in count(1))
    target = next(path for path in beside if not path.exists())
    try:
        return swarm.rename(target)
    except OSError as error:
        raise PreconditionError(f"{swarm} can not be moved to {target}: {error}") from error


def discard(swarm: Path) -> None:
    """Remove a swarm repository, and only that: the folder must be named so and be one.

    Raises:
        PreconditionError: the folder is not a swarm repository.
    """
    bare = (swarm / "HEAD").is_file() and (swarm / "objects").is_dir()
    if swarm.name != "swarm.git" or not bare or swarm.is_symlink():
        raise PreconditionError(f"{swarm} is not a swarm repository; nothing was removed")
    shutil.rmtree(swarm)
