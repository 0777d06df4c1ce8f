"""How quick the terminal UI is on a big swarm: the real program in a pseudo-terminal.

A swarm of 100,000 individuals in 32 lineages, 15 % of them crossovers, all with journals. Printed:
seconds from the start of the process to the first individuals on the screen and to the whole swarm
(scores and lanes), without and with a cache; for keys the time from writing the key to the last byte
of what it changed (a pause of 40 ms ends it), 95th and 50th percentile: while loading, at rest, and
while another process adds 20 individuals a second; and the resident memory. On a busy machine the
wall clock says little, so load averages and processor times are printed too. Run: ``python tests/benchmarks/bench_tui.py``.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pygit2
from synthetic import BASE_TIME, ENVIRONMENT, Plan, build, foreign_step

from evogit.initialise import init_repository
from evogit.source import find_source
from evogit.swarm.repository import Swarm

QUIET = 0.04
TIMEOUT = 300.0
DOWN, UP, PAGE_DOWN, PAGE_UP = b"j", b"k", b"\x1b[6~", b"\x1b[5~"
CONFIG = """\
[goal]
text = "pack bins"
[evaluate]
stages = [{ name = "main", run = ["true"], score = ["true"] }]
[search]
agents = ["genetic"]
"""


def make_swarm(folder: Path, count: int) -> Path:
    """A user's repository with the swarm; kept for the next time."""
    root = folder / f"evogit-bench-tui-{count}"
    if (root / "done").exists():
        return root
    root.mkdir(parents=True)
    handle = pygit2.init_repository(str(root), initial_head="main")
    (root / "main.py").write_text("x = 0\n")
    handle.index.add_all()
    who = pygit2.Signature("bench", "bench@localhost", BASE_TIME, 0)
    handle.create_commit("refs/heads/main", who, who, "base\n", handle.index.write_tree(), [])
    (root / "evogit.toml").write_text(CONFIG)
    swarm = init_repository(find_source(root), root / "evogit.toml", author="bench")
    plan = Plan(count, agents=32, crossover=0.15, evaluator=swarm.spec().evaluator)
    build(swarm.path, plan, swarm.base)
    (swarm.private / "environment").write_text(ENVIRONMENT)
    (root / "done").touch()
    return root


class Screen:
    """The program in a pseudo-terminal of 120 by 40."""

    def __init__(self, root: Path) -> None:
        self.output = bytearray()
        self.start = time.perf_counter()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(root)
            variables = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
            os.execve(  # noqa: S606
                sys.executable,
                [sys.executable, "-m", "evogit.cli", "tui"],
                {**os.environ, **variables},
            )
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read(self, seconds: float) -> bytes:
        """What comes within that time, at the first piece."""
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        data = os.read(self.master, 1 << 20)
        self.output += data
        return data

    def until(self, holds: Callable[[str], object]) -> float:
        """Seconds since the start at which what was drawn so far fits."""
        end = time.perf_counter() + TIMEOUT
        while time.perf_counter() < end:
            self.read(0.5)
            if holds(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.output.decode("utf-8", "replace"))):
                return time.perf_counter() - self.start
        raise SystemExit(f"waited in vain on {self.output[-2000:]!r}")

    @property
    def used(self) -> float:
        """Milliseconds of processor time that all its threads used."""
        files = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(file.read_text().split()[0]) for file in files) / 1e6

    @property
    def children(self) -> float:
        """Milliseconds of processor time of its ended children."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) * 1000 / os.sysconf("SC_CLK_TCK")

    def press(self, key: bytes) -> tuple[float, float]:
        """Milliseconds from a key to the last byte of what it changed, and of processor time."""
        while self.read(0.0):
            pass
        used = self.used
        begin = last = time.perf_counter()
        os.write(self.master, key)
        quiet = 1.0
        while self.read(quiet):
            last, quiet = time.perf_counter(), QUIET
        return (last - begin) * 1000, self.used - used

    @property
    def resident(self) -> float:
        """MB of memory in use."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)


