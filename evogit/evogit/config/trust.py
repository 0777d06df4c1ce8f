"""Consent to run what a repository asks to be run, by the hash of what was shown.

A repository is other people's text until its reader agreed to its commands. ``digest`` names all
of them; a ``TrustStore`` remembers which digests were agreed to, for which repository. Any change
of a command is another digest, which nobody has agreed to yet.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from evogit.config.model import Settings, Stage
from evogit.config.models import LanguageModel
from evogit.errors import PreconditionError
from evogit.files import PRIVATE, replacing
from evogit.text import clean_line

_KEPT: Final = 50
"""Digests remembered per repository; switching between branches should not ask again."""

_UNNAMED: Final = Stage.model_fields["name"].default
_MAX_BYTES: Final = 4 * 2**20


def commands(settings: Settings) -> list[str]:
    r"""All that consent is about, one printable line each, for a human to agree to.

    Every command the settings would run, and what decides what a command does: its variables, the
    folders it is shown, the evaluator's and lock files, the sandbox. Nothing is cut or left out:
    what can not be printed is shown as an escape such as ``\x1b``.
    """
    evaluate = settings.evaluate
    lines = [*_surroundings(settings), *_shown(settings)]
    lines += [(f"gate {gate.name}", gate.command) for gate in evaluate.gates]
    for stage in evaluate.stages:
        lines += _of_stage(f"stage {stage.name}", stage)
    if evaluate.holdout is not None:
        name = evaluate.holdout.name
        lines += _of_stage("hold-out" if name == _UNNAMED else f"hold-out {name}", evaluate.holdout)
    for model in settings.models:
        lines.append((f"model {model.name}", _endpoint(model)))
    tools = [kind for kind in settings.search.agents if kind.startswith("command:")]
    lines += [("coding agent", (tool,)) for tool in tools]
    return [f"{_visible(label)}: {_visible(shlex.join(argv))}" for label, argv in lines]


_Line = tuple[str, tuple[str, ...]]


def _surroundings(settings: Settings) -> list[_Line]:
    """What is built or chosen before anything is run."""
    lines: list[_Line] = []
    environment, sandbox = settings.environment, settings.sandbox
    if environment.setup is not None:
        lines.append(("set-up, outside the sandbox, with network", environment.setup))
    if sandbox.dockerfile is not None:
        build = ("docker", "build", "--file", sandbox.dockerfile)
        lines.append(("image, outside the sandbox, with network", build))
    if environment.lock:
        lines.append(("files the set-up or image is built from", environment.lock))
    if environment.python is not None:
        lines.append(("interpreter", (environment.python,)))
    if sandbox.kind != "auto":
        nothing = ", which protects nothing" if sandbox.kind == "process" else ""
        lines.append((f"sandbox{nothing}", (sandbox.kind,)))
    if sandbox.image is not None:
        lines.append(("image", (sandbox.image,)))
    return lines


def _shown(settings: Settings) -> list[_Line]:
    """What each command finds besides the candidate."""
    environment, files = settings.environment, settings.evaluate.files
    lines: list[_Line] = [
        (f"variable {name} of every command", (value,))
        for name, value in environment.variables.items()
    ]
    if environment.paths:
        lines.append(("folders every command may read", environment.paths))
    if files.run:
        lines.append(("evaluator's files, beside the candidate", files.run))
    if files.score:
        lines.append(("evaluator's files, of the scorer", files.score))
    return lines


def _endpoint(model: LanguageModel) -> tuple[str, ...]:
    """Where prompts go, and which key with them."""
    address = (model.model, *(["at", model.base_url] if model.base_url else []))
    return (*address, *(["with", f"${model.key}"] if model.key else []))


def digest(settings: Settings, evaluator_files_digest: str) -> str:
    """What consent is about, as 64 hexadecimal digits.

    Covers every command, the set-up, the interpreter, the variables, what the sandbox shows, and
    the evaluator's files, where models are asked and coding agents; not the goal or budget.

    Args:
        settings: the settings whose commands would run.
        evaluator_files_digest: a digest of the content of ``[evaluate.files]``, of the ``lock``
            files, which decide what the set-up installs, and of the Dockerfile.
    """
    evaluate, environment = settings.evaluate, settings.environment
    stages = [(s.name, s.run, s.score, s.preload) for s in evaluate.stages]
    held = evaluate.holdout
    agreed: dict[str, object] = {
        "v": 1,
        "stages": stages,
        "holdout": None if held is None else (held.name, held.run, held.score, held.preload),
        "gates": [(gate.name, gate.command) for gate in evaluate.gates],
        "files": (evaluate.files.run, evaluate.files.score),
        "environment": environment.model_dump(mode="json"),
        "sandbox": settings.sandbox.model_dump(mode="json"),
        "content": evaluator_files_digest,
    }
    # What is not used is not mentioned: consent that was given before it existed stays good.
    if settings.models:
        agreed["models"] = [(m.name, _endpoint(m)) for m in settings.models]
    tools = [kind for kind in settings.search.agents if kind.startswith("command:")]
    if tools:
        agreed["tools"] = tools
    text = json.dumps(agreed, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class TrustStore:
    """The digests a user agreed to, in one JSON file that only this user may read or write.

    Changes are atomic and serialised by a lock beside the file. A file that somebody else could
    have written, or that can not be read, gives no consent: it is an error.

    Args:
        path: the file; it and its folder are made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_trusted(self, repository: Path, digest: str) -> bool:
        """Whether ``digest`` was agreed to for ``repository``.

        Raises:
            PreconditionError: the file is damaged or open to other users.
        """
        return digest in self._read().get(_key(repository), [])

    def trust(self, repository: Path, digest: str) -> None:
        """Remember consent. Durable when it returns.

        Raises:
            PreconditionError: the file is damaged, open to other users, or can not be written.
        """
        with self._locked():
            known = self._read()
            earlier = [d for d in known.get(_key(repository), []) if d != digest]
            known[_key(repository)] = [*earlier, digest][-_KEPT:]
            self._write(known)

    def revoke(self, repository: Path) -> bool:
        """Forget every consent for ``repository``; whether there was any.

        Raises:
            PreconditionError: the file is damaged, open to other users, or can not be written.
        """
        with self._locked():
            known = self._read()
            found = known.pop(_key(repository), None)
            if found is not None:
                self._write(known)
            return found is not None

    @contextmanager
    def _locked(self) -> Generator[None]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            lock = os.open(self.path.with_name(self.path.name + ".lock"), flags, 0o600)
        except OSError as error:
            raise self._unusable(f"can not be written: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> dict[str, list[str]]:
        try:
            descriptor = os.open(
                self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            )
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(f"can not be read: {error.strerror}") from None
        with os.fdopen(descriptor, "rb") as stream:
            info = os.fstat(stream.fileno())
            if (
                not stat.S_ISREG(info.st_mode)
                or info.st_uid != os.geteuid()
                or info.st_mode & 0o022
            ):
                raise self._unusable("could have been written by somebody else")
            content = stream.read(_MAX_BYTES + 1)
        return self._parsed(content)

    def _parsed(self, content: bytes) -> dict[str, list[str]]:
        try:
            data: object = json.loads(content)
        except (ValueError, RecursionError):
            raise self._unusable("is damaged") from None
        trusted = cast("dict[str, object]", data).get("trusted") if isinstance(data, dict) else None
        if not isinstance(trusted, dict):
            raise self._unusable("is damaged")
        pairs = cast("dict[str, object]", trusted).items()
        return {
            key: [d for d in cast("list[object]", value) if isinstance(d, str)]
            for key, value in pairs
            if isinstance(value, list)
        }

    def _write(self, known: dict[str, list[str]]) -> None:
        content = json.dumps({"version": 1, "trusted": known}, indent=1, sort_keys=True)
        try:
            with replacing(self.path, mode=PRIVATE) as stream:
                stream.write(content.encode())
        except OSError as error:
            raise self._unusable(f"can not be written: {error.strerror}") from None

    def _unusable(self, what: str) -> PreconditionError:
        return PreconditionError(
            f"the file of trusted commands {clean_line(str(self.path))} {what}",
            hint="look at it, remove it, and run evogit trust again",
        )


def _of_stage(label: str, stage: Stage) -> list[_Line]:
    found = [(f"{label}, candidate", stage.run)]
    if not isinstance(stage.score, str):
        found.append((f"{label}, scorer", stage.score))
    if stage.preload:
        found.append((f"{label}, imported first", stage.preload))
    return found


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _key(repository: Path) -> str:
    # surrogateescape names (bytes that are no UTF-8) survive as JSON escapes
    return str(repository.resolve())
