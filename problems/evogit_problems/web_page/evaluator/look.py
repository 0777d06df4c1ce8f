"""Opens the page in Chromium, at three widths and in both colour schemes, and prints what it measured.

Chromium is driven through its own pipe (DevTools protocol), so no port is opened. What is measured runs in
an isolated world of the page: scripts of the page can change the document, but not how it is measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BROWSERS = (
    "/usr/lib/chromium/chromium",
    "/usr/lib/chromium-browser/chromium-browser",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
    "/usr/bin/chromium",
)
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # it runs in EvoGit's, where a second one can not be built
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--user-data-dir=/tmp/profile",
    "--remote-debugging-pipe",
)
WIDTHS = (360, 768, 1280)
HEIGHT = 900
PATIENCE = 50.0
"""Seconds for the whole visit; a page that never finishes loading is measured as it is."""
LOADING = 5.0
FILES = 200


class Browser:
    """A Chromium with one tab."""

    def __init__(self, program: str, deadline: float) -> None:
        self._deadline = deadline
        asks, self._ask = os.pipe()
        self._answer, answers = os.pipe()
        os.set_blocking(self._answer, False)
        self._process = subprocess.Popen(  # noqa: S603  # one of BROWSERS
            ["/bin/sh", "-c", f'exec "$@" 3<&{asks} 4>&{answers}', "sh", program, *FLAGS],
            pass_fds=(asks, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(asks)
        os.close(answers)
        self._buffer = b""
        self._number = 0
        self._session = ""
        self.errors = 0

    def open_tab(self) -> None:
        """Open a tab; everything after this is said to it."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")
        self.call("Runtime.enable")

    def call(self, method: str, **params: object) -> Any:
        """One command and its result."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": params}
        if self._session:
            said["sessionId"] = self._session
        os.write(self._ask, json.dumps(said).encode() + b"\0")
        for event in self._events(self._deadline):
            if event.get("id") == self._number:
                if "error" in event:
                    raise RuntimeError(f"{method}: {event['error'].get('message')}")
                return event["result"]
        raise TimeoutError(method)

    def wait_for(self, method: str, seconds: float) -> None:
        """Wait for an event, at most so long."""
        for event in self._events(min(time.monotonic() + seconds, self._deadline)):
            if event.get("method") == method:
                return

    def _events(self, deadline: float) -> Iterator[Any]:
        while time.monotonic() < deadline:
            while b"\0" in self._buffer:
                text, self._buffer = self._buffer.split(b"\0", 1)
                event = json.loads(text)
                self.errors += event.get("method") == "Runtime.exceptionThrown"
                yield event
            try:
                found = os.read(self._answer, 1 << 16)
            except BlockingIOError:
                time.sleep(0.005)
                continue
            if not found:
                raise RuntimeError("the browser ended")
            self._buffer += found

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def measure(browser: Browser, script: str, width: int, scheme: str) -> Any:
    """Load the page anew and measure it."""
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=HEIGHT,
        deviceScaleFactor=1,
        mobile=width < 500,  # phones
    )
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.call("Emulation.setEmulatedMedia", features=[feature])
    frame = browser.call("Page.navigate", url="file:///candidate/index.html")["frameId"]
    browser.wait_for("Page.loadEventFired", LOADING)
    world = browser.call("Page.createIsolatedWorld", frameId=frame, worldName="checks")
    found = browser.call(
        "Runtime.evaluate",
        expression=script,
        contextId=world["executionContextId"],
        returnByValue=True,
        timeout=3000,
    )
    if "exceptionDetails" in found:
        raise RuntimeError("the page could not be measured")
    return found["result"]["value"]


def main() -> int:
    """Visit the page four times; prints one JSON object."""
    program = next((path for path in BROWSERS if Path(path).exists()), None)
    if program is None:
        sys.stderr.write("no Chromium found: install it, such as by apt install chromium\n")
        return 3
    files = [path for path in Path("/candidate").rglob("*") if path.is_file()][:FILES]
    script = Path("/eval/checks.js").read_text("utf-8")
    browser = Browser(program, time.monotonic() + PATIENCE)
    try:
        browser.open_tab()
        light = [measure(browser, script, width, "light") for width in WIDTHS]
        dark = measure(browser, script, WIDTHS[-1], "dark")
    finally:
        browser.close()
    size = sum(path.stat().st_size for path in files)
    sys.stdout.write(
        json.dumps({"light": light, "dark": dark, "errors": browser.errors, "bytes": size})
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
