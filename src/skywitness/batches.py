"""The nouns as tables: struct of arrays. Read this first.

A batch is a frozen dataclass of equally long, C-contiguous arrays. The annotation gives the dtype, the name gives the
unit, `column` the meaning. A batch is never changed after it is made: what turns out differently is a new row with a
higher `revision`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "ADDRESS_KINDS",
    "END_EVIDENCE",
    "EVENT_KINDS",
    "F32",
    "F64",
    "FRAME_BYTES",
    "I8",
    "I16",
    "I32",
    "I64",
    "POSITION_SOURCES",
    "PROVENANCES",
    "REASONS",
    "SIDES",
    "STATUSES",
    "STOP_KINDS",
    "TIMINGS",
    "U8",
    "U16",
    "U32",
    "U64",
    "UNTIMED",
    "VERDICTS",
    "Batch",
    "Candidates",
    "Ends",
    "Events",
    "Frames",
    "Journeys",
    "Legs",
    "Messages",
    "Positions",
    "Stops",
    "column",
]

I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

FRAME_BYTES = 14
"""Width of a frame's row: 112 bits; shorter frames are padded with zeros at the end."""

UNTIMED = np.iinfo(np.int64).min
"""The `time_ns` of a reception whose time is not known."""

TIMINGS = ("none", "counter_12mhz", "gps_ns", "epoch", "mlat_result", "uat_derived", "do_not_forward")
"""What a frame's `ticks` are: nothing, a 12 MHz counter, nanoseconds of the UTC day by GPS, no counter but an epoch
in the file, or one of the special stamps of the Beast format (contracts: Beast binary)."""

ADDRESS_KINDS = ("icao", "anonymous", "tisb_track_file", "vehicle")
"""Part of the key wherever an aircraft is named: the same 24 bits of another kind are another aircraft."""

STATUSES = (
    "accepted",
    "repaired",
    "mode_ac",
    "parity",
    "unknown_address",
    "all_zero",
    "unsupported_format",
    "military_format",
)
"""What became of a frame: the first two are good, `mode_ac` carries no address, the rest are reasons of rejection.

`parity`: the check failed and no repair was allowed. `unknown_address`: address/parity format of an address that no
checked frame has shown lately. `all_zero`: zeros have a valid parity and mean nothing. `unsupported_format`: a downlink
format that civil Mode S does not define. `military_format`: DF 19 or 22, not decodable without its application field.
"""

VERDICTS = ("confirmed", "consistent", "unverifiable", "contradicted", "estimated")
"""How far a position is supported: by several receivers, by its own aircraft's motion, by nothing, against, guessed."""

REASONS = (
    "none",
    "speed",
    "range",
    "surface_range",
    "zone_mismatch",
    "null_island",
    "duplicate_address",
    "not_reliable",
    "altitude",
    "latitude",
    "horizon",
    "arrival_times",
)
"""Why a position is `contradicted` or held back."""

POSITION_SOURCES = ("adsb", "adsr", "tisb", "mlat", "other", "uat")
"""Who determined the position; best first, `uat` ranks with `adsb`."""

PROVENANCES = ("received", "imported", "simulated")
"""Where a row came from; stays with it to the last export."""


SIDES = ("departure", "arrival")
"""The two ends of a leg."""

END_EVIDENCE = ("on_ground", "touchdown_bracketed", "approaching", "lost_in_flight", "out_of_coverage")
"""What was observed of a leg's end, strongest first; for a departure read backwards in time.

`on_ground`: reports on the ground at the place. `touchdown_bracketed`: low flight and then (before) ground or a gap so
short that nothing else fits. `approaching`: descending toward (climbing away from) a field, the runway itself unseen.
`lost_in_flight`: last received in cruise or without a tendency, where others were heard. `out_of_coverage`: the same,
where nobody would have been heard.
"""

STOP_KINDS = ("observed", "inferred")
"""A stop that was seen on the ground or bracketed, or one that only the time lost in a gap tells of."""

