"""A whole node under load: CPU a message with recording on, memory, and how soon an answer shows a message.

A generator pours a corpus over loopback, from one connection (B) or as 200 feeders (D: three receivers, whose
aircraft are shared out), as fast as the node takes it or at a given rate. The node is `skywitness serve` in a process
of its own; its CPU time is what the system counted. Debian's dump1090-mutability takes the same stream, if it is there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.core import read_frames
from bench.corpora import corpus
from bench.measure import Result
from skywitness.batches import Frames
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.messages.mode_s.encode import callsign_code

__all__ = ["SUMMARY", "measure"]

SUMMARY = "a node with recording: CPU a message, memory, and how soon an answer shows a message"

FEEDERS = 200
RATE = 50_000  # messages a second at which the lag is measured
LAG_S = 20.0
FULL_S = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


class Node:
    """A `skywitness serve` process."""

    def __init__(self, *arguments: str, record: bool = True) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="skywitness-bench-"))
        data = ["--data", str(self.directory / "data")] if record else []
        self.log = (self.directory / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "skywitness", "serve", "--http", "127.0.0.1:0", *data, *arguments],
            stderr=subprocess.PIPE,
            cwd=self.directory,
            env=os.environ | {"SKYWITNESS_HTTP__RATE_PER_MINUTE": "1000000"},
        )
        assert self.process.stderr is not None
        self.url = ""
        for line in self.process.stderr:
            if line.startswith(b"skywitness: listening on "):
                self.url = line.split()[-1].decode()
                break
        self.copying = threading.Thread(target=shutil.copyfileobj, args=(self.process.stderr, self.log), daemon=True)
        self.copying.start()
        if not self.url:
            raise RuntimeError("the node did not start")

    def get(self, path: str) -> bytes:
        """Answer of the node."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return bytes(answer.read())

    def metrics(self) -> dict[str, float]:
        """Its counters, by name with labels."""
        rows = (line.rpartition(" ") for line in self.get("/metrics").decode().splitlines() if line[:1] != "#")
        return {name: float(value) for name, _, value in rows}

    def cpu_s(self) -> float:
        """User and system time of the process so far, and of children that have ended."""
        return cpu_s(self.process.pid)

    def memory_mb(self) -> float:
        """Greatest resident size so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024

    def close(self) -> int:
        """End it; return the exit code."""
        self.process.terminate()
        code = self.process.wait(60)
        self.copying.join()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        return code


class Generator:
    """Listens (or connects) and pours streams, each to one connection."""

    def __init__(self, streams: list[bytes], bytes_per_s: float = float("inf"), connect_to: int = 0) -> None:
        self.streams = streams
        self.rate = bytes_per_s / len(streams)
        self.sent = [0] * len(streams)
        self.extra: list[bytes] = []
        self.port = 0
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        if connect_to:
            # Each from an address of its own, as feeders are: a node limits what comes from one.
            self.sockets = [
                socket.create_connection(("127.0.0.1", connect_to), source_address=(f"127.0.1.{k + 1}", 0))
                for k in range(len(streams))
            ]
            self._server = None
        else:
            self._server = socket.create_server(("127.0.0.1", 0))
            self.port = self._server.getsockname()[1]
            self.sockets = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def inject(self, data: bytes) -> None:
        """Send something between the messages of the first stream."""
        with self._lock:
            self.extra.append(data)

    def stop(self) -> None:
        """End, whatever is left."""
        self._stopping.set()
        self.thread.join()
        for one in self.sockets:
            one.close()
        if self._server is not None:
            self._server.close()

    @property
    def is_done(self) -> bool:
        """Whether everything is sent."""
        return all(sent >= len(stream) for sent, stream in zip(self.sent, self.streams, strict=True))

    def _run(self) -> None:
        if self._server is not None:
            self.sockets = [self._server.accept()[0]]
        for one in self.sockets:
            one.setblocking(False)
        began = time.monotonic()
        while not self._stopping.is_set() and not self.is_done:
            allowed = (time.monotonic() - began) * self.rate
            idle = True
            for k, (one, stream) in enumerate(zip(self.sockets, self.streams, strict=True)):
                end = int(min(len(stream), allowed, self.sent[k] + (1 << 18)))
                if end < len(stream) and self.rate != float("inf"):
                    end = stream.rfind(b"\x1a3", self.sent[k], end)  # whole messages, for what is injected between
                if end <= self.sent[k]:
                    continue
                try:
                    self.sent[k] += one.send(memoryview(stream)[self.sent[k] : end])
                    idle = False
                except BlockingIOError:
                    pass
            with self._lock:
                extra, self.extra = self.extra, []
            for data in extra:
                self.sockets[0].setblocking(True)
                self.sockets[0].sendall(data)
                self.sockets[0].setblocking(False)
            if idle:
                time.sleep(0.002)


def cpu_s(pid: int) -> float:
    """User and system time of a process and of its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """Full speed from one connection and from 200, then the lag at RATE; and dump1090-mutability beside it."""
    data = corpus("B")[0].read_bytes()
    frames = sum(len(batch) for batch in read_frames(data))
    yield {"case": "B, 1 connection"} | full_speed([data], frames)
    if shutil.which("dump1090-mutability"):
        yield {"case": "B, dump1090-mutability"} | of_dump1090(data, frames)
    streams, rows = feeders()
    yield {"case": f"D, {FEEDERS} connections"} | full_speed(streams, rows)
    yield {"case": f"lag at {RATE} messages/s"} | lag(data, len(data) / frames * RATE)


