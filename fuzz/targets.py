"""What the fuzzer feeds: one function a way in. The first byte of an input chooses it, the second how it is cut."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from skywitness.batches import Frames
from skywitness.codes.parity import syndrome_long, syndrome_short
from skywitness.errors import FormatError
from skywitness.frames.demodulate.demodulator import Demodulator
from skywitness.frames.demodulate.samples import SAMPLE_FORMATS
from skywitness.frames.formats.avr import AvrReader
from skywitness.frames.formats.beast import BeastReader
from skywitness.frames.formats.hex_csv import HexCsvReader
from skywitness.frames.formats.uat import UatFrames, UatReader
from skywitness.kernel import plain
from skywitness.messages.mode_s.columns import decode_table
from skywitness.messages.mode_s.decode import decode
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


class FrameReader(Protocol):
    """What every reader of a frame format offers."""

    def push(self, chunk: bytes) -> Frames:
        """Take in some bytes."""

    def flush(self) -> Frames:
        """Take in the end."""


def through_reader(make: Callable[[], FrameReader], data: bytes, cut: int) -> None:
    """Read, and hand what was read to the rest of the core; cut or whole, the rows must be the same."""
    whole, cut_up = make(), make()
    frames = Frames.concat([whole.push(data), whole.flush()])
    parts = [cut_up.push(piece) for piece in pieces(data, cut)]
    if not frames.same_as(Frames.concat([*parts, cut_up.flush()])):
        raise AssertionError("other rows when cut")
    if len(frames) > len(data):
        raise AssertionError("more rows than bytes")
    if len(frames):
        pipeline = Pipeline(Settings())
        pipeline.push(frames)
        pipeline.flush()


def beast_bytes(data: bytes, cut: int) -> None:
    """Beast binary."""
    through_reader(BeastReader, data, cut)


def avr_text(data: bytes, cut: int) -> None:
    """AVR text, every prefix."""
    through_reader(AvrReader, data, cut)


def csv_text(data: bytes, cut: int) -> None:
    """CSV of hex frames."""
    through_reader(HexCsvReader, data, cut)


def uat_text(data: bytes, cut: int) -> None:
    """UAT text; the frames are of another kind, so only cutting is compared."""
    whole, cut_up = UatReader(), UatReader()
    rows = UatFrames.concat([whole.push(data), whole.flush()])
    parts = [cut_up.push(piece) for piece in pieces(data, cut)]
    if not rows.same_as(UatFrames.concat([*parts, cut_up.flush()])):
        raise AssertionError("other rows when cut")


def one_message(data: bytes, cut: int) -> None:
    """`decode`: of bytes, and of text that is hex or not."""
    for given in (data[:14], data[:7], data.hex()[: cut % 40], data.decode("latin-1")):
        with contextlib.suppress(FormatError):
            decode(given)


def all_columns(data: bytes, cut: int) -> None:
    """`decode_table` without a pipeline."""
    count = len(data) // 14
    frames = Frames.allocate(count)
    frames.data[:] = np.frombuffer(data[: 14 * count], np.uint8).reshape(-1, 14)
    frames.length[:] = (2, 7, 14, 14)[cut & 3]
    if cut & 4:
        for row, length in zip(frames.data, frames.length.tolist(), strict=True):
            mend_parity(row, length)
    if len(decode_table(frames)) != count:
        raise AssertionError("a frame without its row, or a row without its frame")


def radio_samples(data: bytes, cut: int) -> None:
    """IQ samples, a few times over, so that there are enough for a preamble and a frame."""
    sample_format = list(SAMPLE_FORMATS)[cut % len(SAMPLE_FORMATS)]
    demodulator = Demodulator(2_000_000 if cut & 64 else 2_400_000, sample_format, repair="one", block_samples=1024)
    repeated = data * (1 + 1500 // len(data))
    for piece in pieces(repeated, cut & 63):
        demodulator.push(piece)
    demodulator.flush()


TARGETS: dict[str, Callable[[bytes, int], None]] = {
    "rows": rows_to_pipeline,
    "beast": beast_bytes,
    "avr": avr_text,
    "csv": csv_text,
    "uat": uat_text,
    "message": one_message,
    "columns": all_columns,
    "radio": radio_samples,
}


def one_input(data: bytes) -> None:
    """Feed one input; anything raised is a finding."""
    if len(data) < 3:
        return
    targets = list(TARGETS.values())
    with np.errstate(all="ignore"):
        targets[data[0] % len(targets)](data[2:], data[1])


EVEN, ODD = "8D40621D58C382D690C8AC2863A7", "8D40621D58C386435CC412692AD6"
UAT = "-00a66ef135445d525a0c0519119021204800;rs=0;\n"
SEEDS = {
    "avr": f"*{EVEN};@000000000001{ODD};\n".encode(),
    "csv": f"1700000000.123456789,{EVEN},40621D,11\n1700000001.5,40621D,{ODD}\n".encode(),
    "uat": UAT.encode(),
    "message": bytes.fromhex(EVEN),
    "columns": bytes.fromhex(EVEN + ODD),
    "rows": bytes.fromhex(f"4100{EVEN}4100{ODD}"),
    "beast": bytes.fromhex(f"1ae80001020304050607 1a33000000000001 0a {EVEN} 1a331a1a0000000002 0a {ODD}"),
}


def seeds() -> Iterator[tuple[str, bytes]]:
    """A first input for each target, so that the search starts at something valid."""
    for number, name in enumerate(TARGETS):
        yield name, bytes([number, 0]) + SEEDS.get(name, b"*8D40621D58C382D690C8AC2863A7;\n" * 2)
