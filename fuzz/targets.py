"""What the fuzzer feeds: one function a way in. The first byte of an input chooses it, the second how it is cut."""

from __future__ import annotations

import contextlib
import functools
import gzip
import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from skywitness.batches import Frames, Positions
from skywitness.codes.parity import syndrome_long, syndrome_short
from skywitness.errors import FormatError, SkywitnessError
from skywitness.frames.demodulate.demodulator import Demodulator
from skywitness.frames.demodulate.samples import SAMPLE_FORMATS
from skywitness.frames.formats.avr import AvrReader
from skywitness.frames.formats.beast import BeastReader
from skywitness.frames.formats.detect import FORMATS, detect
from skywitness.frames.formats.hex_csv import HexCsvReader
from skywitness.frames.formats.jet1090 import Jet1090Reader
from skywitness.frames.formats.uat import UatFrames, UatReader
from skywitness.kernel import plain
from skywitness.messages.formats.sbs import SbsReader
from skywitness.messages.mode_s.catalogue import LAYOUTS
from skywitness.messages.mode_s.columns import decode_table
from skywitness.messages.mode_s.compose import compose_message
from skywitness.messages.mode_s.decode import decode
from skywitness.messages.mode_s.explain import explain
from skywitness.messages.mode_s.reading import read_all
from skywitness.messages.mode_s.surveillance import FORMATS as FRAME_LAYOUTS
from skywitness.messages.uat.decoder import UatDecoder
from skywitness.pipeline import Pipeline, Settings
from skywitness.positions.formats.aircraft_json import AircraftJsonReader
from skywitness.positions.formats.trace import TraceReader
from skywitness.sources.readers import POSITION_FORMATS, open_recording

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
        check_positions(output.positions)
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
        check_positions(pipeline.push(frames).positions)
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


def jet1090_text(data: bytes, cut: int) -> None:
    """JSON lines of jet1090."""
    through_reader(Jet1090Reader, data, cut)


def uat_text(data: bytes, cut: int) -> None:
    """UAT text, and the messages in it."""
    whole, cut_up = UatReader(), UatReader()
    rows = UatFrames.concat([whole.push(data), whole.flush()])
    parts = [cut_up.push(piece) for piece in pieces(data, cut)]
    if not rows.same_as(UatFrames.concat([*parts, cut_up.flush()])):
        raise AssertionError("other rows when cut")
    check_positions(UatDecoder().push(rows))


def through_position_reader(make: Callable[[], Any], data: bytes, cut: int) -> None:
    """Read positions; cut or whole, the rows must be the same, and each on the Earth."""
    whole, cut_up = make(), make()
    positions = Positions.concat([whole.push(data), whole.flush()])
    parts = [cut_up.push(piece) for piece in pieces(data, cut)]
    if not positions.same_as(Positions.concat([*parts, cut_up.flush()])):
        raise AssertionError("other rows when cut")
    check_positions(positions)


def check_positions(positions: Positions) -> None:
    """No row is beyond a pole or the antimeridian, whatever it was made of."""
    if not (np.abs(positions.lat_deg) <= 90.0).all():
        raise AssertionError("a latitude beyond a pole")
    if not ((positions.lon_deg >= -180.0) & (positions.lon_deg < 180.0)).all():
        raise AssertionError("a longitude outside [-180, 180)")


def sbs_text(data: bytes, cut: int) -> None:
    """SBS lines."""
    through_position_reader(SbsReader, data, cut)


def aircraft_json_text(data: bytes, cut: int) -> None:
    """Snapshots of aircraft.json."""
    through_position_reader(AircraftJsonReader, data, cut)


def trace_text(data: bytes, cut: int) -> None:
    """Traces of readsb."""
    through_position_reader(TraceReader, data, cut)


@functools.cache
def scratch_file() -> Path:
    """One file for all inputs of this process; it goes with the process."""
    directory = tempfile.TemporaryDirectory(prefix="skywitness-fuzz-")
    KEPT.append(directory)
    return Path(directory.name) / "input"


KEPT: list[Any] = []


def whole_file(data: bytes, cut: int) -> None:
    """A file of any kind, compressed or not: its format, then all that is in it or one clear sentence."""
    scratch_file().write_bytes(data)
    try:
        recording = open_recording(scratch_file(), format=[None, *FORMATS][cut % (1 + len(FORMATS))])
        if recording.format in POSITION_FORMATS:
            for positions in recording.positions():
                check_positions(positions)
        else:
            for _ in recording.frames():
                pass
    except SkywitnessError as error:
        if "\n" in str(error):
            raise AssertionError("an error of more than one line") from error


