"""A misbehaving server, and models that ask it."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from evogit.config.models import LanguageModel
from evogit.redact import Redactor
from evogit_agents.models.asking import AskedModel
from evogit_agents.models.endpoint import Endpoint
from evogit_agents.models.gate import Gate
from evogit_agents.models.opening import limits_of

if TYPE_CHECKING:
    from server import Behaviour, Server

KEY = "sk-test-0123456789abcdef"


def load_server() -> Any:
    """The module ``server`` beside this file."""
    name = "evogit_test_server"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("server.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


class Desk:
    """Starts servers and asks them."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.module = load_server()
        self.stop = threading.Event()
        self.clock = 0.0

    def serve(self, behaviour: str | Behaviour, latency: float = 0.0) -> Server:
        """A server that runs until the test ends."""
        return self._stack.enter_context(self.module.Server(behaviour, latency))

    def gate(self) -> Gate:
        """A gate whose clock is ``self.clock``."""
        return Gate(Random(7), lambda: self.clock)

    def model(self, server: Server, gate: Gate | None = None, **settings: Any) -> AskedModel:
        """The ``http`` client of a server, with a price of 1 and 10 USD for a million tokens."""
        defaults: dict[str, Any] = {
            "name": "mock",
            "model": "openai/mock-1",
            "client": "http",
            "base_url": server.url,
            "price": (1, 10),
            "context": 4096,
            "max_tokens": 256,
            "timeout": 20,
        }
        found = LanguageModel(**(defaults | settings))
        return AskedModel(
            found,
            limits_of(found),
            Endpoint(found, KEY),
            gate or self.gate(),
            self.stop,
            Redactor({"MOCK_KEY": KEY}),
        )


@pytest.fixture
def desk(live_models: None) -> Iterator[Desk]:
    """Servers and models for one test."""
    with ExitStack() as stack:
        yield Desk(stack)


@pytest.fixture(scope="session")
def mock() -> Any:
    """The module ``server``."""
    return load_server()


@pytest.fixture(scope="session")
def behaviours(mock: Any) -> dict[str, Callable[..., Any]]:
    """All named behaviours of the server."""
    return mock.BEHAVIOURS
