"""The rows of `skywitness top`: read from aircraft.json, filtered and sorted."""

from __future__ import annotations

import datetime
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skywitness.errors import ConfigError

__all__ = [
    "COLUMNS",
    "Aircraft",
    "Column",
    "Filter",
    "Rate",
    "ReceiverLine",
    "Snapshot",
    "clean",
    "column_of",
    "read_receivers",
    "read_snapshot",
    "sorted_by",
]

Point = tuple[float, float]

GROUND_FT = -10_000.0
"""Sorts below every altitude."""
RATE_S = 10.0
SOURCES = {"adsb": "ADS-B", "adsr": "ADS-R", "tisb": "TIS-B", "mlat": "MLAT", "mode": "Mode S", "adsc": "ADS-C"}
EMERGENCIES = ("7500", "7600", "7700")


def clean(value: Any, longest: int = 40) -> str:
    """Text that cannot move the cursor: what others sent is shown on a terminal."""
    return "".join(char for char in str("" if value is None else value)[: 4 * longest] if char.isprintable())[:longest]


def number(value: Any) -> float:
    """A number, NaN if it is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e15 else math.nan


@dataclass(frozen=True, slots=True)
class Aircraft:
    """One row; NaN and empty for what is not known."""

    hex: str
    callsign: str = ""
    reg: str = ""
    type: str = ""
    squawk: str = ""
    alt: float = math.nan
    on_ground: bool = False
    vr: float = math.nan
    gs: float = math.nan
    trk: float = math.nan
    lat: float = math.nan
    lon: float = math.nan
    dist: float = math.nan
    brg: float = math.nan
    msgs: float = math.nan
    age: float = math.nan
    position_age: float = math.nan
    source: str = ""
    rssi: float = math.nan
    emergency: str = ""

    @property
    def is_alarmed(self) -> bool:
        """Whether it squawks or says an emergency."""
        return self.squawk in EMERGENCIES or self.emergency not in ("", "none")


@dataclass(frozen=True, slots=True)
class ReceiverLine:
    """One receiver."""

    name: str
    connected: bool
    rate: float = math.nan
    positions: float = math.nan
    error: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment."""

    time_s: float
    """Of the picture, UTC: in a replay the recording's."""
    messages: float
    aircraft: tuple[Aircraft, ...]
    simulated: bool = False
    rate: float = math.nan
    """Messages a second over the last ten."""
    receivers: tuple[ReceiverLine, ...] = ()

    @property
    def time(self) -> str:
        """As people read it, UTC."""
        try:
            moment = datetime.datetime.fromtimestamp(self.time_s, datetime.UTC)
        except (ValueError, OverflowError, OSError):
            return "time unknown"
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def read_snapshot(body: Any, place: Point | None = None) -> Snapshot:
    """Read aircraft.json, of this program or another that writes the dialect.

    place  distances and bearings are from there, not from the receiver

    What is missing or of the wrong kind is unknown. Raises ValueError if it is no such file at all.
    """
    rows = body.get("aircraft") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        raise ValueError("no list `aircraft` in the answer")
    aircraft = [read_aircraft(row) for row in rows if isinstance(row, Mapping)]
    if place is not None:
        aircraft = from_place(aircraft, place)
    return Snapshot(
        number(body.get("now")), number(body.get("messages")), tuple(aircraft), body.get("simulated") is True
    )


def read_aircraft(row: Mapping[str, Any]) -> Aircraft:
    """One object of the list."""
    last = row.get("lastPosition")
    at = row if "lat" in row or not isinstance(last, Mapping) else last
    altitude = row.get("alt_baro", row.get("altitude"))
    kind = clean(row.get("type"))
    rates = (number(row.get(key)) for key in ("baro_rate", "geom_rate", "vert_rate"))
    return Aircraft(
        hex=clean(row.get("hex"), 7).lower(),
        callsign=clean(row.get("flight"), 8).strip(),
        reg=clean(row.get("r"), 10),
        type=clean(row.get("t"), 4),
        squawk=clean(row.get("squawk"), 4),
        alt=GROUND_FT if altitude == "ground" else number(altitude),
        on_ground=altitude == "ground",
        vr=next((rate for rate in rates if rate == rate), math.nan),
        gs=number(row.get("gs", row.get("speed"))),
        trk=number(row.get("track")),
        lat=number(at.get("lat")),
        lon=number(at.get("lon")),
        dist=number(row.get("r_dst")),
        brg=number(row.get("r_dir")),
        msgs=number(row.get("messages")),
        age=number(row.get("seen")),
        position_age=number(at.get("seen_pos")),
        source=SOURCES.get(kind.partition("_")[0], kind),
        rssi=number(row.get("rssi")),
        emergency=clean(row.get("emergency"), 12),
    )


