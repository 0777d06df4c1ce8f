"""Which sandbox to use: by name, or the first safe one that works. Fails closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from evogit.errors import ConfigError, EvaluatorError, NotFoundError
from evogit.plugins import Group, load, names
from evogit.sandbox.base import Probe, Runtime, Sandbox
from evogit.sandbox.image import Dockerfile
from evogit.text import clean_line

GROUP: Final[Group] = "evogit.sandboxes"
_SAFE: Final = ("bubblewrap", "container")
_UNSAFE: Final = "process"


def choose(
    kind: str, runtime: Runtime, *, image: str | Dockerfile | None, allow_unsafe: bool
) -> Sandbox:
    """A sandbox that was tried for real on this machine.

    Args:
        kind: ``auto`` (bubblewrap, else a container, else a plain process if that is allowed), or a name in the entry points
            ``evogit.sandboxes``. A sandbox named there is called with the runtime, and with
            ``image=`` if an image is given and it is the container sandbox.
        runtime: what every job sees.
        image: container image, or what to build it from.
        allow_unsafe: whether a human allowed running candidates without a sandbox.

    Raises:
        ConfigError: there is no such sandbox, or it is unsafe and that was not allowed.
        EvaluatorError: it does not work here; says why and what helps.
    """
    if kind == _UNSAFE and not allow_unsafe:
        raise ConfigError(
            "the sandbox 'process' does not protect this machine from candidates",
            hint="set sandbox.kind to auto, or type --unsafe-no-sandbox if you trust every candidate",
        )
    names = (*_SAFE, _UNSAFE)[: 3 if allow_unsafe else 2] if kind == "auto" else (kind,)
    failures: list[tuple[str, Probe]] = []
    for name in names:
        sandbox = make(name, runtime, image)
        probe = sandbox.probe()
        if probe.works:
            return sandbox
        sandbox.close()
        failures.append((name, probe))
    raise EvaluatorError(
        "no sandbox works on this machine: "
        + "; ".join(f"{name}: {clean_line(probe.reason, 300)}" for name, probe in failures),
        hint="; or ".join(
            [
                *(f"{name}: {probe.hint}" for name, probe in failures if probe.hint),
                "type --unsafe-no-sandbox if you trust every candidate as you trust yourself",
            ]
        ),
    )


def make(name: str, runtime: Runtime, image: str | Dockerfile | None) -> Sandbox:
    """An installed sandbox, not yet tried.

    Raises:
        ConfigError: there is none of that name, or it can not be imported.
    """
    try:
        factory = cast(Callable[..., Sandbox], load(GROUP, name))
    except NotFoundError:
        raise ConfigError(
            f"there is no sandbox {clean_line(name, 60)!r}",
            hint=f"choose auto or one of: {', '.join(names(GROUP))}",
        ) from None
    if image is not None and name == "container":
        return factory(runtime, image=image)
    return factory(runtime)
