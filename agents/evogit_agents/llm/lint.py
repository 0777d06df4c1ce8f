"""What ruff says of an individual's Python file, run in the sandbox; no ruff, nothing said."""

from __future__ import annotations

import shutil
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from evogit.config.model import Limits
from evogit.errors import EvoGitError
from evogit.ids import TreeId
from evogit.proposals import Genome
from evogit.sandbox.base import Job, Mount, Sandbox
from evogit.text import decode
from evogit_agents.llm.source import MOST_BYTES

_KEPT: Final = 256
_MOST_LINES: Final = 20
_LIMITS: Final = Limits(wall=20.0, cpu=20.0, output=64 * 1024)
_INSIDE: Final = "/candidate"
_FILE: Final = "file.py"
"""Only the ending matters to a linter; the path itself is a stranger's."""
_ARGUMENTS: Final = (
    *("check", "--isolated", "--no-cache", "--quiet", "--output-format=concise"),
    "--select=E7,E9,F,B",  # what is likely wrong, not how it is laid out
)


@dataclass(slots=True)
class _Said:
    """What is said of one file; ``None`` until whoever holds ``turn`` has asked."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    text: str | None = None


class Lint:
    """Runs ruff, once per tree and file. Thread-safe: who asks of the same file waits, others do not.

    It is taken from beside EvoGit's interpreter, or else from the sandbox's environment
    (``python -m ruff``). One that does not start is not tried again. Files are looked at alone, which
    is why tools that follow imports, such as type checkers, are not asked.

    Args:
        sandbox: runs it: it reads what candidates wrote.
        folder: for scratch.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._works = True
        self._known: OrderedDict[tuple[TreeId, str], _Said] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, genome: Genome, path: str) -> str:
        """The findings in a file of an individual as ``line:column: text``, bounded; maybe none."""
        key = (genome.tree, path)
        with self._lock:
            said = self._known.setdefault(key, _Said())
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        with said.turn:
            if said.text is None:
                said.text = self._look(genome, path)
            return said.text

    def _look(self, genome: Genome, path: str) -> str:
        data = genome.read(path) if self._works and path.endswith(".py") else b""
        if not data or len(data) > MOST_BYTES:
            return ""
        self._folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="lint-", dir=self._folder) as place:
            Path(place).chmod(0o755)  # the sandbox may run as somebody else
            Path(place, _FILE).write_bytes(data)
            found = self._run(Path(place))
        lines = (line.partition(f"{_FILE}:")[2] for line in found.split("\n"))
        return "\n".join([line for line in lines if line][:_MOST_LINES])

    def _run(self, place: Path) -> str:
        mounts = [Mount(place, _INSIDE)]
        beside = shutil.which("ruff", path=str(Path(sys.executable).parent))
        program = ("python", "-m", "ruff")
        if beside is not None:
            program = ("/linter/ruff",)
            mounts.append(Mount(Path(beside).resolve(), program[0]))
        try:
            job = Job((*program, *_ARGUMENTS, _FILE), mounts, _INSIDE, limits=_LIMITS)
            done = self._sandbox.start(job).wait()
        except EvoGitError:
            done = None
        if done is None or done.limit is not None or done.status not in (0, 1):
            self._works = False
            return ""
        return decode(done.stdout)
