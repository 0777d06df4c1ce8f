"""Starting is light and every module imports, each checked in a fresh interpreter."""

from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

import pytest

HEAVY = ("textual", "litellm", "networkx", "numpy", "docker", "git")
GROUPS = ("agents", "commands", "problems", "sandboxes", "strategies")
PACKAGES = ("evogit", "evogit_agents", "evogit_problems", "evogit_tui")


def loaded_after(code: str) -> set[str]:
    """Names of the top-level packages loaded after ``code`` in a fresh interpreter."""
    report = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", report], capture_output=True, text=True, check=True, timeout=30
    )
    names: list[str] = json.loads(done.stderr.splitlines()[-1])
    return {name.partition(".")[0] for name in names}


def modules() -> Iterator[str]:
    """Every module of ours that is meant to be imported."""
    for package in PACKAGES:
        root = importlib.import_module(package)
        yield package
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            yield found.name


def ours() -> list[EntryPoint]:
    found = [e for group in GROUPS for e in entry_points(group=f"evogit.{group}")]
    return [e for e in found if e.value.partition(".")[0].partition(":")[0] in PACKAGES]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_part_imports_alone_and_light(package: str) -> None:
    loaded = loaded_after(f"import {package}")
    assert loaded.isdisjoint(HEAVY)
    assert loaded & set(PACKAGES) == {package}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["run", "--help"]])
def test_the_command_line_starts_without_heavy_libraries(arguments: list[str]) -> None:
    if importlib.util.find_spec("evogit.cli.main") is None:
        pytest.skip("there is no command line yet")
    code = (
        "from evogit.cli.main import main\n"
        f"sys.argv = ['evogit', *{arguments!r}]\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert loaded_after(code).isdisjoint(HEAVY)


def test_the_kernel_loads_none_of_the_parts() -> None:
    names = [n for n in modules() if n.startswith("evogit.") and not n.startswith("evogit.cli")]
    loaded = loaded_after("import " + ", ".join(names))
    assert loaded & set(PACKAGES) == {"evogit"}
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", sorted(modules()))
def test_every_module_imports(name: str) -> None:
    exported = getattr(importlib.import_module(name), "__all__", None)
    if exported is not None:
        assert list(exported) == sorted(exported)


def test_every_module_has_a_docstring() -> None:
    assert [n for n in modules() if not (importlib.import_module(n).__doc__ or "").strip()] == []


@pytest.mark.parametrize("entry", ours(), ids=lambda e: f"{e.group}:{e.name}")
def test_every_entry_point_loads(entry: EntryPoint) -> None:
    loaded: object = entry.load()
    assert isinstance(loaded, ModuleType) or callable(loaded)


def test_the_package_is_installed_with_its_entry_points() -> None:
    assert {e.name for e in entry_points(group="evogit.problems")} >= {"online-bin-packing"}
    assert any(e.name == "evogit" for e in entry_points(group="console_scripts"))
