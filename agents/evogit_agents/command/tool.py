"""One tool made ready for a worker: found, tried, with its secrets, its model and its caps."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from evogit.config.model import Limits, Settings
from evogit.config.models import LanguageModel
from evogit.errors import ConfigError, EvaluatorError, PreconditionError
from evogit.proposals import Setup
from evogit.redact import Redactor, secret_variables
from evogit.sandbox.base import Job, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.interpreter import outermost
from evogit.text import clean_line, decode
from evogit_agents.command import record as records
from evogit_agents.command.launch import HOME, PROMPT, QUIET, REPORT, WORK, empty, mounts, scratch
from evogit_agents.command.program import Program, locate, search_path
from evogit_agents.command.record import Record
from evogit_agents.command.spending import Caps, caps
from evogit_agents.command.words import arguments, variables

RECORDS: Final = "agents"
"""The folder of a user's own records in that of her configuration."""
_PROXIES: Final = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
_CERTIFICATES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Each names a file, which must then be seen inside too."""
_REACHING: Final = (*_PROXIES, *_CERTIFICATES)
_PROBE_SECONDS: Final = 120.0
_VERSION: Final = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Tool:
    """What the agents of one kind in a worker share.

    Args:
        kind: such as ``command:aider``.
        name: such as ``aider``.
        model: the one named in the kind, if any.
        variables: the whole environment of a step, besides what every job gets. Holds secrets.
        python: the project's interpreter.
        version: what the tool says of itself.
        redactor: takes secrets, the tool's own too, out of what it is told and what it prints.
        root: where steps have their folders.
        home: the user's, whose state the record may name.
    """

    kind: str
    name: str
    record: Record
    program: Program
    model: LanguageModel | None
    caps: Caps
    variables: Mapping[str, str]
    python: Path
    version: str
    sandbox: Sandbox
    redactor: Redactor
    root: Path
    home: Path
    stop: threading.Event
    maximize: bool

    def command(self, prompt: str, files: Sequence[str]) -> list[str]:
        """What follows the program for one step; ``files`` as the tool sees them."""
        values = {"prompt": prompt, **_values(self.record, self.model, self.caps, key="")}
        return arguments(self.record.argv, values, files)

    @property
    def label(self) -> str:
        """What trailers and tables call it."""
        return self.name if self.model is None else f"{self.name}:{self.model.name}"


def make_ready(setup: Setup) -> Tool:
    """The tool that ``setup.argument`` names: ``TOOL`` or ``TOOL:MODEL``.

    Raises:
        NotFoundError: there is no such record.
        ConfigError: the record is wrong, the model is not in the settings, a key or a cap is missing.
        PreconditionError: the tool is not installed, or does not run in the sandbox.
        EvaluatorError: no sandbox for it works here.
    """
    name, _, wanted = setup.argument.partition(":")
    own = setup.own / RECORDS
    if not name:
        known = ", ".join(records.names(own))
        raise ConfigError("'command' needs a tool", hint=f"command:TOOL, one of {known}")
    record = records.load(name, own)
    kind = f"command:{setup.argument}"
    model = _model(setup.settings, wanted) if wanted else None
    _check_address(kind, record, model)
    limit = caps(kind, record, model, setup.settings.budget)
    program = _with_certificates(locate(record, setup.environment), setup.environment)
    given = _environment(kind, record, model, limit, setup.environment)
    given["PATH"] = search_path(program, setup.runtime.python)
    sandbox = _sandbox(setup)
    root = setup.folder / "command"
    empty(root)  # what a worker of this name left when it was killed
    return Tool(
        kind=kind,
        name=name,
        record=record,
        program=program,
        model=model,
        caps=limit,
        variables=given,
        python=setup.runtime.python,
        version=version(sandbox, program, record, root, given["PATH"]),
        sandbox=sandbox,
        redactor=_redactor(record, model, setup),
        root=root,
        home=Path(setup.environment.get("HOME", "/")),
        stop=setup.stop,
        maximize=setup.settings.evaluate.direction == "maximize",
    )


def version(sandbox: Sandbox, program: Program, record: Record, root: Path, path: str) -> str:
    """What the tool says of itself, asked in the sandbox without network or secrets.

    Raises:
        PreconditionError: it does not run there.
        EvaluatorError: the sandbox itself does not work.
    """
    with scratch(root) as folder:
        for name in ("work", "home"):
            (folder / name).mkdir(mode=0o700)
        job = Job(
            [str(program.path), *record.version],
            mounts=mounts(program, folder, network=False),
            cwd=WORK,
            variables={**QUIET, **variables(record.variables, {}), "PATH": path},
            limits=Limits(
                wall=_PROBE_SECONDS, cpu=_PROBE_SECONDS, memory=record.memory, processes=256
            ),
            tool=True,
        )
        done = sandbox.start(job).wait()
    said = [line for data in (done.stdout, done.stderr) for line in decode(data, 4000).splitlines()]
    lines = [clean_line(line, 80) for line in said if line.strip()]
    if done.status != 0 or done.limit is not None:
        ended = f"limit of {done.limit}" if done.limit else f"status {done.status}"
        raise PreconditionError(
            f"{record.program} does not run in the sandbox ({ended}): {clean_line(' '.join(lines[-3:]))}",
            hint="name what it needs of this machine in paths of a record of your own",
        )
    numbered = [line for line in lines if _VERSION.search(line)]
    return (numbered or [""])[0]


def _values(
    record: Record, model: LanguageModel | None, limit: Caps, *, key: str
) -> dict[str, str]:
    """Values of the placeholders; what has none is missing."""
    values = {"prompt_file": PROMPT, "workdir": WORK, "home": HOME, "report": REPORT}
    if not record.free:
        values["tokens"] = str(limit.told_tokens)
    if limit.told_usd > 0:
        values["cost"] = f"{limit.told_usd:.6f}"
    if model is not None:
        values["model"] = model.model
        values["model_name"] = model.model.partition("/")[2] or model.model
        if model.base_url is not None:
            values["base_url"] = model.base_url
            values["key"] = values["model_key"] = key or "none"
        else:
            values["hosted_model"] = model.model
            if key:
                values["model_key"] = key
    return values


def _environment(
    kind: str,
    record: Record,
    model: LanguageModel | None,
    limit: Caps,
    ours: Mapping[str, str],
) -> dict[str, str]:
    """The variables of a step: those of ours that the record or the model names, and the record's."""
    key = ours.get(model.key, "") if model is not None and model.key is not None else ""
    if model is not None and model.key is not None and not key:
        raise ConfigError(
            f"{kind}: the variable {model.key} is not set", hint=f"export {model.key}=…"
        )
    secrets = [name for name in record.secrets if ours.get(name)]
    enough = len(secrets) == len(record.secrets) if record.need == "all" else bool(secrets)
    if model is None and record.secrets and record.need != "none" and not enough:
        raise ConfigError(
            f"{kind} needs {' or '.join(record.secrets)}",
            hint="export it, or name a model of [[models]] with its key: "
            f"{kind}:MODEL; evogit agents kinds shows what each needs",
        )
    passed = [*record.inherit, *secrets, *(_REACHING if record.network else ())]
    found = {name: ours[name] for name in passed if ours.get(name)}
    if model is not None and model.key is not None:
        found[model.key] = key
    return found | variables(record.variables, _values(record, model, limit, key=key))


