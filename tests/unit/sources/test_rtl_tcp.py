"""The client of rtl_tcp, against a small server of our own."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from skywitness.errors import ConfigError, SourceError
from skywitness.sources.rtl_tcp import RtlTcp, Tuning, rtl_tcp_address
from skywitness.sources.rtlsdr import RtlSdr

GREETING = struct.pack(">4sII", b"RTL0", 5, 29)


@contextmanager
def server(greeting: bytes, samples: bytes) -> Iterator[tuple[str, bytearray]]:
    """Serve one client: greeting, samples, and good-bye; yields the URL and what the client said."""
    said = bytearray()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        with client, suppress(OSError):  # a client that is not pleased hangs up
            client.sendall(greeting[:5])
            client.sendall(greeting[5:])
            for k in range(0, len(samples), 70_001):
                client.sendall(samples[k : k + 70_001])
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(1000):
                said.extend(piece)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"rtl_tcp://127.0.0.1:{listener.getsockname()[1]}", said
        thread.join(5)
    finally:
        listener.close()


def commands(said: bytes) -> dict[int, int]:
    return dict(struct.unpack_from(">BI", said, k) for k in range(0, len(said), 5))


def test_samples_come_through_and_the_radio_is_tuned():
    samples = bytes(range(256)) * 2000
    with server(GREETING, samples) as (url, said):
        radio = RtlTcp(url, Tuning(gain_db=49.6, correction_ppm=-3, bias_tee=True))
        assert (radio.tuner, radio.gains) == ("R820T", 29)
        assert b"".join(radio) == samples
        radio.close()
    assert len(said) % 5 == 0
    assert commands(said) == {
        0x01: 1_090_000_000,
        0x02: 2_400_000,
        0x03: 1,
        0x04: 496,
        0x05: 0xFFFFFFFD,
        0x08: 0,
        0x0E: 1,
    }


def test_gain_by_the_tuner_or_by_its_own_list():
    assert commands(Tuning().commands())[0x03] == 0
    by_index = commands(Tuning(gain_index=7, gain_db=3.0, agc=True).commands())
    assert (by_index[0x03], by_index[0x0D], by_index[0x08]) == (1, 7, 1)
    assert 0x04 not in by_index


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad", b"RTL0", b""])
def test_another_server_is_told_apart(greeting: bytes):
    with server(greeting, b"") as (url, _), pytest.raises(SourceError, match=r"RTL0|greeting"):
        RtlTcp(url, timeout_s=2)


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceError, match="cannot connect"):
        RtlTcp(f"rtl_tcp://127.0.0.1:{port}", timeout_s=2)


def test_a_silent_server_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SourceError, match="did not answer"):
            RtlTcp(f"rtl_tcp://127.0.0.1:{port}", timeout_s=0.2)


def test_addresses():
    assert rtl_tcp_address("rtl_tcp://radio.local") == ("radio.local", 1234)
    assert rtl_tcp_address("rtl_tcp://[::1]:99") == ("::1", 99)
    for wrong in ("rtl_tcp://", "tcp://a:1", "rtl_tcp://a:x", "rtl_tcp://a:99999"):
        with pytest.raises(ConfigError):
            rtl_tcp_address(wrong)


def test_without_pyrtlsdr_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "rtlsdr", None)
    with pytest.raises(ConfigError, match=r"pyrtlsdr.*skywitness\[sdr\]"):
        RtlSdr()


def test_a_stick_is_tuned_and_read(monkeypatch: pytest.MonkeyPatch):
    class Stick:
        valid_gains_db = (0.0, 0.9, 1.4)

        def __init__(self, device: int) -> None:
            self.device = device
            self.closed = False

        def set_agc_mode(self, on: bool) -> None:
            self.agc = on

        def set_bias_tee(self, on: bool) -> None:
            self.bias_tee = on

        def read_bytes(self, count: int) -> bytearray:
            return bytearray(count)

        def close(self) -> None:
            self.closed = True

    package = type(socket)("rtlsdr")
    package.RtlSdr = Stick  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "rtlsdr", package)
    with RtlSdr(1, Tuning(gain_index=2, bias_tee=True)) as radio:
        stick = radio._radio
        assert len(next(iter(radio))) == 1 << 18
        assert (stick.device, stick.gain, stick.sample_rate, stick.center_freq) == (1, 1.4, 2_400_000, 1_090_000_000)
        assert stick.bias_tee
    assert stick.closed
