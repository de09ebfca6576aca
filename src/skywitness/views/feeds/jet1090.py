"""jet1090's JSON lines, written: a line for each message that was accepted, with that format's names and words.

The frame is the one received. Places are those known when the message came: one that a later message settles is left
out, here and in SBS; `skywitness track` has it. Values that are not known are left out. See docs/reference/names.md.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skywitness.batches import I64, STATUSES, UNTIMED, Frames, arrow_array
from skywitness.messages.mode_s.columns import SCHEMA, SQUAWKS, WORDS, decode_table
from skywitness.messages.mode_s.downlink_format import NO_ADDRESS
from skywitness.pipeline import Output
from skywitness.units import NS_PER_S
from skywitness.views.feeds.arrow_columns import column_of, known_of, numbers_of, texts_of
from skywitness.views.feeds.jet1090_names import KINDS, REGISTER_KINDS, Name, kind_of_squitter
from skywitness.views.feeds.places import places_of
from skywitness.views.feeds.text_rows import ABSENT, TEXT, Template, TextField, Texts

__all__ = ["Jet1090Writer"]

REPAIRED = STATUSES.index("repaired")
CARRIED = {0: "altitude", 4: "altitude", 5: "squawk", 11: "capability", 16: "coordination", 20: "altitude",
           21: "squawk"}  # fmt: skip
NO_FORMAT = 255
TOP_BIT = 55  # of the column gicb_common, where bit 1 of the register is
FRAME_BYTES = 14
FLAGS = (b"false", b"true")
THOUSAND = range(1000)
LOUDEST_DBFS = 10_000.0
"""A level beyond is none."""


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
        line = line_form()
        rows = Rows(line, table)
        rows.head(frames, messages.df, messages.icao)
        squitter = (messages.df == 17) | (messages.df == 18)
        kinds = np.where(squitter, line.kind_of_typecode[messages.typecode], line.kind_of_format[messages.df])
        comm_b = (messages.df == 20) | (messages.df == 21)
        groups = {"relay": np.flatnonzero(messages.df == 18)}
        for number in np.flatnonzero(np.bincount(kinds)).tolist():
            groups[line.kinds[number]] = np.flatnonzero(kinds == number)
        for bds in np.flatnonzero(np.bincount(messages.bds[comm_b])).tolist():
            groups[f"bds{bds:02X}"] = np.flatnonzero(comm_b & (messages.bds == bds))
        for kind, found in groups.items():
            if len(found):
                rows.say(found, line.names.get(kind, ()))
        rows.tail(frames, self.stations)
        return b"".join(map(bytes, line.template.write(rows.out, rows.texts)))


class Line:
    """The form of a line: all keys there are, in their order, of which a message fills those of its kind."""

    def __init__(self) -> None:
        self.fields: list[TextField] = []
        self.names: dict[str, list[tuple[int, Name | None]]] = {}
        """Of each kind, its fields and what they tell; None for what every row of the kind has."""
        self.kinds = tuple(KINDS)
        self.kind_of_typecode = np.array([self.kinds.index(kind_of_squitter(tc)) for tc in range(256)])
        self.kind_of_format = np.array([self.kinds.index(CARRIED.get(df, "other")) for df in range(256)])
        pairs = [b"%02x" % value for value in range(256)]
        self.opening = self.add(TextField(b"{", "literal"))
        self.stamp = self.add_stamp(b'"timestamp":')
        before = [b'"frame":"', *[b""] * (FRAME_BYTES - 1)]
        self.frame = [self.add(TextField(text, "word", words=pairs)) for text in before]
        self.df = self.add(TextField(b'","df":"', "number", b'"'))
        around = ((b',"icao24":"', b""), (b"", b""), (b"", b'"'))
        self.icao = [self.add(TextField(a, "word", z, words=pairs)) for a, z in around]
        for kind in ("relay", *(kind for kind in KINDS if kind != "relay")):
            self.names[kind] = [(self.add(field_of(name)), name) for name in KINDS[kind]]
        for register, names in REGISTER_KINDS.items():
            begin = TextField(f',"bds{register}":{{"bds":"{register}"'.encode(), "literal")
            self.names[f"bds{register}"] = [
                (self.add(begin), None),
                *((self.add(field_of(name)), name) for name in names),
                (self.add(TextField(b"}", "literal")), None),
            ]
        self.metadata = self.add(TextField(b',"metadata":[{', "literal"))
        self.system_stamp = self.add_stamp(b'"system_timestamp":')
        fractions = [b"." + (b"%02d" % k).rstrip(b"0").ljust(1, b"0") + b"," for k in range(100)]
        self.level = [
            self.add(TextField(b'"rssi":', "word", words=(b"", b"-"))),
            self.add(TextField(b"", "number")),
            self.add(TextField(b"", "word", words=fractions)),
        ]
        self.serial = self.add(TextField(b'"serial":', TEXT, b"}]}\n"))
        self.template = Template(self.fields)

    def add(self, field: TextField) -> int:
        """Append a field; return its place."""
        self.fields.append(field)
        return len(self.fields) - 1

    def add_stamp(self, before: bytes) -> list[int]:
        """Append decimal seconds: sign, whole ones, and three times three digits, see `seconds`."""
        digits = [b"%03d" % k for k in THOUSAND]
        cut = [text.rstrip(b"0") for text in digits]
        return [
            self.add(TextField(before, "word", words=(b"", b"-"))),
            self.add(TextField(b"", "number")),
            self.add(TextField(b".", "word", words=[*digits, b"0", *cut[1:]])),
            self.add(TextField(b"", "word", words=[*digits, *cut])),
            self.add(TextField(b"", "word", b",", words=cut)),
        ]


@functools.cache
def line_form() -> Line:
    """The one form there is."""
    return Line()


def field_of(name: Name) -> TextField:
    """The field of a key, by the kind of its column."""
    before = f',"{name.name}":'.encode()
    if not name.column:
        return TextField(before + f'"{name.text}"'.encode(), "literal")
    if name.column.startswith("gicb ") or name.form == "flag":
        return TextField(before, "word", words=FLAGS)
    if name.form == "parity":
        return TextField(before, "word", words=(b'"even"', b'"odd"'))
    kind = SCHEMA.field(name.column).type if name.column in SCHEMA.names else pa.float64()
    if pa.types.is_dictionary(kind):
        quote = "" if name.form == "number" else '"'
        return TextField(before, "word", words=[f"{quote}{word}{quote}".encode() for word in words_of(name)])
    if pa.types.is_string(kind):
        return TextField(before + b'"', TEXT, b'"')
    if pa.types.is_floating(kind):
        return TextField(before, TEXT)
    if pa.types.is_boolean(kind) and name.form != "bit":
        return TextField(before, "word", words=FLAGS)
    return TextField(before, "number")


def words_of(name: Name) -> list[str]:
    """Their words in the order of ours; empty where they have none."""
    ours = SQUAWKS if name.column == "squawk" else WORDS[name.column]
    words: Mapping[str, str] | None = name.words
    return [word if words is None else words.get(word, "") for word in ours.to_pylist()]


class Rows:
    """Values of each row, in the places of the line."""

    def __init__(self, line: Line, table: pa.Table) -> None:
        self.line = line
        self.table = table
        self.out: I64 = np.full((len(line.fields), table.num_rows), ABSENT, np.int64)
        self.texts: dict[int, Texts] = {}

    def head(self, frames: Frames, df: np.ndarray, icao: np.ndarray) -> None:
        """Fill what each line begins with."""
        line, out = self.line, self.out
        out[line.opening] = 0
        out[line.df] = np.where(df == NO_FORMAT, ABSENT, df.astype(np.int64))
        self.stamp(frames.time_ns)
        out[line.frame] = frames.data.T
        short = np.flatnonzero(frames.length < FRAME_BYTES)
        out[np.array(line.frame)[:, None], short] = np.where(
            np.arange(FRAME_BYTES)[:, None] < frames.length[short], out[np.array(line.frame)[:, None], short], ABSENT
        )
        known = icao != NO_ADDRESS
        address = icao.astype(np.int64)
        for place, shift in zip(line.icao, (16, 8, 0), strict=True):
            out[place] = np.where(known, address >> shift & 255, ABSENT)

    def stamp(self, time_ns: I64) -> None:
        """Fill both stamps with every digit that is not a trailing zero."""
        timed = time_ns != UNTIMED
        size = np.abs(np.where(timed, time_ns, 0))
        whole = size // NS_PER_S
        rest = size - whole * NS_PER_S
        first = rest // 1_000_000
        middle = rest // 1000 - first * 1000
        last = rest % 1000
        parts = (
            (time_ns < 0).astype(np.int64),
            whole,
            np.where((middle > 0) | (last > 0), first, first + len(THOUSAND)),
            np.where(last > 0, middle, middle + len(THOUSAND)),
            last,
        )
        for places in (self.line.stamp, self.line.system_stamp):
            for place, values in zip(places, parts, strict=True):
                self.out[place] = np.where(timed, values, ABSENT)

    def tail(self, frames: Frames, stations: Sequence[int]) -> None:
        """Fill what the receivers tell."""
        line, out = self.line, self.out
        out[line.metadata] = 0
        heard = np.abs(frames.signal_dbfs) < LOUDEST_DBFS
        level = np.where(heard, frames.signal_dbfs, np.float32(0))
        hundredths = np.rint(np.abs(level) * np.float32(100)).astype(np.int64)
        for place, values in zip(
            line.level, (np.signbit(level).astype(np.int64), hundredths // 100, hundredths % 100), strict=True
        ):
            out[place] = np.where(heard, values, ABSENT)
        receivers, which = np.unique(frames.receiver, return_inverse=True)
        serials = [str(stations[r] if r < len(stations) else r).encode() for r in receivers.tolist()]
        out[line.serial] = which
        ends = np.cumsum([0, *map(len, serials)], dtype=np.int32)
        self.texts[line.serial] = ends, np.frombuffer(b"".join(serials), np.uint8)

    def say(self, rows: I64, names: Sequence[tuple[int, Name | None]]) -> None:
        """Fill what the rows of one kind say."""
        for place, name in names:
            if name is None or not name.column:
                self.out[place, rows] = 0
                continue
            is_bit = name.column.startswith("gicb ")
            column = column_of(self.table, "gicb_common" if is_bit else name.column)
            if column is None:
                continue
            known = rows[known_of(column)[rows]]
            if not len(known):
                continue
            if self.line.fields[place].kind == TEXT:
                self.say_texts(place, known, column)
                continue
            values = numbers_of(column)[known]
            if is_bit:
                values = values >> (TOP_BIT - int(name.column.removeprefix("gicb "))) & 1
            elif name.form == "flag":
                values = np.minimum(values, 1)
            elif name.words is not None:
                has_word = np.array([bool(word) for word in words_of(name)], np.bool_)
                values = np.where(has_word[values], values, ABSENT)
            self.out[place, known] = values

    def say_texts(self, place: int, rows: I64, column: pa.Array) -> None:
        """Fill a field with strings, or numbers with the fewest digits that mean the same."""
        chosen = pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)])
        found = column.take(chosen)
        begins, data = texts_of(found if pa.types.is_string(found.type) else pc.cast(found, pa.string()))
        self.out[place, rows] = np.arange(len(rows))
        self.texts[place] = begins, data
