"""Debian's Firefox, driven over WebDriver BiDi, which it speaks itself.

Without a screen Firefox has no WebGL; one in memory, of Debian's `xvfb`, is enough.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

__all__ = ["MISSING", "Firefox", "firefox"]

MISSING = [name for name in ("firefox-esr", "Xvfb") if shutil.which(name) is None]
START_S = 60.0
ANSWER_S = 60.0
# No profile's first-run pages, no update checks, and drawing by software where there is no graphics card.
PREFERENCES = {
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
    "webgl.force-enabled": True,
}


class Firefox:
    """One tab, and what went wrong in it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.failures: list[str] = []
        self.asked: list[str] = []
        self._number = 0
        self.command("session.new", capabilities={})
        self.command("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.tab = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, return its result; events that come before it are noted."""
        self._number += 1
        self.connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self.connection.recv(ANSWER_S))
            if said.get("type") == "event":
                self._note(said["method"], said["params"])
            elif said.get("id") == self._number:
                if said["type"] == "error":
                    raise RuntimeError(f"{method}: {said['error']}: {said['message']}")
                return dict(said["result"])

    def open(self, url: str, width: int = 1280, height: int = 800) -> None:
        """Go there, in a window of that size."""
        self.command("browsingContext.setViewport", context=self.tab, viewport={"width": width, "height": height})
        self.command("browsingContext.navigate", context=self.tab, url=url, wait="interactive")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, by way of JSON."""
        answer = self.command(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(value => JSON.stringify(value))",
            target={"context": self.tab},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def wait(self, condition: str, seconds: float = 60.0) -> None:
        """Wait until it is true."""
        end = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"{condition}: {self.failures}"
            time.sleep(0.1)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._perform({"type": "key", "id": "keys", "actions": actions})

    def click(self, x: float, y: float) -> None:
        """Press the left button at a place of the page, in pixels."""
        move = {"type": "pointerMove", "x": round(x), "y": round(y)}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._perform({"type": "pointer", "id": "mouse", "actions": [move, *press]})

    def picture(self, path: Path) -> bytes:
        """Keep a picture of the page; return it."""
        data = self.command("browsingContext.captureScreenshot", context=self.tab)["data"]
        path.write_bytes(base64.b64decode(data))
        return path.read_bytes()

    def _perform(self, source: dict[str, Any]) -> None:
        self.command("input.performActions", context=self.tab, actions=[source])

    def _note(self, method: str, event: dict[str, Any]) -> None:
        if method == "network.beforeRequestSent":
            self.asked.append(event["request"]["url"])
        elif event["level"] == "error":
            self.failures.append(event.get("text") or "an error without words")


@contextmanager
def firefox() -> Iterator[Firefox]:
    """Start a browser with an empty profile; end it, whatever happens."""
    profile = Path(tempfile.mkdtemp(prefix="firefox-"))
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    try:
        with (
            screen() as display,
            ending(
                ["firefox-esr", "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"],
                env=os.environ | {"DISPLAY": display},
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            ) as process,
            connect(f"{address_of(process)}/session", max_size=None, open_timeout=START_S) as connection,
        ):
            yield Firefox(connection)
    finally:
        shutil.rmtree(profile, ignore_errors=True)


@contextmanager
def screen() -> Iterator[str]:
    """A screen in memory; its name."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-screen", "0", "1440x900x24"]
    with (
        os.fdopen(reading) as said,
        ending(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
    ):
        os.close(writing)
        yield f":{said.readline().strip()}"


@contextmanager
def ending(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process that ends with the block, by force if it must."""
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def address_of(process: subprocess.Popen[str]) -> str:
    """Return where it listens, which it says; what it says later is read and left."""
    assert process.stderr is not None
    late = threading.Timer(START_S, process.kill)
    late.start()
    try:
        for line in process.stderr:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                threading.Thread(target=process.stderr.read, daemon=True).start()
                return found[1]
    finally:
        late.cancel()
    raise RuntimeError("Firefox ended before it listened")
