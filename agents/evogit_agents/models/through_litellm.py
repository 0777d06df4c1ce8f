"""The client ``litellm``: any provider that it knows.

litellm is imported at the first question of a worker, by nothing else: it takes seconds. What it
does by default beyond asking is switched off: it reads a ``.env`` of the current folder, fetches a
price list, retries, prints, follows redirects with the key. Two of these are decided by environment
variables while it is imported, so these are set meanwhile and then put back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from evogit.config import model as config
from evogit_agents.models.answer import Answer, finished, read_usage
from evogit_agents.models.asking import Question
from evogit_agents.models.deadline import Deadline
from evogit_agents.models.trouble import Trouble, from_status

if TYPE_CHECKING:
    from types import ModuleType

_AT_IMPORT: Final = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
_NO_KEY: Final = "none"
"""Handed over with a ``base_url`` when no key is named, or litellm would look for one by itself and
send, say, OPENAI_API_KEY there."""
_LOCK: Final = threading.Lock()


class ThroughLitellm:
    """Asks by ``litellm.completion``: an ``Exchange``. Thread-safe.

    Args:
        settings: of the model.
        key: of the provider; empty lets litellm use what the provider's own tools use, such as a
            cloud profile, unless there is a ``base_url``.
    """

    def __init__(self, settings: config.LanguageModel, key: str) -> None:
        self._settings = settings
        self._key = key or (_NO_KEY if settings.base_url else None)

    def __call__(self, question: Question, deadline: Deadline) -> Answer:
        """Send one question and read the answer, once."""
        litellm = _litellm()
        arguments = self._arguments(question)
        raw = _within(deadline, lambda: _complete(litellm, arguments))
        choices = cast("list[dict[str, object]]", raw.get("choices") or [])
        if not choices:
            raise Trouble("malformed", "the answer has no choices", billed=None)
        finish, model = choices[0].get("finish_reason"), raw.get("model")
        return finished(
            choices[0].get("message"),
            finish if isinstance(finish, str) else "",
            read_usage(raw.get("usage")),
            model if isinstance(model, str) else "",
        )

    def _arguments(self, question: Question) -> dict[str, object]:
        settings = self._settings
        found: dict[str, object] = {
            "model": settings.model,
            "messages": [{"role": m.role, "content": m.text} for m in question.messages],
            "api_key": self._key,
            "base_url": settings.base_url,
            "timeout": settings.timeout,
            "max_retries": 0,
            "drop_params": True,
            "temperature": settings.temperature,
            "max_tokens": question.max_tokens,
            "seed": question.seed,
        }
        omitted = {name for name in settings.omit if name != "max_tokens"}
        if "max_tokens" in settings.omit:
            found["max_completion_tokens"] = found.pop("max_tokens")
        return {k: v for k, v in found.items() if v is not None and k not in omitted}


def _complete(litellm: ModuleType, arguments: Mapping[str, object]) -> dict[str, object]:
    """The response as plain data.

    Raises:
        Trouble: what litellm's exception means.
    """
    try:
        response: Any = litellm.completion(**arguments)
        return cast("dict[str, object]", response.model_dump())
    except Trouble:
        raise
    except Exception as error:  # litellm's own, and those of the libraries below it
        raise _meaning(error) from error


def _meaning(error: Exception) -> Trouble:
    chain = _chain(error)
    own = next((one for one in chain if isinstance(one, Trouble)), None)
    if own is not None:
        return own
    said, names = str(error), {kind.__name__ for one in chain for kind in type(one).__mro__}
    if "Timeout" in names:
        return Trouble("timeout", said, billed=None)
    if names & {"APIConnectionError", "TransportError"}:
        return Trouble("down", said, billed=None)
    status = getattr(error, "status_code", None)
    if (
        isinstance(status, int) and 400 <= status < 500
    ):  # before anything was sent, as without a key
        return from_status(status, said)
    return Trouble("malformed", f"{type(error).__name__}: {said}", billed=None)


def _chain(error: BaseException) -> list[BaseException]:
    """The exception and what it was made from: ours, or httpx's, lie below several others."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and len(found) < 20:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def _within(deadline: Deadline, call: Callable[[], dict[str, object]]) -> dict[str, object]:
    """What ``call`` returns, unless the time is over first: then it is left to itself.

    litellm's own limit is one for each read, which a peer that drips never reaches.
    """
    results: list[dict[str, object]] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asked
            errors.append(error)

    thread = threading.Thread(target=run, name="evogit-litellm", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(deadline.slice())
    if errors:
        raise errors[0]
    return results[0]


def _litellm() -> ModuleType:
    """The module, imported and told to do nothing but what it is asked.

    Raises:
        Trouble: it is not installed.
    """
    with _LOCK:
        with _variables(_AT_IMPORT):
            try:
                import litellm
            except ImportError as error:
                hint = "pip install 'evogit[litellm]'"
                raise Trouble("auth", "litellm is not installed", hint=hint) from error
        module = cast("Any", litellm)
        if getattr(module, "sync_transport", None) is None:
            from evogit_agents.models import litellm_transport

            litellm_transport.install(module)
        return cast("ModuleType", litellm)


@contextmanager
def _variables(values: Mapping[str, str]) -> Generator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