def _with_certificates(program: Program, ours: Mapping[str, str]) -> Program:
    files = [Path(ours[name]) for name in _CERTIFICATES if ours.get(name)]
    there = [path for path in files if path.is_absolute() and path.is_file()]
    return replace(program, folders=tuple(outermost([*program.folders, *there])))


def _redactor(record: Record, model: LanguageModel | None, setup: Setup) -> Redactor:
    keys = [model.key] if model is not None and model.key is not None else []
    named = [*setup.settings.secrets.variables, *record.secrets, *keys]
    return Redactor(secret_variables(setup.environment, named))


def _model(settings: Settings, name: str) -> LanguageModel:
    found = {model.name: model for model in settings.models}
    if name not in found:
        known = ", ".join(found) or "none"
        raise ConfigError(
            f"there is no model {clean_line(name, 60)!r} in [[models]]", hint=f"known: {known}"
        )
    return found[name]


def _check_address(kind: str, record: Record, model: LanguageModel | None) -> None:
    """A tool that can not be told where a model is would ask its own provider instead."""
    if model is not None and model.base_url is not None and not record.takes_address:
        raise ConfigError(
            f"{kind}: this tool can not be told the base_url of a model",
            hint="name a model of its own provider, or write a record with {base_url} (docs/agents.md)",
        )


def _sandbox(setup: Setup) -> Sandbox:
    """The worker's own sandbox, unless that is an image, in which no tool is installed."""
    if setup.sandbox.name != "container":
        return setup.sandbox
    sandbox = BubblewrapSandbox(setup.runtime)
    probe = sandbox.probe()
    if not probe.works:
        raise EvaluatorError(
            f"coding agents run under bubblewrap, which does not work here: {probe.reason}",
            hint=probe.hint,
        )
    return sandbox