def from_place(aircraft: Sequence[Aircraft], place: Point) -> list[Aircraft]:
    """Measure from another place than the receiver's."""
    import dataclasses

    from skywitness.geo.sphere import bearing_deg, distance_nmi

    lat, lon = [one.lat for one in aircraft], [one.lon for one in aircraft]
    dist, brg = distance_nmi(*place, lat, lon).tolist(), bearing_deg(*place, lat, lon).tolist()
    return [
        dataclasses.replace(one, dist=far, brg=to) for one, far, to in zip(aircraft, dist, brg, strict=True)
    ]  # fmt: skip


def read_receivers(body: Any) -> tuple[ReceiverLine, ...]:
    """Read /api/v1/receivers; nothing if it is something else."""
    rows = body.get("receivers") if isinstance(body, Mapping) else None
    return tuple(
        ReceiverLine(
            name=clean(row.get("name")),
            connected=row.get("connected") is True,
            rate=number(row.get("rate_frames_s")),
            positions=number(row.get("positions")),
            error=clean(row.get("last_error"), 60),
        )
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, Mapping)
    )


@dataclass(slots=True)
class Rate:
    """Messages a second, by the pictures' own time: true in a replay of any pace too."""

    past: list[tuple[float, float]] = field(default_factory=list)

    def add(self, time_s: float, messages: float) -> float:
        """Take in a picture; return the rate, NaN while it is not known."""
        if self.past and (time_s < self.past[-1][0] or messages < self.past[-1][1]):
            self.past = []  # the recording began anew, or the node did
        if not self.past or time_s > self.past[-1][0]:
            self.past.append((time_s, messages))
        while len(self.past) > 2 and time_s - self.past[1][0] >= RATE_S:
            self.past.pop(0)
        (then, before), (now, after) = self.past[0], self.past[-1]
        return (after - before) / (now - then) if now > then else math.nan


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: its name in sorting and filters, its head, its width."""

    name: str
    head: str
    width: int
    descends: bool = False
    """Largest first, to begin with."""
    is_text: bool = False
    keep: int = 9
    """The lower, the sooner it is left out of a narrow terminal."""


COLUMNS = (
    Column("callsign", "callsign", 9, is_text=True),
    Column("hex", "hex", 7, is_text=True),
    Column("reg", "reg", 8, is_text=True, keep=4),
    Column("type", "type", 5, is_text=True, keep=5),
    Column("squawk", "sqwk", 5, is_text=True, keep=6),
    Column("alt", "alt ft", 7, descends=True),
    Column("vr", "ft/min", 7, descends=True, keep=3),
    Column("gs", "kt", 5, descends=True, keep=8),
    Column("trk", "trk", 4, keep=7),
    Column("dist", "NM", 6, keep=8),
    Column("brg", "brg", 4, keep=2),
    Column("msgs", "msgs", 7, descends=True, keep=6),
    Column("age", "age s", 6, keep=8),
    Column("source", "source", 7, is_text=True, keep=1),
    Column("rssi", "dBFS", 5, descends=True, keep=3),
)
NAMES = tuple(column.name for column in COLUMNS)


def column_of(name: str) -> Column:
    """Return the column of a name. Raises ConfigError."""
    for column in COLUMNS:
        if column.name == name:
            return column
    raise ConfigError(f"there is no column {name!r}", hint=f"Columns are {', '.join(NAMES)}.")


def sorted_by(aircraft: Iterable[Aircraft], column: Column, is_reversed: bool) -> list[Aircraft]:
    """Sort by a column, then by address; what is not known is last in either direction."""
    rows = sorted(aircraft, key=operator.attrgetter("hex"))
    known: list[Aircraft] = []
    unknown: list[Aircraft] = []
    for row in rows:
        value = getattr(row, column.name)
        (unknown if value == "" or value != value else known).append(row)
    known.sort(key=operator.attrgetter(column.name), reverse=column.descends != is_reversed)
    return known + unknown


COMPARED = re.compile(r"([a-z]+)(<=|>=|<|>|=)(-?\d+(?:\.\d+)?)")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq
}  # fmt: skip


class Filter:
    """Words that must all hold: `KLM`, `-mlat`, `alt>30000`."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self._terms = [self._term(word) for word in text.lower().split()]

    def _term(self, word: str) -> Callable[[Aircraft], bool]:
        is_not = word.startswith("-") and len(word) > 1
        word = word[is_not:]
        compared = COMPARED.fullmatch(word)
        if compared and compared[1] in NAMES and not column_of(compared[1]).is_text:
            name, compare, limit = compared[1], COMPARISONS[compared[2]], float(compared[3])
            return lambda row: bool(compare(getattr(row, name), limit)) != is_not
        return lambda row: (
            any(word in text.lower() for text in (row.callsign, row.hex, row.reg, row.type, row.squawk, row.source))
            != is_not
        )

    def __call__(self, row: Aircraft) -> bool:
        """Whether the row is wanted."""
        return all(term(row) for term in self._terms)
