"""The container sandbox for every test that wants it: an image made of this machine's own Python."""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest

from evogit.sandbox.base import Runtime, Sandbox
from evogit.sandbox.container import ContainerSandbox

# How long an example takes says something about the machine and nothing about the claim.
hypothesis.settings.register_profile("evogit", deadline=None)
hypothesis.settings.load_profile("evogit")

_PROGRAMS: Final = (
    *("sh", "cat", "chmod", "cp", "dd", "echo", "env", "grep", "head", "id", "kill", "ln", "ls"),
    *("mkdir", "mv", "printf", "ps", "rm", "sleep", "sort", "tail", "touch", "true", "yes"),
)
_LEFT_OUT: Final = frozenset(
    {"test", "idlelib", "tkinter", "ensurepip", "lib2to3", "turtledemo", "site-packages"}
)
_FOLDERS: Final = ("tmp", "run", "proc", "dev", "sys", "etc")


@pytest.fixture(scope="session")
def engine_image() -> str:
    """The name of an image with ``python3`` and a few programs, on an engine that answers.

    Start an engine with ``scripts/engine start`` and export the DOCKER_HOST it prints.
    """
    import docker

    missing = ContainerSandbox(Runtime(Path(sys.executable))).probe().reason
    if "no container engine" in missing or "permission" in missing:
        pytest.skip(f"{missing} (scripts/engine start)")
    version = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode()).hexdigest()[:12]
    name = f"evogit-test:{version}"
    engine: Any = docker.from_env()
    try:
        # Sessions and workers of one may get here at the same time; one is enough to make it.
        with Path(tempfile.gettempdir(), "evogit-test-image.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not engine.images.list(name=name):
                made = engine.api.import_image_from_data(_root(), changes=["ENV LANG=C.UTF-8"])
                # Podman takes no name for what it imports.
                engine.api.tag(json.loads(made)["status"], "evogit-test", version)
    finally:
        engine.close()
    return name


@pytest.fixture(scope="session")
def container(engine_image: str) -> Iterator[Sandbox]:
    """A container sandbox that was found to work."""
    sandbox = ContainerSandbox(Runtime(Path(sys.executable)), image=engine_image)
    probe = sandbox.probe()
    if not probe.works:
        pytest.skip(f"the container engine does not work here: {probe.reason}")
    yield sandbox
    sandbox.close()


def _root() -> bytes:
    """An image's file system, as a tar archive."""
    library = Path(importlib.import_module("os").__file__ or "").parent
    python = Path(sys.base_prefix, "bin", library.name)
    programs = {f"bin/{name}": Path(found) for name in _PROGRAMS if (found := shutil.which(name))}
    programs["usr/local/bin/python3"] = python
    extensions = (library / "lib-dynload").glob("*.so")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", dereference=True) as archive:
        for name, path in programs.items():
            archive.add(path, name)
        for path in _libraries([*programs.values(), *extensions]):
            archive.add(path, str(path).lstrip("/"))
        archive.add(library, f"usr/local/lib/{library.name}", filter=_wanted)
        for folder in _FOLDERS:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
    return data.getvalue()


def _libraries(programs: Iterable[Path]) -> list[Path]:
    listed = subprocess.run(
        ["ldd", *map(str, programs)], capture_output=True, text=True, check=False
    )
    words = {word for word in listed.stdout.split() if word.startswith("/")}
    return sorted(Path(word) for word in words if not word.endswith(":"))


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(entry.name).name
    if name in _LEFT_OUT or name.startswith("config-") or ".opt-" in name:
        return None
    entry.mode |= 0o555 if entry.isdir() else 0o444
    return entry
