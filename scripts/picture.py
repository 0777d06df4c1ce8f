#!/usr/bin/env python3
"""Draw docs/demo.svg from a real `evogit demo`: its table, and the phylogeny behind it.

.venv/bin/python scripts/picture [SECONDS]
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 118


def evogit(*arguments: str, cwd: Path) -> str:
    """What a command prints on standard output, in colour."""
    command = [sys.executable, "-m", "evogit.cli", "--color", "always", "-q", *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Run the demo and write the picture."""
    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        table = evogit("demo", "demo-run", "--time", f"{seconds}s", cwd=Path(folder))
        home = Path(folder) / "demo-run" / "online-bin-packing"
        shown = [
            ("evogit demo", table),
            (
                "evogit log --graph -n 14 best",
                evogit("log", "--graph", "-n", "14", "best", cwd=home),
            ),
            ("evogit diff base best", evogit("diff", "base", "best", cwd=home)),
        ]
        for command, text in shown:
            console.print(Text(f"$ {command}", style="bold green"))
            for line in text.rstrip().splitlines():
                found = Text.from_ansi(line)
                found.truncate(WIDTH, overflow="ellipsis")
                console.print(found, soft_wrap=False)
            console.print()
    (ROOT / "docs" / "demo.svg").write_text(console.export_svg(title="EvoGit"))


if __name__ == "__main__":
    main()
