"""SBS/BaseStation lines, written: what port 30003 gives, a line for each message that was accepted.

A line says what its own message says, not what is known of the aircraft, and always has 22 fields. Senders without an
ICAO address have no lines, and messages of no transmission type neither: status, target state, operational status.
Times are those of the messages, in UTC, for "generated" and "logged" alike. See docs/guide/formats.md.
"""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa

from skywitness.batches import ADDRESS_KINDS, F64, I64, STATUSES, U8, UNTIMED, Frames, Messages
from skywitness.messages.mode_s.columns import SQUAWKS, WORDS, decode_table
from skywitness.pipeline import Output
from skywitness.views.feeds.arrow_columns import Bools, column_of, known_of, numbers_of, texts_of
from skywitness.views.feeds.places import places_of
from skywitness.views.feeds.text_rows import ABSENT, Template, TextField, Texts, scaled

__all__ = ["SbsWriter", "transmission_types"]

REPAIRED = STATUSES.index("repaired")
ICAO = ADDRESS_KINDS.index("icao")

IDENT, SURFACE, AIRBORNE, VELOCITY, ALTITUDE, SQUAWK, AIR_TO_AIR, ALL_CALL = range(1, 9)
TYPE_OF_FORMAT = {0: AIR_TO_AIR, 4: ALTITUDE, 5: SQUAWK, 11: ALL_CALL, 16: AIR_TO_AIR, 20: ALTITUDE, 21: SQUAWK}
TYPE_OF_TYPECODE = {
    **dict.fromkeys(range(1, 5), IDENT),
    **dict.fromkeys(range(5, 9), SURFACE),
    **dict.fromkeys((*range(9, 19), 20, 21, 22), AIRBORNE),
    19: VELOCITY,
}

EMERGENCIES = ("7500", "7600", "7700")
ON_GROUND = {
    "on the ground": True,
    "airborne": False,
    "level 2 or more, on the ground": True,
    "level 2 or more, airborne": False,
}
FLAGS = (b"0", b"-1")
CALLSIGN_LETTERS = 8
MS_PER_DAY = 86_400_000

STAMP = ("year", "month", "day", "hour", "minute", "second", "ms")


@functools.cache
def template() -> tuple[Template, dict[str, int]]:
    """The line, and the place of each field in it."""
    two = [b"%02d" % k for k in range(60)]
    pairs = [b"%02X" % k for k in range(256)]
    clock = [
        TextField(b"", "number", missing=b","), TextField(b"/", "word", words=two), TextField(b"/", "word", words=two),
        TextField(b",", "word", words=two), TextField(b":", "word", words=two), TextField(b":", "word", words=two),
        TextField(b".", "word", words=[b"%03d" % k for k in range(1000)]),
    ]  # fmt: skip
    flag = TextField(b",", "word", words=FLAGS, missing=b",")
    fields = {
        "number": TextField(b"MSG,", "number", b",1,1,"),
        "icao_0": TextField(b"", "word", words=pairs),
        "icao_1": TextField(b"", "word", words=pairs),
        "icao_2": TextField(b"", "word", b",1,", words=pairs),
        **dict(zip(STAMP, clock, strict=True)),
        "comma": TextField(b",", "literal"),
        **{f"{name}_again": field for name, field in zip(STAMP, clock, strict=True)},
        "callsign": TextField(b",", "text", missing=b","),
        "altitude_ft": TextField(b",", "number", missing=b","),
        "altitude_geom_ft": TextField(b"", "number", b"H"),
        "groundspeed_kt": TextField(b",", "number", missing=b","),
        "track_deg": TextField(b",", "number", missing=b","),
        "latitude": TextField(b",", "number", decimals=6, missing=b","),
        "longitude": TextField(b",", "number", decimals=6, missing=b","),
        "vertical_rate_fpm": TextField(b",", "number", missing=b","),
        "squawk": TextField(b",", "word", words=[text.encode() for text in SQUAWKS.to_pylist()], missing=b","),
        "alert": flag,
        "emergency": flag,
        "spi": flag,
        "on_ground": TextField(b",", "word", b"\r\n", words=FLAGS, missing=b",\r\n"),
    }
    return Template(tuple(fields.values())), {name: place for place, name in enumerate(fields)}


class SbsWriter:
    """From the pipeline's output to text."""

    def write(self, output: Output) -> bytes:
        """Return the lines of the messages that were accepted or repaired, in their order, each ended by CR LF."""
        kind = transmission_types(output.messages)
        kept = np.flatnonzero(kind)
        if not len(kept):
            return b""
        frames, messages = output.frames.take(kept), output.messages.take(kept)
        latitude, longitude = places_of(frames.id, output.positions)
        line, place = template()
        rows = Rows(decode_table(frames, messages), kind[kept].astype(np.int64), len(place), place)
        rows.out[[place["number"], place["comma"]]] = rows.kind, np.zeros_like(rows.kind)
        icao = messages.icao.astype(np.int64)
        for name, shift in (("icao_0", 16), ("icao_1", 8), ("icao_2", 0)):
            rows.out[place[name]] = icao >> shift & 255
        rows.stamp(frames)
        scaled(latitude, 6, rows.out[place["latitude"]])
        scaled(longitude, 6, rows.out[place["longitude"]])
        texts = rows.say()
        return b"".join(map(bytes, line.write(rows.out, texts)))


