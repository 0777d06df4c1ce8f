"""Files replaced in one step, on a real disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evogit.files import PRIVATE, replacing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with something in it, alone in its folder."""
    folder = tmp_path / "alone"
    folder.mkdir()
    (folder / "settings").write_text("old")
    return folder / "settings"


def untouched(path: Path) -> bool:
    return path.read_text() == "old" and list(path.parent.iterdir()) == [path]


def interrupted(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"half of it")
        raise KeyboardInterrupt


def on_a_full_disk(path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with replacing(path) as file:
        os.dup2(full, file.fileno())
        os.close(full)
        file.write(b"x")


def test_a_file_is_replaced_as_a_whole_when_the_block_ends(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_block_that_raises_leaves_all_as_it_was(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(path)
    assert untouched(path)


def test_a_full_disk_leaves_all_as_it_was(path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        on_a_full_disk(path)
    assert untouched(path)


def test_a_private_file_is_never_readable_by_others(path: Path) -> None:
    with replacing(path, mode=PRIVATE, durable=False) as file:
        assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_replaced_and_not_followed(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path.name)
    with replacing(link) as file:
        file.write(b"ours")
    assert not link.is_symlink()
    assert path.read_text() == "old"
