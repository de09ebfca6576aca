"""jet1090's JSON lines, made kind by kind with Python objects: what the columns of `views.feeds.jet1090` must give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from skywitness.batches import I64, STATUSES, UNTIMED, Frames, arrow_array
from skywitness.messages.mode_s.columns import decode_table, strings
from skywitness.pipeline import Output
from skywitness.units import NS_PER_S
from skywitness.views.feeds.jet1090_names import KINDS, REGISTER_KINDS, Name, kind_of_squitter
from skywitness.views.feeds.messages import json_lines
from skywitness.views.feeds.places import places_of

__all__ = ["Jet1090Writer"]

REPAIRED = STATUSES.index("repaired")
CARRIED = {0: "altitude", 4: "altitude", 5: "squawk", 11: "capability", 16: "coordination", 20: "altitude",
           21: "squawk"}  # fmt: skip
NOTHING_SAID = len('{"":""')  # of a line
TOP_BIT = 55  # of the column gicb_common, where bit 1 of the register is


class Jet1090Writer:
    """From the pipeline's output to text.

    stations  serial number of each receiver by its index; without it the index is the number
    """

    def __init__(self, stations: Sequence[int] = ()) -> None:
        self.stations = stations

    def write(self, output: Output) -> bytes:
        """Return the lines of the messages that were accepted or repaired, in their order."""
        kept = np.flatnonzero(output.messages.status <= REPAIRED)
        if not len(kept):
            return b""
        frames, messages = output.frames.take(kept), output.messages.take(kept)
        table = decode_table(frames, messages)
        latitude, longitude = places_of(frames.id, output.positions)
        table = table.append_column("latitude", arrow_array(latitude, pa.float64(), None))
        table = table.append_column("longitude", arrow_array(longitude, pa.float64(), None))
        said: list[bytes] = [b""] * len(frames)
        kinds = [
            kind_of_squitter(typecode) if df in (17, 18) else CARRIED.get(df, "other")
            for df, typecode in zip(messages.df.tolist(), messages.typecode.tolist(), strict=True)
        ]
        _say(table, "relay", np.flatnonzero(messages.df == 18), KINDS["relay"], said)
        for kind, rows in _groups(kinds):
            _say(table, kind, rows, KINDS[kind], said)
        registers = [f"{bds:02X}" if df in (20, 21) else "" for df, bds in zip(messages.df, messages.bds, strict=True)]
        for register, rows in _groups(registers):
            if register in REGISTER_KINDS:
                _say(table, register, rows, REGISTER_KINDS[register], said, f'"bds{register}":')
        lines = zip(self._heads(frames, table), said, self._tails(frames), strict=True)
        return b"".join(part for line in lines for part in line)

    def _heads(self, frames: Frames, table: pa.Table) -> Iterable[bytes]:
        digits = frames.data.tobytes().hex()
        rows = zip(frames.time_ns.tolist(), frames.length.tolist(), table.column("df").to_pylist(),
                   table.column("icao24").to_pylist(), strict=True)  # fmt: skip
        for i, (time_ns, length, df, icao24) in enumerate(rows):
            stamp = "" if time_ns == UNTIMED else f'"timestamp":{_seconds(time_ns)},'
            address = f',"icao24":"{icao24}"' if icao24 else ""
            yield f'{{{stamp}"frame":"{digits[28 * i : 28 * i + 2 * length]}","df":"{df}"{address}'.encode()

    def _tails(self, frames: Frames) -> Iterable[bytes]:
        levels = [str(level) for level in np.round(frames.signal_dbfs, 2)]
        for time_ns, receiver, level in zip(frames.time_ns.tolist(), frames.receiver.tolist(), levels, strict=True):
            stamp = "" if time_ns == UNTIMED else f'"system_timestamp":{_seconds(time_ns)},'
            rssi = "" if level == "nan" else f'"rssi":{level},'
            serial = self.stations[receiver] if receiver < len(self.stations) else receiver
            yield f',"metadata":[{{{stamp}{rssi}"serial":{serial}}}]}}\n'.encode()


def _seconds(time_ns: int) -> str:
    """Decimal seconds with every digit that is not a trailing zero."""
    sign = "-" if time_ns < 0 else ""
    whole, rest = divmod(abs(time_ns), NS_PER_S)
    return f"{sign}{whole}.{rest:09d}".rstrip("0") + ("0" if not rest else "")


def _groups(kinds: Sequence[str]) -> Iterable[tuple[str, I64]]:
    rows: dict[str, list[int]] = {}
    for row, kind in enumerate(kinds):
        rows.setdefault(kind, []).append(row)
    for kind, found in rows.items():
        yield kind, np.array(found, np.int64)


def _say(table: pa.Table, kind: str, rows: I64, names: Sequence[Name], said: list[bytes], before: str = "") -> None:
    """Append what some rows say to their texts; with `before`, as an object of its own."""
    if not len(rows) or not names:
        return
    indices = pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)])
    # A first column with a value in every row, so that every row gives a line.
    columns = {"bds" if before else "": _repeated(kind if before else "", len(rows))}
    for name in names:
        column = _repeated(name.text, len(rows)) if not name.column else _column(table, name, indices)
        if column.null_count < len(rows):
            columns[name.name] = column
    lines = json_lines(pa.Table.from_arrays(list(columns.values()), names=list(columns))).split(b"\n")
    for row, line in zip(rows.tolist(), lines, strict=False):
        said[row] += b"," + before.encode() + line if before else line[NOTHING_SAID:-1]


def _repeated(text: str, rows: int) -> pa.Array:
    zeros = pa.Array.from_buffers(pa.uint8(), rows, [None, pa.py_buffer(bytes(rows))])
    return pa.DictionaryArray.from_arrays(zeros, strings([text]))


def _column(table: pa.Table, name: Name, indices: pa.Array) -> pa.Array:
    if name.column.startswith("gicb "):
        bit = TOP_BIT - int(name.column.removeprefix("gicb "))
        return _bit(table.column("gicb_common").chunk(0).take(indices), bit)
    column = table.column(name.column).chunk(0).take(indices)
    if name.form == "parity":
        return pa.DictionaryArray.from_arrays(column, strings(("even", "odd")))
    if name.form == "bit":
        return column.cast(pa.uint8())
    if name.form == "flag":
        return column.cast(pa.bool_())
    if name.words is None:
        return column
    mapped = _mapped(column, name.words)
    return mapped.cast(pa.string()).cast(pa.uint8()) if name.form == "number" else mapped


def _mapped(column: pa.Array, words: Mapping[str, str]) -> pa.Array:
    """Words replaced; one that is not among them becomes null."""
    theirs = strings([words.get(word) for word in column.dictionary.to_pylist()])
    return theirs.take(column.indices)


def _bit(column: pa.Array, bit: int) -> pa.Array:
    values = np.frombuffer(column.buffers()[1], np.int64, len(column))
    known = column.buffers()[0]
    flags = np.packbits(values >> bit & 1, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(column), [known, pa.py_buffer(flags)])