class Rows:
    """What each line says, in the places of the template."""

    def __init__(self, table: pa.Table, kind: I64, fields: int, place: dict[str, int]) -> None:
        self.table = table
        self.kind = kind
        self.place = place
        self.out: I64 = np.full((fields, len(kind)), ABSENT, np.int64)

    def say(self) -> dict[int, Texts]:
        """Fill fields 11 to 22, but for the place; return the callsigns."""
        kind = self.kind
        moves = (kind == SURFACE) | (kind == VELOCITY)
        flagged = (kind == ALTITUDE) | (kind == SQUAWK)
        high = (kind == AIRBORNE) | (kind == ALTITUDE) | (kind == AIR_TO_AIR)
        has_altitude = self.numbers("altitude_ft", high)
        self.numbers("altitude_geom_ft", high & ~has_altitude)
        self.rounded("groundspeed_kt", moves)
        self.rounded("track_deg", moves, 360)
        self.numbers("vertical_rate_fpm", kind == VELOCITY)
        has_squawk = self.numbers("squawk", kind == SQUAWK)
        emergency = np.isin(self.out[self.place["squawk"]], emergency_places())
        self.out[self.place["emergency"]] = np.where(has_squawk, emergency, ABSENT)
        self.numbers("alert", flagged)
        self.numbers("spi", flagged)
        self.ground()
        return self.callsigns()

    def stamp(self, frames: Frames) -> None:
        """Date and time, milliseconds cut off."""
        timed = frames.time_ns != UNTIMED
        ms = frames.time_ns // 1_000_000
        days = ms // MS_PER_DAY
        ms -= days * MS_PER_DAY
        # Few days come in one batch, and NumPy knows the calendar.
        some, which = np.unique(days[timed], return_inverse=True)
        dates = some.astype("datetime64[D]")
        months = dates.astype("datetime64[M]")
        years = months.astype("datetime64[Y]")
        parts = {
            "year": years.astype(np.int64)[which] + 1970,
            "month": (months - years).astype(np.int64)[which] + 1,
            "day": (dates - months).astype(np.int64)[which] + 1,
            "hour": ms[timed] // 3_600_000,
            "minute": ms[timed] // 60_000 % 60,
            "second": ms[timed] // 1000 % 60,
            "ms": ms[timed] % 1000,
        }
        for name, values in parts.items():
            self.out[self.place[name], timed] = values
            self.out[self.place[f"{name}_again"], timed] = values

    def numbers(self, name: str, wanted: Bools) -> Bools:
        """Fill a field with whole numbers, words or flags; return where it has one."""
        column = column_of(self.table, name)
        if column is None:
            return np.zeros(len(self.kind), np.bool_)
        has: Bools = wanted & known_of(column)
        self.out[self.place[name]] = np.where(has, numbers_of(column), ABSENT)
        return has

    def rounded(self, name: str, wanted: Bools, turn: int = 0) -> None:
        """Fill a field with nearest whole numbers, 360 degrees as 0."""
        column = column_of(self.table, name)
        if column is not None:
            values: F64 = np.where(wanted & known_of(column), column.to_numpy(zero_copy_only=False), np.nan)
            out = self.out[self.place[name]]
            scaled(values, 0, out)
            if turn:
                out[out != ABSENT] %= turn

    def ground(self) -> None:
        """Fill the last field: what the type says, or else the message."""
        out = self.out[self.place["on_ground"]]
        for name in ("capability", "vertical_status"):
            if (column := column_of(self.table, name)) is not None:
                said = np.array([ON_GROUND.get(word, ABSENT) for word in WORDS[name].to_pylist()], np.int64)
                known = np.flatnonzero(known_of(column))
                out[known] = said[numbers_of(column)[known]]
        if (column := column_of(self.table, "on_ground")) is not None:
            known = np.flatnonzero(known_of(column))
            out[known] = numbers_of(column)[known]
        by_type = (self.kind == SURFACE) | (self.kind == AIRBORNE) | (self.kind == VELOCITY)
        out[by_type] = self.kind[by_type] == SURFACE

    def callsigns(self) -> dict[int, Texts]:
        """Fill the field with places in the callsigns, which are filled up with spaces to eight letters."""
        column = column_of(self.table, "callsign")
        if column is None:
            return {}
        begins, letters = texts_of(column)
        known = np.flatnonzero(known_of(column))
        lengths = np.diff(begins)[known]
        padded: U8 = np.full((len(known), CALLSIGN_LETTERS), ord(" "), np.uint8)
        padded[np.arange(CALLSIGN_LETTERS) < lengths[:, None]] = letters[begins[0] : begins[-1]]
        self.out[self.place["callsign"], known] = np.arange(len(known))
        ends = np.arange(0, CALLSIGN_LETTERS * len(known) + 1, CALLSIGN_LETTERS, dtype=np.int32)
        return {self.place["callsign"]: (ends, padded.reshape(-1))}


@functools.cache
def emergency_places() -> I64:
    """Places of the emergency codes in SQUAWKS."""
    texts = SQUAWKS.to_pylist()
    return np.array([texts.index(code) for code in EMERGENCIES], np.int64)


def transmission_types(messages: Messages) -> U8:
    """Transmission type 1 to 8 of each message; 0 for those that have no line."""
    by_format = np.zeros(256, np.uint8)
    by_format[list(TYPE_OF_FORMAT)] = list(TYPE_OF_FORMAT.values())
    by_typecode = np.zeros(256, np.uint8)
    by_typecode[list(TYPE_OF_TYPECODE)] = list(TYPE_OF_TYPECODE.values())
    squitter = (messages.df == 17) | (messages.df == 18)
    kind: U8 = np.where(squitter, by_typecode[messages.typecode], by_format[messages.df])
    kind[(messages.status > REPAIRED) | (messages.address_kind != ICAO)] = 0
    return kind
