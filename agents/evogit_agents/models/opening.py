"""From ``[[models]]`` to models that can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from random import Random
from threading import Event, Lock
from typing import Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from evogit.config import model as config
from evogit.errors import ConfigError, PreconditionError
from evogit.proposals import Setup
from evogit_agents.models.asking import AskedModel, Exchange, Limits
from evogit_agents.models.endpoint import Endpoint
from evogit_agents.models.gate import Gate
from evogit_agents.models.model import LanguageModel
from evogit_agents.models.prices import Listed, Price, listed, table_version
from evogit_agents.models.scripted import ScriptedModel
from evogit_agents.models.through_litellm import ThroughLitellm

DEFAULT_CONTEXT: Final = 8192


class _Opened:
    """What the kinds of agents of one worker share."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.models: dict[config.LanguageModel, LanguageModel] = {}
        self.gates: dict[tuple[str, str | None], Gate] = {}


_WORKERS: Final[WeakKeyDictionary[Event, _Opened]] = WeakKeyDictionary()
"""By the one object that all agents of a worker have in common and no two workers share."""
_LOCK: Final = Lock()


def open_models(setup: Setup, names: Sequence[str] = ()) -> list[LanguageModel]:
    """The models that ``[[models]]`` lists, or those of them that are named, in that order.

    Opening twice in one worker gives the same objects, and models of one endpoint wait together
    when it is busy. Nothing is sent, and litellm not imported, before the first question.

    Raises:
        ConfigError: a name is unknown, there is no model at all, a price is not known, the variable
            of a key is empty, or the settings contradict each other.
        PreconditionError: a model needs litellm, which is not installed.
    """
    known = {settings.name: settings for settings in setup.settings.models}
    if not known:
        raise ConfigError(
            "there is no model to ask",
            hint="add a [[models]] table to evogit.toml (docs/models.md)",
        )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(
            f"[[models]] lists no {unknown[0]!r}", hint=f"models are {', '.join(known)}"
        )
    with _LOCK:
        opened = _WORKERS.setdefault(setup.stop, _Opened())
    with opened.lock:
        return [_open(known[name], setup, opened) for name in names or known]


def _open(settings: config.LanguageModel, setup: Setup, opened: _Opened) -> LanguageModel:
    found = opened.models.get(settings)
    if found is None:
        scripted = settings.client == "scripted"
        found = _scripted(settings) if scripted else _asked(settings, setup, opened)
        opened.models[settings] = found
    return found


def _asked(settings: config.LanguageModel, setup: Setup, opened: _Opened) -> AskedModel:
    if settings.client == "litellm":
        _need_litellm(settings)
    limits, key = limits_of(settings), _key(settings, setup.environment)
    place = (_place(settings), settings.key)
    gate = opened.gates.setdefault(place, Gate(Random()))
    ask = Endpoint if settings.client == "http" else ThroughLitellm
    exchange: Exchange = ask(settings, key)
    return AskedModel(settings, limits, exchange, gate, setup.stop, setup.redactor)


def _scripted(settings: config.LanguageModel) -> ScriptedModel:
    return ScriptedModel(
        settings.answers,
        name=settings.name,
        context=settings.context or DEFAULT_CONTEXT,
        max_tokens=settings.max_tokens,
        price=settings.price or (0.0, 0.0),
    )


def limits_of(settings: config.LanguageModel) -> Limits:
    """Context, longest answer and price of a model, from its settings, else from litellm's table.

    Raises:
        ConfigError: the price is not known, or the answer would fill the whole context.
    """
    context, max_tokens = room_of(settings)
    if max_tokens >= context:
        raise ConfigError(
            f"models.{settings.name}: an answer of {max_tokens} tokens leaves no room for a prompt"
            f" in a context of {context}",
            hint="lower max_tokens, or set context to what the model takes",
        )
    return Limits(context, max_tokens, _price(settings))


def room_of(settings: config.LanguageModel) -> tuple[int, int]:
    """Context and longest answer of a model, from its settings, else from litellm's table."""
    table = _listed(settings)
    context = settings.context or table.context or DEFAULT_CONTEXT
    return context, min(settings.max_tokens, table.max_tokens or settings.max_tokens)


def _listed(settings: config.LanguageModel) -> Listed:
    complete = settings.price is not None and settings.context is not None
    # The list is about providers themselves: what another address takes, only its owner knows.
    return Listed() if settings.base_url is not None or complete else listed(settings.model)


def _price(settings: config.LanguageModel) -> Price:
    if settings.price is not None:
        prompt, answer = settings.price
        return Price(prompt / 1e6, answer / 1e6)
    price = _listed(settings).price
    if price is not None:
        return price
    why = (
        "has a base_url of its own"
        if settings.base_url is not None
        else f"is not in the price list of {table_version()}"
    )
    raise ConfigError(
        f"models.{settings.name}: the price of {settings.model!r} is not known: it {why}",
        hint="set price = [prompt, answer] in USD for a million tokens; [0, 0] for a local model",
    )


def _key(settings: config.LanguageModel, environment: Mapping[str, str]) -> str:
    if settings.key is None:
        return ""
    key = environment.get(settings.key, "").strip()
    if not key or not key.isascii() or not key.isprintable():
        state = "is not set" if not key else "holds no key: it has characters that no key has"
        raise ConfigError(
            f"models.{settings.name}: the variable {settings.key} {state}",
            hint=f"export {settings.key}=... before evogit run",
        )
    return key


def _place(settings: config.LanguageModel) -> str:
    """Whose rate limits hold for a model: a host, or what litellm calls a provider."""
    if settings.base_url is not None:
        return urlsplit(settings.base_url).netloc
    return settings.model.partition("/")[0] if "/" in settings.model else ""


def _need_litellm(settings: config.LanguageModel) -> None:
    if find_spec("litellm") is None:
        raise PreconditionError(
            f"models.{settings.name} needs litellm, which is not installed",
            hint="pip install 'evogit[litellm]', or client = \"http\" with the base_url of an"
            " OpenAI-compatible endpoint",
        )
