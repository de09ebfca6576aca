"""Sources with a thread of their own."""

from __future__ import annotations

import io
import socket
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from skywitness.sources.link import Chunk, Intake
from skywitness.sources.radio import Pump
from skywitness.sources.tcp import BackOff
from skywitness.sources.url import parse_source

AVR = b"*8D406B902015A678D4D220AA4BDA;\r\n" * 100


def everything(intake: Intake, pump: Pump, enough: int = 1 << 60) -> list[tuple[str, bytes]]:
    """Format and bytes of each link, until the pump ends."""
    out: dict[int, tuple[str, bytes]] = {}
    end = time.monotonic() + 20
    while time.monotonic() < end:
        is_over = not pump.is_alive()
        for link in intake.links():
            for item in link.take():
                assert isinstance(item, Chunk)
                out[link.number] = link.format, out.get(link.number, ("", b""))[1] + item.data
        if is_over or sum(len(data) for _, data in out.values()) >= enough:
            break
        time.sleep(0.002)
    return list(out.values())


def feed_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(data))))


def test_standard_input_is_recognised_and_held_back(monkeypatch: pytest.MonkeyPatch):
    feed_stdin(monkeypatch, AVR)
    intake = Intake(link_bytes=1000)
    pump = Pump(parse_source("-"), intake)
    pump.start()
    assert everything(intake, pump) == [("avr", AVR)]
    pump.join(20)
    assert (pump.state, pump.error) == ("ended", "end of the input")


def test_standard_input_of_a_few_bytes_or_of_no_format(monkeypatch: pytest.MonkeyPatch):
    feed_stdin(monkeypatch, AVR[:64])
    intake = Intake()
    pump = Pump(parse_source("-"), intake)
    pump.start()
    assert everything(intake, pump) == [("avr", AVR[:64])]
    feed_stdin(monkeypatch, b"\xff" * 100_000)
    pump = Pump(parse_source("-"), Intake())
    pump.start()
    pump.join(20)
    assert "no format" in pump.error


def test_a_radio_is_tried_again():
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def serve() -> None:
        for _ in range(2):
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"RTL0" + bytes(8) + b"samples!")
                time.sleep(0.05)

    class Quick(BackOff):
        """Waits next to nothing."""

        def next_s(self) -> float:
            return 0.01

    thread = threading.Thread(target=serve)
    thread.start()
    intake = Intake()
    pump = Pump(parse_source(f"rtl_tcp://127.0.0.1:{port}"), intake, Quick())
    pump.start()
    got = everything(intake, pump, 16)
    pump.stop()
    thread.join(20)
    server.close()
    pump.join(20)
    assert got == [("iq", b"samples!")] * 2
    assert not pump.is_alive()