def format_of(data: bytes, cut: int) -> None:
    """`detect`, of bytes from the network that no file holds."""
    with contextlib.suppress(FormatError):
        detect(data)


def one_message(data: bytes, cut: int) -> None:
    """`decode` and `explain`: of bytes, and of text that is hex or not."""
    for given in (data[:14], data[:7], data.hex()[: cut % 40], data.decode("latin-1")):
        with contextlib.suppress(FormatError):
            decode(given)
            explain(given)
    frame = np.zeros(14, np.uint8)
    frame[: len(data[:14])] = list(data[:14])
    for length in (7, 14):
        intact = frame.copy()
        mend_parity(intact, length)
        with contextlib.suppress(FormatError):
            explain(intact[:length].tobytes())


def composed(data: bytes, cut: int) -> None:
    """What a message says, composed, says the same again."""
    layouts = [layout for layout in LAYOUTS if layout not in FRAME_LAYOUTS.values()]
    layout = layouts[cut % len(layouts)]
    derived = {id(field) for field in layout.derived}

    def said(message: int) -> dict[str, Any]:
        return {
            field.name: value
            for field, _, value in read_all(layout, message)
            if field.name and value is not None and id(field) not in derived
        }

    values = said(int.from_bytes(data[:7].ljust(7, b"\0"), "big"))
    if any(isinstance(value, str) and "#" in value for value in values.values()):
        return  # a character that is none cannot be asked for
    again = said(compose_message(layout, **values))
    for name, value in values.items():
        same = math.isclose(again[name], value, abs_tol=1e-9) if isinstance(value, float) else again[name] == value
        if not same:
            raise AssertionError(f"{layout.name}: {name} {value!r} became {again[name]!r}")


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
    "jet1090": jet1090_text,
    "sbs": sbs_text,
    "aircraft_json": aircraft_json_text,
    "trace": trace_text,
    "file": whole_file,
    "format": format_of,
    "composed": composed,
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
SBS = "MSG,3,1,1,40621D,1,2016/06/14,12:00:00.000,2016/06/14,12:00:00.000,,38000,,,52.2572,3.9194,,,0,0,0,0\r\n"
AIRCRAFT_JSON = (
    '{"now":1700000000.5,"messages":9,"aircraft":[{"hex":"~40621d","type":"adsb_icao","flight":"KLM1023 ",'
    '"alt_baro":"ground","lat":52.2572,"lon":-180.0,"seen_pos":0.1,"squawk":"7700","nic":8,"mlat":[],"seen":0.1}]}'
)
TRACE = (
    '{"icao":"40621d","timestamp":1700000000.0,"trace":[[0.5,52.25,3.9,38000,480.1,90.0,0,64,{"flight":"KLM1023"},'
    '"adsb_icao",null,null,null,null],[9.0,52.26,3.91,"ground",null,null,1,null,null]]}'
)
JET1090 = (
    f'{{"timestamp":1700000000.123456789,"frame":"{EVEN.lower()}","df":"17","metadata":[{{"system_timestamp":'
    f'1700000000.5,"gnss_timestamp":43200000000001,"rssi":-9.5,"serial":7}}]}}\n'
)
SEEDS = {
    "avr": f"*{EVEN};@000000000001{ODD};\n".encode(),
    "csv": f"1700000000.123456789,{EVEN},40621D,11\n1700000001.5,40621D,{ODD}\n".encode(),
    "uat": UAT.encode(),
    "message": bytes.fromhex(EVEN),
    "columns": bytes.fromhex(EVEN + ODD),
    "jet1090": JET1090.encode(),
    "sbs": SBS.encode(),
    "aircraft_json": AIRCRAFT_JSON.encode(),
    "trace": TRACE.encode(),
    "file": gzip.compress(SBS.encode() * 3, mtime=0),
    "format": SBS.encode(),
    "composed": bytes.fromhex(EVEN)[4:11],
    "rows": bytes.fromhex(f"4100{EVEN}4100{ODD}"),
    "beast": bytes.fromhex(f"1ae80001020304050607 1a33000000000001 0a {EVEN} 1a331a1a0000000002 0a {ODD}"),
}


def seeds() -> Iterator[tuple[str, bytes]]:
    """A first input for each target, so that the search starts at something valid."""
    for number, name in enumerate(TARGETS):
        yield name, bytes([number, 0]) + SEEDS.get(name, b"*8D40621D58C382D690C8AC2863A7;\n" * 2)
