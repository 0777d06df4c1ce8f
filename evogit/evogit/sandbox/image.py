"""The image containers start from: a named one, or one built from the user's Dockerfile.

A build runs the Dockerfile's commands with network, outside any sandbox, so it needs consent: the
Dockerfile and the files it may copy are part of what ``evogit trust`` is about. They are all it
sees of the repository. The engine keeps one image per content of these files.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import sys
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from evogit.errors import EvaluatorError
from evogit.sandbox.engine import explained
from evogit.text import clean, clean_line

BUILD_SECONDS: Final = 1800
_REPOSITORY: Final = "evogit-built"
_TAIL: Final = 1500


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """What an image is built from.

    Args:
        path: of the Dockerfile, one of ``files``.
        files: the build's whole context by path, the Dockerfile included.
    """

    path: str
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """64 hexadecimal digits: equal for equal content, on any host."""
        parts = [hashlib.sha256(self.path.encode()).hexdigest()]
        for path, content in sorted(self.files.items()):
            parts += [hashlib.sha256(x).hexdigest() for x in (path.encode(), content)]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Image:
    """An image the engine holds.

    Args:
        name: as given, or the tag of what was built.
        digest: of what it provides, for the environment's digest: the image's own id, which a
            registry keeps the same on all hosts, or that of the files it was built from.
        volumes: places it declares as writable volumes; they must be covered.
        podman: whether its engine is Podman, which knows fewer options of scratch space.
    """

    name: str
    digest: str
    volumes: tuple[str, ...]
    podman: bool = False


def default_name() -> str:
    """The official slim image of the Python version that runs EvoGit."""
    return f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"


def find(engine: Any, wanted: str | Dockerfile) -> Image:
    """The image, built if it is described by a Dockerfile that was not built here before.

    Nothing is pulled, except what the Dockerfile says.

    Raises:
        EvaluatorError: the engine lacks it, or the build fails; says what it printed.
    """
    if isinstance(wanted, str):
        with explained(wanted):
            return _image(engine, wanted, None)
    name = f"{_REPOSITORY}:{wanted.digest[:16]}"
    docker: Any = importlib.import_module("docker")
    try:
        return _image(engine, name, wanted.digest)
    except docker.errors.ImageNotFound:
        _build(engine, wanted, name)
    with explained(name):
        return _image(engine, name, wanted.digest)


def _image(engine: Any, name: str, digest: str | None) -> Image:
    found: dict[str, Any] = engine.api.inspect_image(name)
    config: dict[str, Any] = found.get("Config") or {}
    volumes = tuple(cast("dict[str, object]", config.get("Volumes") or {}))
    parts: list[dict[str, Any]] = engine.version().get("Components") or []
    podman = any("podman" in str(part.get("Name")).lower() for part in parts)
    return Image(name, digest or str(found["Id"]), volumes, podman)


def _build(engine: Any, wanted: Dockerfile, name: str) -> None:
    shown = clean_line(wanted.path, 200)
    hint = f"try it by hand: docker build -f {shown} ."
    with explained(name):
        lines = engine.api.build(
            fileobj=io.BytesIO(_context(wanted.files)),
            custom_context=True,
            dockerfile=wanted.path,
            tag=name,
            rm=True,
            forcerm=True,
            timeout=BUILD_SECONDS,
            decode=True,
        )
        failure, said = _follow(lines)
    if failure:
        raise EvaluatorError(
            f"the image of {shown} can not be built: {clean_line(failure, 300)}\n{said}", hint=hint
        )


def _follow(lines: Iterable[dict[str, Any]]) -> tuple[str, str]:
    """Why a build failed, empty if it did not; and the end of what it printed."""
    failure, said = "", ""
    for line in lines:
        failure = failure or str(line.get("error", ""))
        said = (said + str(line.get("stream", "")))[-_TAIL:]
    return failure, clean(said.strip(), _TAIL)


def _context(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return data.getvalue()
