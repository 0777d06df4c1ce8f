"""A program outside of what candidates see is found, with the folder to show them."""

from __future__ import annotations

from pathlib import Path

import pytest

from evogit.config.detect import detect, doubts, render
from evogit.config.load import parse
from evogit.config.toolchain import Toolchain, toolchain
from evogit.sandbox.profile import PATH


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def found(home: Path, *folders: Path, name: str = "cargo") -> Toolchain | None:
    return toolchain((name,), {"PATH": ":".join(map(str, folders)), "HOME": str(home)})


def test_the_toolchain_behind_rustups_stand_in_is_shown(tmp_path: Path) -> None:
    bin_folder = tmp_path / ".cargo" / "bin"
    program(bin_folder / "rustup")
    (bin_folder / "cargo").symlink_to("rustup")
    real = tmp_path / ".rustup" / "toolchains" / "stable-x" / "bin"
    program(real / "cargo")
    (tmp_path / ".rustup" / "settings.toml").write_text('default_toolchain = "stable-x"\n')
    tools = found(tmp_path, bin_folder)
    assert tools == Toolchain("cargo", f"{bin_folder}/cargo", str(real.parent), str(real))
    (tmp_path / ".rustup" / "settings.toml").write_text("broken")
    assert found(tmp_path, bin_folder) == Toolchain("cargo", f"{bin_folder}/cargo")


def test_an_installation_is_shown_and_a_home_folder_never(tmp_path: Path) -> None:
    own = program(tmp_path / ".nvm" / "v20" / "bin" / "npm").parent
    tools = found(tmp_path, own, name="npm")
    assert tools is not None
    assert (tools.folder, tools.search_path) == (str(own.parent), f"{own}:{PATH}")
    for private in (tmp_path / "bin", tmp_path / ".local" / "bin"):
        program(private / "go")
        assert found(tmp_path, private, name="go") == Toolchain("go", f"{private}/go")
    linked = tmp_path / ".local" / "bin" / "npm"
    linked.symlink_to(own / "npm")
    tools = found(tmp_path, linked.parent, name="npm")
    assert tools is not None
    assert tools.folder == str(own.parent)


@pytest.mark.parametrize("name", ["python", "sh", "./run", "/opt/x/run"])
def test_what_every_sandbox_has_or_a_path_names_needs_nothing(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, tmp_path, name=name) is None


def test_programs_of_the_system_need_nothing_and_missing_ones_are_told(tmp_path: Path) -> None:
    assert found(tmp_path, Path("/usr/bin"), Path("/bin"), name="env") is None
    assert found(tmp_path, name="no-such-program") == Toolchain("no-such-program")


def test_the_configuration_shows_the_toolchain_and_says_so(tmp_path: Path) -> None:
    from dataclasses import replace

    (tmp_path / "Cargo.toml").write_text("")
    plain = detect(tmp_path, ["Cargo.toml", "src/lib.rs"])
    tools = Toolchain(
        "cargo", "/home/x/.cargo/bin/cargo", "/home/x/.rustup/t", "/home/x/.rustup/t/bin"
    )
    shown = replace(plain, toolchain=tools)
    environment = parse(render(shown)).environment
    assert environment.paths == ("/home/x/.rustup/t",)
    assert environment.variables["PATH"] == f"/home/x/.rustup/t/bin:{PATH}"
    assert any("evogit.toml shows them /home/x/.rustup/t" in text for text in doubts(shown))
    unknown = replace(plain, toolchain=Toolchain("cargo", "/home/x/bin/cargo"))
    assert parse(render(unknown)).environment.paths == ()
    assert any("name its folder in environment.paths" in text for text in doubts(unknown))
    missing = replace(plain, toolchain=Toolchain("cargo"))
    assert any("cargo is not on your PATH" in text for text in doubts(missing))
