"""`skywitness serve`: the whole node as a process, and what its users see of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skywitness.archive.reader import open_history
from skywitness.archive.segments import read_segment, segment_path, segments_of
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.run.walk import heard

ALL_TIME = (0, 1 << 62)


class Node:
    """A running `skywitness serve`."""

    def __init__(self, directory: Path, *arguments: str, data: bytes | None = None) -> None:
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
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return bytes(answer.read())

    def json(self, path: str) -> dict:
        return json.loads(self.get(path))

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
def running(directory: Path, *arguments: str, data: bytes | None = None) -> Iterator[Node]:
    node = Node(directory, *arguments, data=data)
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


def test_the_demonstration_is_served_in_every_dialect_and_recorded(tmp_path):
    with running(tmp_path, "--source", "demo=demo?loop=1", "--data", "data") as node:
        until(lambda: sum("lat" in aircraft for aircraft in node.json("/data/aircraft.json")["aircraft"]) >= 3)
        listed = node.json("/data/aircraft.json")
        assert listed["simulated"] is True
        addresses = {aircraft["hex"] for aircraft in listed["aircraft"]}
        assert addresses <= {row["icao24"] for row in node.json("/api/v1/aircraft")["aircraft"]}
        assert addresses & {aircraft["hex"] for aircraft in node.json("/dump1090/data/aircraft.json")["aircraft"]}
        some = next(aircraft["hex"] for aircraft in listed["aircraft"] if "lat" in aircraft)
        assert node.json(f"/v2/icao/{some},")["ac"][0]["hex"] == some
        assert some in {state[0] for state in node.json("/api/states/all")["states"]}
        assert node.json(f"/re-api/?find_hex={some}&json")["aircraft"][0]["hex"] == some
        until(lambda: node.json(f"/data/traces/{some[-2:]}/trace_full_{some}.json")["trace"])
        assert node.get("/healthz")
        until(lambda: node.metrics()["skywitness_record_receptions_total"] > 100)
        assert node.end() == 0
    assert len(kept_ids(tmp_path / "data")) > 100
    history = open_history(tmp_path / "data", strict=True)
    kept = history.positions(*ALL_TIME)
    assert len(kept) > 5
    assert set(kept.provenance.tolist()) == {2}  # simulated, to the last row on disk


def test_two_receivers_and_two_chained_nodes_see_one_sky(tmp_path):
    with receiver(paced(walk_stream(0), 3.0)) as north, receiver(paced(walk_stream(1), 3.0)) as south:
        sources = [
            "--source",
            f"north=beast+tcp://127.0.0.1:{north}@47.1,8.0",
            "--source",
            f"south=beast+tcp://127.0.0.1:{south}",
        ]
        port = free_port()
        feeders = "[limits]\nanonymous = true\n"
        (tmp_path / "hub.toml").write_text(feeders)
        with (
            running(tmp_path, "--config", "hub.toml", "--listen", f"listen+beast://127.0.0.1:{port}") as hub,
            running(tmp_path, *sources, "--push", f"beast://127.0.0.1:{port}") as node,
        ):
            until(lambda: len(node.json("/api/v1/receivers")["receivers"]) == 2)
            until(lambda: node.metrics()["skywitness_frames_total"] == len(heard()))
            rows: dict = {}

            def is_counted() -> bool:
                rows.update({row["name"]: row for row in node.json("/api/v1/receivers")["receivers"]})
                return sum(row["frames"] for row in rows.values()) == len(heard())

            until(is_counted)
            assert rows["north"]["shared"] == rows["south"]["shared"] > 0.9 * rows["north"]["accepted"]
            until(lambda: hub.metrics()["skywitness_frames_total"] > 1000)
            fed = hub.json("/api/v1/receivers")["receivers"]
            assert len(fed) == 1  # one stream, under the name of the node that pushed
            assert not fed[0]["own"]


def test_a_killed_node_keeps_what_it_said_was_safe_and_goes_on_counting(tmp_path):
    parts = paced(walk_stream(0), 3.0)
    promised = -1
    for _ in range(2):
        with (
            receiver(parts) as port,
            running(tmp_path, "--source", f"roof=beast+tcp://127.0.0.1:{port}", "--data", "data") as node,
        ):
            mark: dict = {}

            def is_safe(node: Node = node, mark: dict = mark, before: int = promised) -> bool:
                rows = node.json("/api/v1/receivers")["receivers"]
                mark.update(rows[0] if rows else {})
                return mark.get("watermark_sequence", -1) > max(before, 0)

            until(is_safe)
            promised = mark["watermark_sequence"]
            node.end(signal.SIGKILL)
    ids = kept_ids(tmp_path / "data")
    assert len(ids) == len(set(ids)) > promised
    done = subprocess.run(
        [sys.executable, "-m", "skywitness", "doctor", "--data", "data", "--verify", "--json"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert b"crash" in done.stdout


def test_standard_input_and_a_recording_as_fast_as_it_goes(tmp_path):
    (tmp_path / "one.beast").write_bytes(BeastWriter().write(heard().take(heard().receiver == 0)))
    rows = int((heard().receiver == 0).sum())
    with running(tmp_path, "--source", "one.beast?speed=max") as node:
        until(lambda: node.metrics()["skywitness_frames_total"] == rows)
    with running(tmp_path, "--source", "-", data=walk_stream(0)) as node:
        until(lambda: node.metrics()["skywitness_frames_total"] == rows)


def test_a_port_gives_what_is_heard(tmp_path):
    query = free_port()
    (tmp_path / "skywitness.toml").write_text(f'http.readsb_api = "127.0.0.1:{query}"\nout.stations = true\n')
    with (
        receiver([(2.0, walk_stream(0)[:100_000])]) as port,
        running(tmp_path, "--source", f"beast+tcp://127.0.0.1:{port}", "--sbs-out", "127.0.0.1:0") as node,
        socket.create_connection(("127.0.0.1", node.port("sbs")), timeout=30) as client,
    ):
        text = b""
        while text.count(b"\r\n") < 100:
            got = client.recv(1 << 16)
            assert got
            text += got
        with urllib.request.urlopen(f"http://127.0.0.1:{query}/?all", timeout=20) as answer:
            assert "aircraft" in json.load(answer)
    assert all(line.count(b",") == 21 for line in text.split(b"\r\n")[:99])


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        ([], "nothing to listen to", 2),
        (["--source", "demo=demo?loop=1", "--http", "0.0.0.0:0"], "--public", 2),
        (["--source", "demo=demo?loop=1", "--http", "nonsense"], "HOST:PORT", 2),
        (["--source", "beast+tcp://"], "", 2),
        (["--source", "gopher://x"], "no kind of source", 2),
        (["--source", "demo=demo?loop=1", "--source", "beast+tcp://127.0.0.1:1"], "cannot be mixed", 2),
        (["--source", "demo=demo?loop=1", "--aircraft-db", "missing.gz"], "cannot be read", 2),
        (["--source", "demo=demo?loop=1", "--config", "missing.toml"], "missing.toml", 2),
    ],
)
def test_what_cannot_be_served_is_said_in_one_sentence(tmp_path, arguments, says, code):
    done = subprocess.run(
        [sys.executable, "-m", "skywitness", "serve", *arguments],
        cwd=tmp_path, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == code
    last = done.stderr.decode().strip().splitlines()[-1]
    assert last.startswith("skywitness: ")
    assert says in last
    assert "Traceback" not in done.stderr.decode()


def test_a_taken_port_is_said_and_two_nodes_do_not_share_a_directory(tmp_path):
    with running(tmp_path, "--source", "demo=demo?loop=1", "--data", "data") as node:
        port = node.url.rpartition(":")[2]
        for arguments, code in ((["--http", f"127.0.0.1:{port}"], 3), (["--http", "127.0.0.1:0", "--data", "data"], 2)):
            done = subprocess.run(
                [sys.executable, "-m", "skywitness", "serve", "--source", "demo=demo?loop=1", *arguments],
                cwd=tmp_path, capture_output=True, check=False, timeout=60,
            )  # fmt: skip
            assert done.returncode == code, done.stderr.decode()
            assert done.stderr.decode().strip().splitlines()[-1].startswith("skywitness: ")


def kept_ids(data: Path) -> list[int]:
    """Ids of all receptions on disk."""
    paths = [segment_path(data, number) for number in segments_of(data)]
    return [number for path in paths for frames in read_segment(path) for number in frames.id.tolist()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
