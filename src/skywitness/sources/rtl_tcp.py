"""Samples of a radio on the network: the client's side of rtl_tcp.

The server says "RTL0", the tuner's kind and the number of its gains (three times 4 bytes, big-endian), then sends
unsigned 8-bit I and Q for ever. A command is one byte and a 32-bit number. Nothing is buffered here but one piece: when
the reader is slow, the socket fills and the server has to drop.
"""

from __future__ import annotations

import dataclasses
import socket
import struct
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from skywitness.errors import ConfigError, SourceError

__all__ = ["DEFAULT_PORT", "TUNERS", "RtlTcp", "Tuning", "rtl_tcp_address"]

DEFAULT_PORT = 1234
CHUNK_BYTES = 1 << 18
GREETING = struct.Struct(">4sII")
COMMAND = struct.Struct(">BI")

TUNERS = ("unknown", "E4000", "FC0012", "FC0013", "FC2580", "R820T", "R828D")

SET_FREQUENCY = 0x01
SET_SAMPLE_RATE = 0x02
SET_GAIN_MODE = 0x03
SET_GAIN = 0x04
SET_FREQUENCY_CORRECTION = 0x05
SET_AGC = 0x08
SET_GAIN_INDEX = 0x0D
SET_BIAS_TEE = 0x0E


@dataclasses.dataclass(frozen=True, slots=True)
class Tuning:
    """How a radio is set.

    `gain_db` None lets the tuner choose; `gain_index` (a place in the tuner's own list of gains) goes before it.
    """

    frequency_hz: int = 1_090_000_000
    rate_hz: int = 2_400_000
    gain_db: float | None = None
    gain_index: int | None = None
    correction_ppm: int = 0
    agc: bool = False
    bias_tee: bool = False

    def commands(self) -> bytes:
        """The commands of rtl_tcp that set all this."""
        manual = self.gain_db is not None or self.gain_index is not None
        pairs = [
            (SET_SAMPLE_RATE, self.rate_hz),
            (SET_FREQUENCY, self.frequency_hz),
            (SET_FREQUENCY_CORRECTION, self.correction_ppm),
            (SET_AGC, int(self.agc)),
            (SET_GAIN_MODE, int(manual)),
        ]
        if self.gain_index is not None:
            pairs.append((SET_GAIN_INDEX, self.gain_index))
        elif self.gain_db is not None:
            pairs.append((SET_GAIN, round(10 * self.gain_db)))  # tenths of a decibel
        pairs.append((SET_BIAS_TEE, int(self.bias_tee)))
        return b"".join(COMMAND.pack(code, value & 0xFFFFFFFF) for code, value in pairs)


def rtl_tcp_address(url: str) -> tuple[str, int]:
    """Host and port of `rtl_tcp://HOST[:PORT]`; raises ConfigError."""
    scheme, _, rest = url.partition("://")
    try:
        parts = urlsplit(f"//{rest}")  # a scheme with an underscore is none to urlsplit
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host, port = None, DEFAULT_PORT
    if scheme != "rtl_tcp" or not host:
        raise ConfigError(f"{url!r} is no address of a radio", hint=f"Write rtl_tcp://HOST:PORT ({DEFAULT_PORT}).")
    return host, port


class RtlTcp:
    """A connection to an rtl_tcp server: iterate over it for bytes of uc8 samples. A context manager."""

    def __init__(self, url: str, tuning: Tuning | None = None, *, timeout_s: float = 10.0) -> None:
        """Connect and tune. Raises ConfigError for a wrong address, SourceError if there is no such server."""
        self.url = url
        self.tuning = tuning or Tuning()
        host, port = rtl_tcp_address(url)
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout_s)
        except OSError as error:
            raise SourceError(
                f"cannot connect: {error}", source=url, hint="Is rtl_tcp running there, with -a 0.0.0.0?"
            ) from error
        try:
            self.tuner, self.gains = self._greeting()
            self._socket.sendall(self.tuning.commands())
        except OSError as error:
            self.close()
            raise SourceError(f"the server did not answer: {error}", source=url) from error
        except SourceError:
            self.close()
            raise

    def _greeting(self) -> tuple[str, int]:
        greeting = b""
        while len(greeting) < GREETING.size:
            piece = self._socket.recv(GREETING.size - len(greeting))
            if not piece:
                raise SourceError(
                    f"closed after {len(greeting)} of {GREETING.size} bytes of greeting",
                    source=self.url,
                    hint="rtl_tcp serves one client at a time.",
                )
            greeting += piece
        magic, tuner, gains = GREETING.unpack(greeting)
        if magic != b"RTL0":
            raise SourceError(f"greeted with {magic!r} instead of b'RTL0', so it is no rtl_tcp", source=self.url)
        return TUNERS[tuner] if tuner < len(TUNERS) else TUNERS[0], gains

    def __iter__(self) -> Iterator[bytes]:
        """Bytes as they come, until the server closes. Raises SourceError if it falls silent or the network fails."""
        while True:
            try:
                chunk = self._socket.recv(CHUNK_BYTES)
            except OSError as error:
                raise SourceError(f"no more samples: {error}", source=self.url) from error
            if not chunk:
                return
            yield chunk

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        """Return the connection itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self.close()
