"""A running `skywitness serve`, and receivers that bring it what the walk's scenario hears."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.run.walk import heard


class Node:
    """A running `skywitness serve`."""

    def __init__(
        self, directory: Path, *arguments: str, data: bytes | None = None, trust: ssl.SSLContext | None = None
    ) -> None:
        self.trust = trust
        self.lines: list[str] = []
        self.url = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "skywitness", "serve", "--http", "127.0.0.1:0", *arguments],
            cwd=directory,
            stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | {"XDG_STATE_HOME": str(directory / "state")},
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        if data is not None:
            assert self.process.stdin is not None
            self.process.stdin.write(data)
            self.process.stdin.close()
        until(lambda: self.url or self.process.poll() is not None)

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr:
            for line in self.process.stderr:
                self.lines.append(line.decode())
                if line.startswith(b"skywitness: listening on "):
                    self.url = line.split()[-1].decode()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=20, context=self.trust) as answer:
            return bytes(answer.read())

    def json(self, path: str) -> dict:
        return json.loads(self.get(path))

    def form(self, path: str, fields: dict[str, str]) -> dict:
        """Ask by POST, with a form as the body."""
        body = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(self.url + path, body, timeout=20, context=self.trust) as answer:
            return json.loads(answer.read())

    def metrics(self) -> dict[str, float]:
        rows = (line.rpartition(" ") for line in self.get("/metrics").decode().splitlines() if line[:1] != "#")
        return {name: float(value) for name, _, value in rows}

    def port(self, kind: str) -> int:
        """Where an outgoing port listens, by the log."""
        found: list[str] = []

        def look() -> list[str]:
            found[:] = [line for line in self.lines if f"kind={kind}" in line and "port=" in line]
            return found

        until(look)
        return int(found[0].rpartition("port=")[2].split()[0])

    def end(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(60)
        self.reader.join()
        return code


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something, generously; that there is nothing yet (404, 503) is no failure."""
    end = time.monotonic() + seconds

    def is_true() -> bool:
        try:
            return bool(true())
        except urllib.error.HTTPError as error:
            if error.code not in (404, 429, 503):
                raise
            return False

    while not is_true():
        if time.monotonic() > end:
            raise AssertionError("it did not happen in time")
        time.sleep(0.05)


@contextlib.contextmanager
def running(
    directory: Path, *arguments: str, data: bytes | None = None, trust: ssl.SSLContext | None = None
) -> Iterator[Node]:
    """Begin a node, end it afterwards; `trust` for one that speaks HTTPS."""
    node = Node(directory, *arguments, data=data, trust=trust)
    try:
        assert node.url, "".join(node.lines)
        yield node
    finally:
        node.end(signal.SIGKILL)


@contextlib.contextmanager
def receiver(pieces: list[tuple[float, bytes]]) -> Iterator[int]:
    """A receiver's port: to each who connects it sends the pieces, each so many seconds after the one before."""
    server = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def send(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            for pause, data in pieces:
                if stopping.wait(pause):
                    return
                client.sendall(data)
            stopping.wait()

    threads = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                threads.append(threading.Thread(target=send, args=(client,)))
                threads[-1].start()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield server.getsockname()[1]
    finally:
        stopping.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        accepting.join()
        for thread in threads:
            thread.join()


def paced(stream: bytes, seconds: float) -> list[tuple[float, bytes]]:
    """A stream in pieces of a tenth of a second, so that it comes at its own pace."""
    count = int(10 * seconds)
    return [(0.1, stream[len(stream) * k // count : len(stream) * (k + 1) // count]) for k in range(count)]


def walk_stream(number: int) -> bytes:
    """What one receiver of the walk's scenario hears."""
    frames = heard()
    return BeastWriter(markers=False).write(frames.take(frames.receiver == number))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
