"""Read, check and change evogit.toml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

from evogit.cli.installed import require_installed
from evogit.cli.output import dump_json
from evogit.cli.session import Session
from evogit.errors import EvoGitError, NotFoundError, UserError

app = typer.Typer(help=__doc__)

_Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as budget.evaluations.")]


@app.command("get")
def get(
    session: Session,
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="One key or table.")] = None,
) -> None:
    """Print the settings in force, or one of them; overrides are applied.

    Example: evogit config get evaluate.direction
    """
    from evogit.config.load import dump

    settings = session.settings
    if key is None:
        data: object = settings.model_dump(mode="json")
        session.output.result({"settings": data}, lambda: session.output.line(dump(settings)))
        return
    value = _value(settings.model_dump(mode="json"), key)
    text = value if isinstance(value, str) else dump_json(value)
    session.output.result({"key": key, "value": value}, lambda: session.output.line(text))


@app.command("set")
def set_(
    session: Session,
    key: _Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Text, number, 10m, [1, 2].")],
) -> None:
    """Change one key in the file; its comments and order stay.

    Example: evogit config set budget.evaluations 500
    """
    from evogit.config.editing import set_value

    settings = set_value(session.config_file, key, value)
    changed = _value(settings.model_dump(mode="json"), key)
    _say_again(session, key)
    _report(session, key, changed, f"{key} = {json.dumps(changed)} in")
    try:
        require_installed(settings)
    except NotFoundError as error:
        session.output.warn(f"{error.message} here; {error.hint}")


@app.command("unset")
def unset(session: Session, key: _Key) -> None:
    """Take one key out of the file, so that its default counts.

    Example: evogit config unset budget.evaluations
    """
    from evogit.config.editing import unset_value

    settings = unset_value(session.config_file, key)
    try:
        default = _value(settings.model_dump(mode="json"), key)
    except NotFoundError:  # a name of somebody's own has none
        default = None
    _report(session, key, default, f"{key} is {json.dumps(default)} again: taken out of")


def _say_again(session: Session, key: str) -> None:
    """Let the next run take over the key's section, though the file may have said so all along."""
    from evogit.config.keys import parse_path
    from evogit.initialise import take_over_again

    try:
        swarm = session.swarm
    except EvoGitError:  # none was made yet
        return
    take_over_again(swarm, str(parse_path(key)[0]))


def _report(session: Session, key: str, value: object, text: str) -> None:
    path = str(session.config_file)
    session.output.result(
        {"path": path, "key": key, "value": value},
        lambda: session.output.note(f"{text} {path}"),
    )


@app.command("path")
def path(session: Session) -> None:
    """Print which file the settings come from.

    Example: evogit config path
    """
    found = str(session.config_file)
    session.output.result({"path": found}, lambda: session.output.line(found))


@app.command("schema")
def schema(session: Session) -> None:
    """Print the JSON Schema of evogit.toml, for editors.

    Example: evogit config schema > evogit.schema.json
    """
    from evogit.config.load import schema as json_schema

    found = json_schema()
    session.output.result({"schema_document": found}, lambda: session.output.line(dump_json(found)))


def _value(data: Mapping[str, Any], key: str) -> object:
    """The value at a dotted key.

    Raises:
        NotFoundError: there is no such key; the hint names the closest one.
    """
    from evogit.config.keys import parse_path, suggestion

    value: object = data
    steps = parse_path(key)
    for step in steps:
        try:
            value = cast("dict[object, object]", value)[step]
        except (KeyError, IndexError, TypeError) as error:
            raise NotFoundError(
                f"there is no setting {key!r}", hint=suggestion(steps) or "evogit config get"
            ) from error
    if not steps:
        raise UserError("the key is empty")
    return value
