"""What the fuzzer feeds: one function a way in. The first byte of an input chooses it, the second how it is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from skywitness.batches import Frames
from skywitness.codes.parity import syndrome_long, syndrome_short
from skywitness.kernel import plain
from skywitness.pipeline import Pipeline, Settings

__all__ = ["TARGETS", "one_input", "seeds"]

START_NS = 1_750_000_000_000_000_000
ADDRESS = 0x40621D
ADDRESS_IN_PARITY = (0, 4, 5, 16, 20, 21)


def pieces(data: bytes, cut: int) -> Iterator[bytes]:
    """The input in pieces of `cut` bytes; 0 is all at once."""
    step = cut or max(1, len(data))
    for start in range(0, len(data), step):
        yield data[start : start + step]


def rows_to_pipeline(data: bytes, cut: int) -> None:
    """Each 16 bytes are a frame: a time step and a receiver, then the frame itself, its parity put right if bit 6 says.

    Without that no mutation of a frame would get past the parity, and nothing behind it would be searched.
    """
    rows = np.frombuffer(data[: len(data) // 16 * 16], np.uint8).reshape(-1, 16)
    count = len(rows)
    frames = Frames.allocate(count)
    frames.id[:] = np.arange(count)
    step_ns = (1 << (rows[:, 0] & 31).astype(np.int64)) * 1000
    frames.time_ns[:] = START_NS + np.cumsum(np.where(rows[:, 0] & 32, -step_ns, step_ns))
    frames.ticks[:] = -1
    frames.timing[:] = 3
    frames.receiver[:] = rows[:, 1] & 3
    frames.signal_dbfs[:] = -10.0
    frames.data[:] = rows[:, 2:]
    frames.length[:] = np.where(rows[:, 1] & 128, 2, np.where(frames.data[:, 0] & 128, 14, 7))
    for i in np.flatnonzero(rows[:, 0] & 64):
        mend_parity(frames.data[i], int(frames.length[i]))
    pipeline = Pipeline(Settings())
    limit = max(1, cut % 16)
    for start in range(0, count, limit):
        output = pipeline.push(frames.slice(start, start + limit))
        if len(output.messages) != min(limit, count - start):
            raise AssertionError("a frame without its row, or a row without its frame")
    pipeline.flush()


def mend_parity(row: np.ndarray, length: int) -> None:
    """Change the last three bytes so that the frame is intact; address/parity formats get one known address."""
    if length < 7:
        return
    wrong = int(plain(syndrome_long if length == 14 else syndrome_short)(row))
    if row[0] >> 3 in ADDRESS_IN_PARITY:
        wrong ^= ADDRESS
    row[length - 3 : length] ^= np.frombuffer(wrong.to_bytes(3, "big"), np.uint8)


TARGETS: dict[str, Callable[[bytes, int], None]] = {"rows": rows_to_pipeline}


def one_input(data: bytes) -> None:
    """Feed one input; anything raised is a finding."""
    if len(data) < 3:
        return
    targets = list(TARGETS.values())
    with np.errstate(all="ignore"):
        targets[data[0] % len(targets)](data[2:], data[1])


def seeds() -> Iterator[tuple[str, bytes]]:
    """A first input for each target, so that the search starts at something valid."""
    for number, name in enumerate(TARGETS):
        pair = bytes.fromhex("01008D40621D58C382D690C8AC2863A701008D40621D58C386435CC412692AD6")
        yield name, bytes([number, 0]) + pair