def full_speed(streams: list[bytes], frames: int) -> Result:
    """Pour everything as fast as it is taken."""
    if len(streams) == 1:
        generator = Generator(streams)
        node = Node("--source", f"one=beast+tcp://127.0.0.1:{generator.port}")
    else:
        port = free_port()
        node = Node("--listen", f"listen+beast://127.0.0.1:{port}?anonymous=1", "--config", str(unlimited()))
        generator = Generator(streams, connect_to=port)
    try:
        before = node.cpu_s()
        began = time.monotonic()
        generator.thread.start()
        counted = 0.0
        while counted < frames and time.monotonic() - began < FULL_S:
            time.sleep(0.25)
            counted = node.metrics()["skywitness_frames_total"]
        wall = time.monotonic() - began
        spent = node.cpu_s() - before
        metrics = node.metrics()
        memory = node.memory_mb()
        generator.stop()
    finally:
        node.close()
    dropped = sum(value for name, value in metrics.items() if name.startswith("skywitness_record_dropped_total"))
    return {
        "messages": frames,
        "counted": int(counted),
        "ns_per_message": round(spent / counted * 1e9),
        "messages_per_s": round(counted / wall),
        "memory_mb": round(memory),
        "record_dropped": int(dropped),
        "record_bytes_per_message": round(metrics.get("skywitness_record_bytes_total", 0) / counted, 1),
    }


def lag(data: bytes, bytes_per_s: float) -> Result:
    """How long from the socket to an answer: identifications of fresh addresses, asked for until they are there."""
    generator = Generator([data], bytes_per_s)
    node = Node("--source", f"one=beast+tcp://127.0.0.1:{generator.port}")
    lags = []
    try:
        generator.thread.start()
        time.sleep(3)
        before, began = node.cpu_s(), time.monotonic()
        address = 0xF00000
        while time.monotonic() - began < LAG_S:
            address += 1
            message = identification(address)
            sent = time.monotonic()
            generator.inject(message + message)
            while True:
                try:
                    node.get(f"/api/v1/aircraft/{address:06x}")
                    break
                except urllib.error.HTTPError as error:
                    if error.code != 404 or time.monotonic() - sent > 10:
                        raise
                time.sleep(0.005)
            lags.append(time.monotonic() - sent)
            time.sleep(0.05)
        share = (node.cpu_s() - before) / (time.monotonic() - began)
        generator.stop()
    finally:
        node.close()
    lags.sort()
    return {
        "asked": len(lags),
        "median_ms": round(1000 * statistics.median(lags)),
        "p99_ms": round(1000 * lags[int(0.99 * (len(lags) - 1))]),
        "cpu_percent": round(100 * share),
    }


def of_dump1090(data: bytes, frames: int) -> Result:
    """The same stream into Debian's dump1090-mutability, which tracks and writes no record."""
    port = free_port()
    process = subprocess.Popen(
        ["dump1090-mutability", "--net-only", "--net-bi-port", str(port), "--net-ri-port", "0", "--net-ro-port", "0",
         "--net-bo-port", "0", "--net-sbs-port", "0", "--net-http-port", "0", "--quiet"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(100):
            try:
                connection = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                time.sleep(0.05)
        before = cpu_s(process.pid)
        began = time.monotonic()
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(FULL_S)
        idle, spent = 0, cpu_s(process.pid)
        while idle < 4 and time.monotonic() - began < FULL_S:  # it says nothing when it is done
            time.sleep(0.25)
            now = cpu_s(process.pid)
            idle = idle + 1 if now - spent < 0.02 else 0
            spent = now
        connection.close()
    finally:
        process.terminate()
        process.wait()
    return {"messages": frames, "ns_per_message": round((spent - before) / frames * 1e9)}


def feeders() -> tuple[list[bytes], int]:
    """Corpus D as FEEDERS streams: what each of three receivers hears, by groups of aircraft."""
    streams = []
    rows = 0
    groups = FEEDERS // 3
    for receiver, path in enumerate(corpus("D")):
        frames = Frames.concat(read_frames(path.read_bytes()))
        rows += len(frames)
        # DF 4, 5, 20 and 21 carry their address in the parity: the last three bytes tell the group of none of them
        # apart, so groups are by time slices of one receiver's clock: each feeder brings every so-many-th message.
        count = groups + (receiver < FEEDERS - 3 * groups)
        for k in range(count):
            share = frames.take(np.arange(k, len(frames), count))
            hello = b"\x1a\xe4" + f"5e7d0000-0000-4000-8000-{receiver:04d}{k:08d}".encode()
            streams.append(hello + BeastWriter(markers=False).write(share))
    return streams, rows


def identification(address: int) -> bytes:
    """DF 17 of an address with a callsign, as Beast."""
    from skywitness.codes.parity import syndrome_long
    from skywitness.kernel import plain

    body = bytearray([0x8D, *address.to_bytes(3, "big")])
    me = 4 << 51 | callsign_code("LAG") & (1 << 48) - 1
    row = np.frombuffer(bytes(body + me.to_bytes(7, "big") + bytes(3)), np.uint8).copy()
    parity = int(plain(syndrome_long)(row))
    frame = bytes(row[:11]) + parity.to_bytes(3, "big")
    return b"\x1a3" + (bytes([0xFF] * 6) + b"\x80" + frame).replace(b"\x1a", b"\x1a\x1a")


def unlimited() -> Path:
    """Settings that let feeders bring as much as they can."""
    path = Path(tempfile.mkdtemp()) / "skywitness.toml"
    path.write_text(
        "[limits]\nanonymous = true\nconnections_per_address = 1000\nbytes_per_s = 1_000_000_000\n"
        "messages_per_s = 100_000_000\n"
    )
    return path


def free_port() -> int:
    """A port nobody has just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


if __name__ == "__main__":
    for result in measure(argparse.Namespace()):
        print(json.dumps(result), flush=True)
