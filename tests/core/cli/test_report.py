"""The report is one page that loads nothing, escapes everything and works in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evogit.git.trees import Change
from evogit.ids import HEADS
from evogit.swarm.individuals import Provenance, compose

if TYPE_CHECKING:
    from conftest import Run, World

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\x1b]52;c;aGk=\x07<!-- \u202e"
ATTRIBUTES = ("src", "href", "srcset", "action", "formaction", "data", "poster", "background")


class _Page(HTMLParser):
    """Every element, with what it would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ATTRIBUTES]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]


def written(cli: Run, *arguments: str | Path) -> str:
    found = cli("report", *arguments)
    assert found.status == 0, found.err
    return Path("report.html").read_text("utf-8")


def hostile_individual(world: World) -> None:
    git = world.swarm.git
    parent = git.commit(world.ids["best"])
    name = "pkg/<b onclick=alert(2)>.py"
    changes = {name: Change(git.write_blob(HOSTILE.encode()))}
    message = compose(HOSTILE, "", Provenance(agent="a1", operator="mutate", step=7))
    tree = git.change_tree(parent.tree, changes)
    commit = git.write_commit(tree, [parent.id], message, author="a1", time=parent.time + 1)
    git.move_ref(HEADS + "a1", old=parent.id, new=commit)


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_tells_the_best_its_lineage_and_the_whole_change(cli: Run, world: World) -> None:
    page = written(cli)
    assert f"<code>{world.ids['best'][:12]}</code> <b>3</b>" in page
    assert f"<code>{world.ids['one'][:12]}</code> <b>1</b>" in page
    assert '<span class="added">+x = 3</span>' in page
    assert "Make x large" in page


def test_the_picture_holds_every_individual_with_its_parents(cli: Run, world: World) -> None:
    data = data_of(written(cli))
    people = data["individuals"]
    by_id = {one[0]: one for one in people}
    assert by_id.keys() == {commit[:12] for commit in world.ids.values()}
    merged = by_id[world.ids["merged"][:12]]
    parents = [people[number][0] for number in merged[1]]
    assert parents == [world.ids["two"][:12], world.ids["one"][:12]]


def test_nothing_is_loaded_and_only_our_script_may_run(cli: Run, world: World) -> None:
    hostile_individual(world)
    text = written(cli)
    page = _Page()
    page.feed(text)
    assert page.loads == []
    assert page.handlers == []
    assert "img" not in page.tags
    assert page.tags.count("script") == 2
    assert "default-src 'none'; script-src 'sha256-" in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_hostile_text_can_not_end_the_data(cli: Run, world: World) -> None:
    hostile_individual(world)
    text = written(cli)
    subjects = [one[7] for one in data_of(text)["individuals"]]
    assert any("</script>" in subject for subject in subjects)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_runs_are_compared_in_a_table(cli: Run, world: World, tmp_path: Path) -> None:
    other = tmp_path / "other-run"
    shutil.copytree(world.root, other)
    page = written(cli, "--against", other)
    assert "<td>other-run</td>" in page
    assert "an observation, not a proof" in page


def test_a_run_of_another_problem_is_not_compared(cli: Run, world: World, tmp_path: Path) -> None:
    assert cli("init", "--problem", "tsp", tmp_path / "tsp").status == 0
    refused = cli("report", "--against", tmp_path / "tsp", "-o", tmp_path / "page.html")
    assert refused.status == 2
    assert "began with another base" in refused.err


def test_a_folder_without_a_swarm_is_a_clear_error(cli: Run, world: World, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    found = cli("report", empty)
    assert found.status == 3
    assert not Path("report.html").exists()


def test_an_earlier_page_stays_whole_if_the_new_one_can_not_be_written(
    cli: Run, world: World
) -> None:
    found = cli("report", "-o", "missing/report.html")
    assert found.status == 4
    assert "can not be written" in found.err


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium here")
    return found


@pytest.mark.slow
def test_a_real_browser_draws_it_and_an_address_names_an_individual(
    cli: Run, world: World, chromium: str, tmp_path: Path
) -> None:
    hostile_individual(world)
    written(cli)
    address = Path("report.html").resolve().as_uri() + "#" + world.ids["two"][:12]
    dumped = subprocess.run(
        [
            *(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *("--virtual-time-budget=3000", f"--user-data-dir={tmp_path / 'browser'}", address),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    ).stdout
    assert 'data-ready="7"' in dumped
    assert f"<p>id {world.ids['two'][:12]}</p>" in dumped
    assert re.search(r'<svg id="fitness"[^>]*><line', dumped)
    assert "<img" not in dumped