EVENT_KINDS = (
    "takeoff",
    "landing",
    "touch_and_go",
    "go_around",
    "low_approach",
    "taxi",
    "on_ground",
    "holding",
    "circling",
    "survey",
    "refuelling",
    "formation",
    "rendezvous",
    "coverage_gap",
    "return",
    "callsign_change",
    "squawk_change",
    "altitude_anomaly",
)
"""What an aircraft, or two, did in a span of time."""


def column(doc: str, *, missing: int | None = None, unit: str = "", width: int = 1) -> Any:
    """Declare a column: its meaning, the integer that stands for "unknown", and its unit where the name has none."""
    return dataclasses.field(metadata={"doc": doc, "missing": missing, "unit": unit, "width": width})


DTYPES: dict[str, type[np.generic]] = {
    "I8": np.int8,
    "I16": np.int16,
    "I32": np.int32,
    "I64": np.int64,
    "U8": np.uint8,
    "U16": np.uint16,
    "U32": np.uint32,
    "U64": np.uint64,
    "F32": np.float32,
    "F64": np.float64,
}

UNIT_SUFFIXES = {
    "ns": "ns",
    "deg": "deg",
    "ft": "ft",
    "m": "m",
    "kt": "kt",
    "mps": "m/s",
    "fpm": "ft/min",
    "dbfs": "dBFS",
    "hpa": "hPa",
    "c": "degC",
    "s": "s",
}


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(column,))
class Batch:
    """Equally long arrays under names; see the module's text."""

    __slots__: ClassVar[tuple[str, ...]] = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __len__(self) -> int:
        return len(getattr(self, self.__slots__[0]))  # of the dataclass: its columns; asked for at every turn

    @classmethod
    @functools.cache
    def names(cls) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(field.name for field in dataclasses.fields(cls))

    @classmethod
    @functools.cache
    def dtypes(cls) -> Mapping[str, tuple[np.dtype[Any], int]]:
        """Dtype and width (1 for a plain column, else the number of values in a row) of each column."""
        return {f.name: (np.dtype(DTYPES[str(f.type)]), f.metadata["width"]) for f in dataclasses.fields(cls)}

    @classmethod
    def allocate(cls, rows: int) -> Self:
        """Return a batch whose values are not yet set, for a kernel to fill."""
        return cls(*[np.empty((rows, w) if w > 1 else rows, d) for d, w in cls.dtypes().values()])

    @classmethod
    def empty(cls) -> Self:
        """Return a batch without rows."""
        return cls.allocate(0)

    @classmethod
    def concat(cls, parts: Iterable[Self]) -> Self:
        """Join batches end to end."""
        parts = list(parts)
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty()
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.names()})

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the rows given by index or by a boolean mask."""
        return type(self)(**{name: np.ascontiguousarray(getattr(self, name)[rows]) for name in self.names()})

    def replaced(self, **columns: NDArray[Any]) -> Self:
        """Return the batch with other values in some columns; the others are shared, not copied."""
        return type(self)(**{name: columns.get(name, getattr(self, name)) for name in self.__slots__})

    def slice(self, start: int, stop: int) -> Self:
        """Return rows start to stop - 1 as views, without copying."""
        return type(self)(*[getattr(self, name)[start:stop] for name in self.__slots__])

    def same_as(self, other: Self) -> bool:
        """Say whether both hold the same rows in the same order; NaN equals NaN."""
        return len(self) == len(other) and all(
            np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            for a, b in ((getattr(self, n), getattr(other, n)) for n in self.names())
        )

    @classmethod
    def schema(cls) -> pa.Schema:
        """Arrow schema: unit and meaning are in each field's metadata."""
        import pyarrow as pa

        fields = []
        for field in dataclasses.fields(cls):
            dtype, width = cls.dtypes()[field.name]
            kind = pa.binary(width) if width > 1 else pa.from_numpy_dtype(dtype)
            unit = field.metadata["unit"] or UNIT_SUFFIXES.get(field.name.rsplit("_", 1)[-1], "")
            fields.append(pa.field(field.name, kind, metadata={"unit": unit, "doc": field.metadata["doc"]}))
        return pa.schema(fields)

    def to_arrow(self) -> pa.Table:
        """Return an Arrow table; missing values are nulls, columns without a missing value are not copied."""
        import pyarrow as pa

        arrays = []
        for field, kind in zip(dataclasses.fields(self), self.schema(), strict=True):
            values = np.ascontiguousarray(getattr(self, field.name))
            arrays.append(arrow_array(values, kind.type, field.metadata["missing"]))
        return pa.Table.from_arrays(arrays, schema=self.schema())

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame over the Arrow columns, without copying; missing values are NA."""
        import pandas

        return self.to_arrow().to_pandas(types_mapper=pandas.ArrowDtype)

    def to_polars(self) -> Any:
        """Return a Polars DataFrame over the Arrow columns, without copying; missing values are null."""
        import polars

        return polars.from_arrow(self.to_arrow())


def arrow_array(values: NDArray[Any], kind: pa.DataType, missing: int | None) -> pa.Array:
    """Wrap a column as Arrow without copying its values; NaN or the missing value becomes null."""
    import pyarrow as pa

    rows = len(values)
    if pa.types.is_fixed_size_binary(kind):
        return pa.FixedSizeBinaryArray.from_buffers(kind, rows, [None, pa.py_buffer(values)])
    known: NDArray[np.bool_] | None = None
    if values.dtype.kind == "f":
        known = ~np.isnan(values)
    elif missing is not None:
        known = values != missing
    if known is None or bool(known.all()):
        return pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(values)])
    bitmap = pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, rows, [bitmap, pa.py_buffer(values)])


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Frames(Batch):
    """One reception per row: 16, 56 or 112 bits heard once at one receiver.

    `id` lasts for ever: segment << 32 | row. Everything made of a frame points back to it by `parent`.
    """

    id: I64 = column("reception: segment << 32 | row in the segment")
    time_ns: I64 = column("arrival of the frame's first bit, since 1970-01-01 UTC", missing=UNTIMED)
    ticks: I64 = column("the receiver's own counter as sent, 48 bits", missing=-1)
    timing: U8 = column("what the ticks are, see TIMINGS")
    receiver: U16 = column("index into the list of receivers")
    signal_dbfs: F32 = column("level of the pulses; NaN unknown")
    length: U8 = column("bytes: 2 Mode A/C, 7 or 14 Mode S")
    data: U8 = column("most significant byte first, zeros after `length`", width=FRAME_BYTES)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Messages(Batch):
    """What became of each frame: the row order is that of the frames.

    A rejected frame keeps its row, with the reason in `status`.
    """

    parent: I64 = column("reception this row reads")
    transmission: I64 = column("first reception of the same transmission; equal to `parent` for the first one")
    time_ns: I64 = column("time of the reception", missing=UNTIMED)
    receiver: U16 = column("index into the list of receivers")
    status: U8 = column("accepted, repaired or why rejected, see STATUSES")
    df: U8 = column("downlink format 0..24", missing=255)
    typecode: U8 = column("extended squitter type code 0..31", missing=255)
    bds: U8 = column("Comm-B register inferred, 0x60 for BDS 6,0; 0 none fits for certain", missing=255)
    icao: U32 = column("24-bit address; of address/parity formats the one in the parity", missing=0xFFFFFFFF)
    address_kind: U8 = column("see ADDRESS_KINDS")
    slot: I32 = column("row of the address table that holds this aircraft", missing=-1)
    repaired_bit: U8 = column("bit corrected, 1..112; 0 none")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Positions(Batch):
    """One position report per row, however it was found, with the aircraft's state as known at that time.

    A row's `parent` is the newest reception behind it, so any point on the map can be walked back to the raw frames
    it came from and decoded again. Live views may show revision 0; files keep the highest one of each parent.
    """

    time_ns: I64 = column("time of applicability, since 1970-01-01 UTC", missing=UNTIMED)
    icao: U32 = column("24-bit address")
    address_kind: U8 = column("see ADDRESS_KINDS; part of the key")
    lat_deg: F64 = column("WGS-84, north positive, quantum 1e-6")
    lon_deg: F64 = column("WGS-84, east positive, [-180, 180), quantum 1e-6")
    on_ground: U8 = column("1 on the ground by its own report, 0 airborne", missing=255)
    altitude_ft: F32 = column("pressure altitude, 1013.25 hPa; NaN unknown or on the ground")
    altitude_geom_ft: F32 = column("height above the WGS-84 ellipsoid; NaN unknown")
    groundspeed_kt: F32 = column("quantum 0.1; NaN unknown")
    track_deg: F32 = column("true track over ground, [0, 360), quantum 0.1; NaN unknown")
    vertical_rate_fpm: F32 = column("positive up; NaN unknown")
    callsign: U64 = column("8 characters, 6 bits each in the ICAO set, first one in bits 47-42; 0 unknown")
    squawk: U16 = column("Mode A code, 0o7700 is 4032", missing=0xFFFF)
    nic: U8 = column("navigation integrity category, 0..11", missing=255)
    nac_p: U8 = column("navigation accuracy category for position, 0..11", missing=255)
    source: U8 = column("see POSITION_SOURCES")
    receivers: U16 = column("distinct receivers that heard this transmission, as far as known at this revision")
    signal_dbfs: F32 = column("level of the first reception; NaN unknown")
    verdict: U8 = column("see VERDICTS")
    reason: U8 = column("see REASONS")
    revision: U8 = column("0 at first; the highest one is final")
    provenance: U8 = column("see PROVENANCES")
    parent: I64 = column("newest reception behind it: segment << 32 | row")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Legs(Batch):
    """One flight per row, from ground to ground or from and to an edge of what was heard.

    Sorted by (address_kind, icao, from_ns). Its two ends are rows 2 n and 2 n + 1 of `Ends`.
    """

    icao: U32 = column("24-bit address")
    address_kind: U8 = column("see ADDRESS_KINDS; part of the key")
    from_ns: I64 = column("first reception of the leg")
    until_ns: I64 = column("last reception of the leg")
    callsign: U64 = column("the one sent longest, packed as in Positions; 0 none")
    callsigns: U8 = column("different ones sent during the leg")
    positions: I64 = column("position rows of the leg", unit="count")
    gap_s: F32 = column("longest silence between two of its positions")
    distance_m: F64 = column("along the received positions, silences by great circle")
    max_altitude_ft: F32 = column("highest pressure altitude; NaN unknown")
    receivers: U16 = column("most receivers behind one position")
    flags: U16 = column("bits, see journeys.legs.FLAGS: two aircraft on one address, MLAT only, off airport, ...")
    first_parent: I64 = column("reception behind its first position")
    last_parent: I64 = column("reception behind its last position")
    provenance: U8 = column("see PROVENANCES; the least of its rows")
    revision: U8 = column("0 while it may still grow; the highest one is final")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Ends(Batch):
    """One end of a leg per row: rows 2 n (departure) and 2 n + 1 (arrival) belong to leg n.

    The reception told of is the outermost one in the air or on the ground. What it proves is the bracket
    [not_before_ns, not_after_ns] in which the wheels left or touched the ground.
    """

    leg: I64 = column("row of Legs")
    side: U8 = column("see SIDES")
    evidence: U8 = column("see END_EVIDENCE")
    time_ns: I64 = column("outermost reception of the leg on this side")
    lat_deg: F64 = column("of that reception, WGS-84")
    lon_deg: F64 = column("of that reception, WGS-84")
    altitude_ft: F32 = column("pressure altitude of the outermost airborne reception; NaN unknown")
    vertical_rate_fpm: F32 = column("there, by its own report or its altitudes; NaN unknown")
    track_deg: F32 = column("there, of its motion; NaN unknown")
    groundspeed_kt: F32 = column("there; NaN unknown")
    on_ground: U8 = column("1 if the outermost reception is one on the ground", missing=255)
    receivers: U16 = column("distinct receivers behind that reception")
    parent: I64 = column("that reception")
    not_before_ns: I64 = column("the take-off or landing is not earlier than this", missing=UNTIMED)
    not_after_ns: I64 = column("and not later than this", missing=UNTIMED)
    airport: I32 = column("most probable one, row of the gazetteer; not a fact, see its probability", missing=-1)
    probability: F32 = column("of that airport; 0 none is named")
    elsewhere: F32 = column("probability that it is none of the candidates")
    runway: I32 = column("runway end used, row of the gazetteer's runway ends", missing=-1)
    distance_nmi: F32 = column(
        "from the reception to that airport's nearest runway or reference point; NaN none", unit="nmi"
    )
    height_ft: F32 = column("of the outermost airborne reception above that airport; NaN unknown")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Candidates(Batch):
    """Airports that an end may be at, ranked: sorted by end, then by falling probability."""

    end: I64 = column("row of Ends")
    airport: I32 = column("row of the gazetteer")
    runway: I32 = column("runway end that fits best, row of the gazetteer's runway ends", missing=-1)
    probability: F32 = column("calibrated; with `elsewhere` of the end the sum is 1")
    distance_nmi: F32 = column("from the reception to the nearest runway or reference point", unit="nmi")
    height_ft: F32 = column("above the field at the outermost airborne reception; NaN unknown")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Events(Batch):
    """Something an aircraft, or two, did: one per row, sorted by (address_kind, icao, from_ns, kind)."""

    icao: U32 = column("24-bit address")
    address_kind: U8 = column("see ADDRESS_KINDS")
    kind: U8 = column("see EVENT_KINDS")
    from_ns: I64 = column("begin; the moment itself where it is one")
    until_ns: I64 = column("end")
    lat_deg: F64 = column("where: the moment's place, or the middle of the pattern")
    lon_deg: F64 = column("where: the moment's place, or the middle of the pattern")
    altitude_ft: F32 = column("pressure altitude there; NaN unknown or on the ground")
    airport: I32 = column("where it was, row of the gazetteer", missing=-1)
    runway: I32 = column("runway end, row of the gazetteer's runway ends", missing=-1)
    other_icao: U32 = column("the second aircraft", missing=0xFFFFFFFF)
    other_address_kind: U8 = column("of the second aircraft", missing=255)
    value: F32 = column("the figure that decided, in the unit its kind states; NaN none")
    threshold: F32 = column("what it was compared with; NaN none")
    confidence: F32 = column("0 to 1; 1 where it was observed directly")
    first_parent: I64 = column("reception behind its first position")
    last_parent: I64 = column("reception behind its last position")
    provenance: U8 = column("see PROVENANCES")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Journeys(Batch):
    """Consecutive legs of one airframe that make one undertaking: sorted by (address_kind, icao, from_ns)."""

    icao: U32 = column("24-bit address")
    address_kind: U8 = column("see ADDRESS_KINDS")
    from_ns: I64 = column("first reception of the first leg")
    until_ns: I64 = column("last reception of the last leg")
    first_leg: I64 = column("row of Legs")
    legs: I32 = column("number of legs, consecutive rows of Legs", unit="count")
    first_stop: I64 = column("row of Stops")
    stops: I32 = column("number of stops, consecutive rows of Stops", unit="count")
    provenance: U8 = column("see PROVENANCES")
    revision: U8 = column("0 while it may still grow; the highest one is final")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Stops(Batch):
    """A stop within a journey: sorted by journey and time.

    An inferred stop lies in a silence: inside one leg's gap (`arrival_end` and `departure_end` are then missing) or
    between two legs of which neither end was seen.
    """

    journey: I64 = column("row of Journeys")
    kind: U8 = column("see STOP_KINDS")
    after_leg: I64 = column("row of Legs before the stop, or the leg whose gap holds it")
    before_leg: I64 = column("row of Legs after the stop, or the leg whose gap holds it")
    not_before_ns: I64 = column("it did not land earlier")
    not_after_ns: I64 = column("it did not take off later")
    least_s: F32 = column("shortest time on the ground that the receptions allow")
    most_s: F32 = column("longest time on the ground that the receptions allow")
    airport: I32 = column("most probable one, row of the gazetteer", missing=-1)
    probability: F32 = column("of that airport")
    happened: F32 = column("probability that there was a stop at all; 1 if observed")
    first_candidate: I64 = column("row of the stops' own Candidates, whose `end` is the row of the stop")
    candidates: I32 = column("number of them", unit="count")
