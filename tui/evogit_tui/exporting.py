"""The screen as a picture or a text, in a file."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from rich.console import Console

from evogit.errors import PreconditionError

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

Form = Literal["svg", "png", "html", "text"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE: Final = 60.0
_REMOTE_FONTS: Final = re.compile(r"@font-face\s*\{[^}]*\}")
_VIEW_BOX: Final = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def record(app: EvoGitApp) -> Console:
    """The whole screen, drawn on a console that remembers; on the UI thread."""
    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    # What App.export_screenshot does; it can only give SVG.
    compositor: Any = app.screen._compositor  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    console.print(compositor.render_update(full=True))
    return console


def render(console: Console, form: Form, title: str) -> bytes:
    """The recorded screen as the content of a file. A picture may take seconds: use a thread.

    The SVG names no font of another host, so that showing it tells nobody.

    Raises:
        PreconditionError: nothing that draws PNG is installed, or it failed.
    """
    if form == "text":
        lines = console.export_text(clear=False).split("\n")
        return ("\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n").encode()
    if form == "html":
        return console.export_html(clear=False, inline_styles=True).encode()
    svg = _REMOTE_FONTS.sub("", console.export_svg(title=title, clear=False))
    return svg.encode() if form == "svg" else _png(svg)


def write(path: Path, data: bytes) -> None:
    """Write a file that is not there yet.

    Raises:
        PreconditionError: it is there, or the disk refused.
    """
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise PreconditionError(f"{path} is there already", hint="name another file") from error
    except OSError as error:
        raise PreconditionError(f"{path} can not be written: {error.strerror}") from error


def _png(svg: str) -> bytes:
    drawn = _by_library(svg)
    if drawn is not None:
        return drawn
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise PreconditionError(
            "nothing that draws PNG is installed", hint="install cairosvg or chromium, or use svg"
        )
    with tempfile.TemporaryDirectory(prefix="evogit-") as folder:
        return _by_browser(browser, svg, Path(folder))


def _by_library(svg: str) -> bytes | None:
    try:
        import cairosvg  # pyright: ignore[reportMissingImports]
    except (ImportError, OSError):  # OSError: the C library below it is missing
        return None
    draw: Any = cairosvg.svg2png  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    drawn: Any = draw(bytestring=svg.encode(), output_width=1600)  # pyright: ignore[reportUnknownVariableType]
    return drawn if isinstance(drawn, bytes) else None


def _by_browser(browser: str, svg: str, folder: Path) -> bytes:
    box = _VIEW_BOX.search(svg)
    size = f"{float(box[1]):.0f},{float(box[2]):.0f}" if box else "1500,900"
    (folder / "screen.svg").write_text(svg, "utf-8")
    command = [
        browser,
        "--headless",
        "--disable-gpu",
        "--hide-scrollbars",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # it refuses to run as root otherwise
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={size}",
        f"--screenshot={folder / 'screen.png'}",
        (folder / "screen.svg").as_uri(),
    ]
    try:
        subprocess.run(  # noqa: S603  # a browser found on PATH, with a file of our own
            command, check=False, timeout=_PATIENCE, capture_output=True, stdin=subprocess.DEVNULL
        )
        return (folder / "screen.png").read_bytes()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PreconditionError(f"{browser} drew no picture", hint="use svg") from error
