"""The container engine: finding it, what its refusals mean, and clearing up after dead workers."""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from evogit.errors import EvaluatorError
from evogit.sandbox.tree import process
from evogit.text import clean_line

LABEL: Final = "evogit.sandbox"
"""On every container of ours; its value names the process it belongs to."""
_DEFAULT: Final = "unix:///var/run/docker.sock"
_DOCTOR: Final = "evogit doctor shows what works on this machine"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def connect() -> Any:
    """A client of the engine that DOCKER_HOST names, or of the usual one. It answered.

    Raises:
        EvaluatorError: nobody listens, we may not talk to it, or it does not speak Docker's API.
    """
    docker: Any = importlib.import_module("docker")
    where = docker.utils.kwargs_from_env()
    url = clean_line(str(where.get("base_url") or _DEFAULT), 200)
    try:
        _knock(url)
        return docker.DockerClient(**where)
    except PermissionError as error:
        raise EvaluatorError(
            f"no permission to use the container engine at {url}",
            hint="join the group that owns the socket (usually 'docker'; that makes you root), or "
            "run a rootless engine and point DOCKER_HOST at it",
        ) from error
    except (OSError, docker.errors.DockerException) as error:
        raise EvaluatorError(
            clean_line(f"no container engine answers at {url}: {error}", 400),
            hint="start Docker or a Podman service, or point DOCKER_HOST at one",
        ) from error


@contextmanager
def explained(image: str) -> Generator[None]:
    """Turn what the engine's library raises into an ``EvaluatorError`` that says what to do."""
    docker: Any = importlib.import_module("docker")
    try:
        yield
    except docker.errors.ImageNotFound as error:
        raise EvaluatorError(
            f"the container engine has no image {image}",
            hint=f"docker pull {image}, or set [sandbox] image or dockerfile",
        ) from error
    except (docker.errors.DockerException, OSError) as error:
        said = clean_line(str(getattr(error, "explanation", None) or error), 400)
        lacks_shell = "/bin/sh" in said and "no such file" in said
        raise EvaluatorError(
            f"the container engine refuses a container of {image}: {said}",
            hint="the image needs /bin/sh and cp" if lacks_shell else _DOCTOR,
        ) from error


def owner() -> str:
    """Names this process among all that ever used the engine."""
    here = process(os.getpid())
    return f"{_place()}.{os.getpid()}.{0 if here is None else here.started}"


def reap(engine: Any) -> int:
    """Remove containers whose process is dead; returns how many. Never raises."""
    removed = 0
    with suppress(Exception):  # a courtesy; whoever wants to run a job will see what is wrong
        for one in engine.api.containers(all=True, filters={"label": LABEL}):
            running = one.get("State") == "running"
            if _is_orphan(one.get("Labels", {}).get(LABEL, ""), running=running):
                with suppress(Exception):  # another worker was faster
                    engine.api.remove_container(one["Id"], force=True, v=True)
                    removed += 1
    return removed


def _place() -> str:
    """This boot and process namespace: a process id means nothing elsewhere."""
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
        return f"{_BOOT.read_text('ascii').strip()}.{namespace}"
    except OSError:
        return "unknown"


def _is_orphan(label: str, *, running: bool) -> bool:
    place, _, rest = label.rpartition(".")
    place, _, pid = place.rpartition(".")
    if not (pid.isdigit() and rest.isdigit()):
        return False
    here = _place()
    if place.partition(".")[0] != here.partition(".")[0]:
        return not running  # of an earlier boot; or another machine's, should it share the engine
    one = process(int(pid))
    return place == here and (one is None or one.dead or one.started != int(rest))


def _knock(url: str) -> None:
    """Raise ``OSError`` if nobody listens; the library would leave a socket open."""
    scheme, _, path = url.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(path)