def summary(times: list[tuple[float, float]]) -> str:
    """Percentiles of wall clock and processor time."""
    wall, used = zip(*times, strict=True)
    return (
        f"p95 {statistics.quantiles(wall, n=20)[-1]:.1f} ms, p50 {statistics.median(wall):.1f} ms; "
        f"processor p95 {statistics.quantiles(used, n=20)[-1]:.1f} ms, "
        f"p50 {statistics.median(used):.1f} ms ({len(times)} keys)"
    )


def keys(screen: Screen, what: str, count: int) -> None:
    """Press cursor and page keys in turn and print their percentiles."""
    for name, pair in (("cursor", (DOWN, DOWN, DOWN, UP)), ("page", (PAGE_DOWN, PAGE_UP))):
        times = [screen.press(pair[number % len(pair)]) for number in range(count)]
        print(f"  {what}, {name} keys: {summary(times)}")


def cold(root: Path, count: int) -> None:
    """Start without a cache; press keys until everything is loaded."""
    (Swarm(find_source(root).swarm).private / "phylogeny.cache").unlink(missing_ok=True)
    screen = Screen(root)
    first = screen.until(lambda text: "change number" in text)
    print(f"  no cache: first individuals after {first:.2f} s")
    total = f"{count:,} individuals".encode()
    times = [screen.press(key) for key in (DOWN, DOWN, UP, PAGE_DOWN, PAGE_UP)]
    while total not in screen.output and time.perf_counter() < screen.start + TIMEOUT:
        for key in (DOWN, PAGE_DOWN, PAGE_UP, UP):
            times.append(screen.press(key))
            if total in screen.output:
                break
    loaded = time.perf_counter() - screen.start
    print(f"  no cache: all {count:,} loaded after {loaded:.2f} s, while keys were pressed")
    print(f"  while loading, all keys: {summary(times)}")
    screen.close()
    (Swarm(find_source(root).swarm).private / "phylogeny.cache").unlink(missing_ok=True)
    screen = Screen(root)
    loaded = screen.until(lambda text: f"{count:,} individuals" in text)
    used = (screen.used + screen.children) / 1000
    print(
        f"  no cache: all {count:,} loaded after {loaded:.2f} s, no keys pressed; "
        f"{used:.2f} s of processor time, git and the reading process included"
    )
    screen.close()


def warm(root: Path, count: int, presses: int) -> None:
    """Start with a cache; press keys at rest and while others add individuals."""
    screen = Screen(root)
    loaded = screen.until(lambda text: f"{count:,} individuals" in text)
    print(f"  with a cache: all {count:,} loaded after {loaded:.2f} s")
    screen.until(lambda text: "change number" in text)
    time.sleep(1.0)
    keys(screen, "at rest", presses)
    adding = subprocess.Popen([sys.executable, __file__, "--add-to", str(root)])
    try:
        keys(screen, "20 more individuals a second", presses)
    finally:
        adding.kill()
        adding.wait()
    print(f"  resident memory: {screen.resident:.0f} MB")
    screen.close()


def add(root: Path) -> None:
    """What the other process does: 20 individuals a second."""
    swarm = Swarm(find_source(root).swarm)
    evaluator = swarm.spec().evaluator
    step = int(time.time())
    while True:
        begin = time.perf_counter()
        foreign_step(swarm.path, step, journals=True, evaluator=evaluator)
        step += 1
        time.sleep(max(0.05 - (time.perf_counter() - begin), 0.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--presses", type=int, default=60)
    parser.add_argument("--add-to", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.add_to is not None:
        add(asked.add_to)
    print("targets: first individuals < 1 s, all < 4 s, p95 < 50 ms each, < 300 MB")
    kept = make_swarm(Path(tempfile.gettempdir()), asked.count)
    for number in range(asked.rounds):
        print(f"round {number + 1}, load average {os.getloadavg()[0]:.1f}")
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "user"
            subprocess.run(["cp", "-a", str(kept), str(root)], check=True)
            cold(root, asked.count)
            warm(root, asked.count, asked.presses)


if __name__ == "__main__":
    main()
