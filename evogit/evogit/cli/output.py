"""What people and programs read: data on stdout, everything else on stderr.

Text passes through ``evogit.text`` here, once, on its way out; markup is never interpreted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO

from evogit.errors import EvoGitError, UserError
from evogit.text import clean, clean_line

if TYPE_CHECKING:
    from evogit.redact import Redactor

SCHEMA: Final = 1
"""Version of every JSON object printed here; grows when a field changes its meaning or goes."""

Color = Literal["auto", "always", "never"]
Form = Literal["text", "json", "lines"]

_STYLES: Final = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
}


class OutputClosedError(Exception):
    """Whoever read our standard output has gone (``evogit log | head``): end without a word."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its title, the row's key, and how it is set.

    On a narrow terminal ``flexible`` columns are cut first, or wrapped if they ``wrap``.
    """

    title: str
    key: str
    right: bool = False
    style: str = ""
    flexible: bool = False
    wrap: bool = False
    show: Callable[[object], str] = lambda value: "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Manner:
    """How to write: chosen by options and environment."""

    form: Form = "text"
    color: Color = "auto"
    quiet: bool = False
    verbose: int = 0
    log_file: Path | None = None
    debug: bool = False


class Output:
    """The two streams of one invocation.

    Args:
        manner: form, colour and verbosity.
        environ: for ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM``, and for the secrets in it, which
            notes, warnings, errors and the log file never show.
    """

    def __init__(self, manner: Manner, environ: Mapping[str, str]) -> None:
        self.redactor: Redactor | None = None
        self._environ = environ
        self.form: Form = manner.form
        self.manner = manner
        self.colored = _wants_color(manner.color, environ, sys.stdout)
        self._error_colored = _wants_color(manner.color, environ, sys.stderr)
        self._plain_terminal = environ.get("TERM") == "dumb"

    @property
    def is_terminal(self) -> bool:
        """Whether a person sees standard output on a terminal that can do more than lines."""
        return sys.stdout.isatty() and not self._plain_terminal

    # -- data ---------------------------------------------------------------------------------

    def result(self, data: Mapping[str, object], text: Callable[[], None]) -> None:
        """One object: as JSON if asked for, else whatever ``text`` writes."""
        if self.form == "text":
            text()
        else:
            self._json(data)

    def rows(
        self, name: str, rows: Sequence[Mapping[str, object]], columns: Sequence[Column]
    ) -> None:
        """A list: one object holding it under ``name``, one object per line, or a table."""
        if self.form == "json":
            self._json({name: rows})
        elif self.form == "lines":
            for row in rows:
                self._json(row)
        else:
            self.table(rows, columns)
            if not rows:
                self.note(f"no {name}")

    def table(self, rows: Sequence[Mapping[str, object]], columns: Sequence[Column]) -> None:
        """Rows under titles: set by rich on a terminal, else aligned with spaces."""
        cells = [[clean_line(c.show(row.get(c.key)), 300) for c in columns] for row in rows]
        if not cells:
            return
        if self.is_terminal:
            self._rich_table(cells, columns)
        else:
            self._plain_table(cells, columns)

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Names and values, one per line, aligned; empty values are left out."""
        shown = [(name, clean_line(value, 500)) for name, value in pairs if value]
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            self.line(self.style(f"{name:<{width}}", "dim") + f"  {value}", raw=True)

    def line(self, text: str = "", *, style: str = "", raw: bool = False) -> None:
        """One or more lines of text on stdout; ``raw`` if the caller cleaned and styled it."""
        self._write(sys.stdout, text if raw else self.style(clean(text), style))

    def style(self, text: str, style: str) -> str:
        """``text`` in a colour if standard output wants colours. It must be clean already."""
        return _styled(text, style) if self.colored else text

    def flush(self) -> None:
        """Let the reader see what was written so far."""
        try:
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise OutputClosedError from error

    def _json(self, data: Mapping[str, object]) -> None:
        self._write(sys.stdout, dump_json({"schema": SCHEMA, **data}, lines=self.form == "lines"))

    def _plain_table(self, cells: list[list[str]], columns: Sequence[Column]) -> None:
        lines = [[column.title for column in columns], *cells]
        widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
        for number, line in enumerate(lines):
            parts = [
                f"{text:>{width}}" if column.right else f"{text:<{width}}"
                for text, width, column in zip(line, widths, columns, strict=True)
            ]
            styles = ["dim" if number == 0 else column.style for column in columns]
            styled = (self.style(p, s) for p, s in zip(parts, styles, strict=True))
            self.line("  ".join(styled).rstrip(), raw=True)

    def _rich_table(self, cells: list[list[str]], columns: Sequence[Column]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for number, column in enumerate(columns):
            widest = max(len(row[number]) for row in (*cells, [c.title for c in columns]))
            table.add_column(
                Text(column.title),
                min_width=None if column.flexible else widest,
                justify="right" if column.right else "left",
                style=column.style,
                no_wrap=not column.wrap,
                overflow="fold" if column.wrap else "ellipsis",
            )
        for row in cells:
            table.add_row(*(Text(cell) for cell in row))
        console = Console(no_color=not self.colored, force_terminal=self.colored, highlight=False)
        with console.capture() as captured:
            console.print(table)
        self._write(sys.stdout, captured.get().rstrip("\n"))

    # -- everything else ----------------------------------------------------------------------

    def note(self, text: str) -> None:
        """Something worth knowing; silent with ``--quiet``, always in the log file."""
        text = self.redacted(text)
        self._log("note", text)
        if not self.manner.quiet:
            self._write(sys.stderr, clean(text, 2000))

    def detail(self, text: str) -> None:
        """Something only ``--verbose`` shows."""
        text = self.redacted(text)
        self._log("detail", text)
        if self.manner.verbose:
            self._write(sys.stderr, self._error_style(clean(text, 2000), "dim"))

    def warn(self, text: str) -> None:
        """A warning; shown even with ``--quiet``."""
        text = self.redacted(text)
        self._log("warning", text)
        self._write(sys.stderr, self._error_style("warning: ", "yellow") + clean(text, 2000))

    def tell(self, text: str) -> None:
        """What a person is asked to agree to: uncut, and even with ``--quiet``."""
        text = self.redacted(text)
        self._log("note", text)
        self._write(sys.stderr, clean(text, len(text)))

    def error(self, code: str, message: str, hint: str) -> None:
        """The one error of an invocation: an object on stdout with ``--json``, else two lines."""
        message = clean(self.redacted(message), 4000)
        hint = clean(self.redacted(hint), 2000)
        self._log("error", message)
        if self.form != "text":
            self._json({"error": {"code": code, "message": message, "hint": hint}})
            return
        self._write(sys.stderr, self._error_style("error: ", "red") + message)
        if hint:
            self._write(sys.stderr, self._error_style("hint: ", "cyan") + hint)

    def confirm(self, question: str, *, yes: bool, flag: str = "--yes") -> None:
        """Go on only if ``yes`` or a person at a terminal says so.

        Raises:
            UserError: nobody can be asked; the hint names the flag.
            EvoGitError: the answer was no.
        """
        if yes:
            return
        if self.form != "text" or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UserError(f"nobody is here to ask: {question}", hint=f"pass {flag} to agree")
        print(f"{clean_line(question)} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise EvoGitError("not confirmed; nothing was changed")

    def redacted(self, text: str) -> str:
        """``text`` without the secrets of the environment."""
        if self.redactor is None:
            from evogit.redact import Redactor, secret_variables  # kept out of start-up

            self.redactor = Redactor(secret_variables(self._environ))
        return self.redactor.text(text)

    def _error_style(self, text: str, style: str) -> str:
        return _styled(text, style) if self._error_colored else text

    def _log(self, level: str, text: str) -> None:
        if self.manner.log_file is None:
            return
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            with self.manner.log_file.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"{stamp} {level} {clean(text, 4000)}\n")
        except OSError as error:
            log_file, self.manner = self.manner.log_file, Manner(self.form)
            raise UserError(f"the log file {log_file} can not be written: {error}") from error

    def _write(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text + "\n")
            if stream is sys.stderr:
                stream.flush()
        except BrokenPipeError as error:
            raise OutputClosedError from error


def counted(number: int, thing: str) -> str:
    """A number and what it counts, such as ``1 individual`` or ``3 individuals``."""
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"


def dump_json(data: object, *, lines: bool = False) -> str:
    """Canonical JSON: ASCII only, so that no terminal obeys what is in it; no NaN."""
    if lines:
        return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return json.dumps(data, ensure_ascii=True, allow_nan=False, indent=2)


def _styled(text: str, style: str) -> str:
    codes = ";".join(_STYLES[name] for name in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text


def _wants_color(color: Color, environ: Mapping[str, str], stream: TextIO) -> bool:
    if color != "auto":
        return color == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return environ["FORCE_COLOR"] != "0"
    return stream.isatty() and environ.get("TERM") != "dumb"
