"""Which columns other programs' tables have, in which units, as data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from skywitness.errors import FormatError
from skywitness.units import FOOT_M, FPM_MPS, KNOT_MPS

__all__ = ["DIALECTS", "NEEDED", "SKYWITNESS", "Dialect", "Named", "dialect_of"]

NEEDED = ("time_ns", "icao", "lat_deg", "lon_deg")
"""What a row must tell; without an address the person who imports must."""


@dataclass(frozen=True, slots=True)
class Named:
    """Where a column of positions comes from."""

    names: tuple[str, ...]
    """The first one that is there counts."""
    scale: float = 1.0
    """Our unit's number in one of theirs."""
    unit: str = ""
    """Theirs, for the message that says a value cannot be."""
    least: float = float("-inf")
    most: float = float("inf")
    """In their unit: what no aircraft exceeds."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One program's table."""

    name: str
    title: str
    columns: Mapping[str, Named]
    signs: tuple[frozenset[str], ...]
    """Of each set at least one column must be there."""
    never: frozenset[str] = frozenset()
    """Columns that this program's table does not have."""
    has_address: bool = True
    place: str = ""
    """A column with latitude and longitude in one text."""
    source: int = 4
    """See POSITION_SOURCES, where no column tells."""
    metric: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def _feet(*names: str) -> Named:
    return Named(names, 1.0, "ft", -2_000.0, 130_000.0)


def _knots(*names: str) -> Named:
    return Named(names, 1.0, "kt", 0.0, 4_000.0)


def _rate(*names: str) -> Named:
    return Named(names, 1.0, "ft/min", -60_000.0, 60_000.0)


def _metres(*names: str) -> Named:
    return Named(names, 1.0 / FOOT_M, "m", -700.0, 25_000.0)


LAT, LON = (
    Named(names, 1.0, "deg") for names in (("lat_deg", "latitude", "lat"), ("lon_deg", "longitude", "lon", "lng"))
)
CALLSIGN, SQUAWK, GROUND = Named(("callsign", "flight")), Named(("squawk",)), Named(("on_ground", "onground"))
ADDRESS = Named(("icao24", "icao", "hex", "address"))
TRACK = Named(("track_deg", "track", "heading", "true_track"), 1.0, "deg")

OPENSKY = Dialect(
    "opensky",
    "state vectors of the OpenSky Network",
    {
        # The state is repeated while nothing new is heard: the position is of `lastposupdate`.
        "time_ns": Named(("lastposupdate", "time_position", "time", "timestamp")),
        "icao": ADDRESS,
        "lat_deg": LAT,
        "lon_deg": LON,
        "on_ground": GROUND,
        "altitude_ft": _metres("baroaltitude", "baro_altitude"),
        "altitude_geom_ft": _metres("geoaltitude", "geo_altitude"),
        "groundspeed_kt": Named(("velocity",), 1.0 / KNOT_MPS, "m/s", 0.0, 1_000.0),
        "track_deg": Named(("heading", "true_track"), 1.0, "deg"),
        "vertical_rate_fpm": Named(("vertrate", "vertical_rate"), 1.0 / FPM_MPS, "m/s", -300.0, 300.0),
        "callsign": CALLSIGN,
        "squawk": SQUAWK,
    },
    (
        frozenset(("icao24",)),
        frozenset(("velocity", "baroaltitude", "baro_altitude", "vertrate")),
        frozenset(("time", "lastposupdate", "time_position")),
    ),
    never=frozenset(("groundspeed", "altitude", "groundspeed_kt")),
)  # fmt: skip

FLIGHTRADAR24 = Dialect(
    "flightradar24",
    "a track exported by Flightradar24",
    {
        "time_ns": Named(("timestamp", "utc")),
        "icao": Named(()),
        "lat_deg": Named(("latitude", "lat")),
        "lon_deg": Named(("longitude", "lon")),
        "altitude_ft": _feet("altitude"),
        "groundspeed_kt": _knots("speed"),
        "track_deg": Named(("direction",), 1.0, "deg"),
        "callsign": CALLSIGN,
    },
    (frozenset(("timestamp",)), frozenset(("position",)), frozenset(("direction",))),
    has_address=False,
    place="position",
)

FLIGHTAWARE = Dialect(
    "flightaware",
    "a track of FlightAware",
    {
        "time_ns": Named(("timestamp", "time")),
        "icao": Named(()),
        "lat_deg": LAT,
        "lon_deg": LON,
        "altitude_ft": Named(("altitude",), 100.0, "hundreds of feet", -20.0, 1_300.0),
        "groundspeed_kt": _knots("groundspeed"),
        "track_deg": Named(("heading",), 1.0, "deg"),
        "callsign": Named(("ident_icao", "ident")),
        "verdict": Named(("update_type",)),
    },
    (frozenset(("update_type", "fa_flight_id")), frozenset(("latitude",))),
    has_address=False,
)

SKYWITNESS = Dialect(
    "skywitness",
    "positions that skywitness wrote",
    {
        "time_ns": Named(("time_ns", "time", "epoch_s")),
        "icao": ADDRESS,
        "address_kind": Named(("address_kind",)),
        "lat_deg": LAT,
        "lon_deg": LON,
        "on_ground": GROUND,
        "altitude_ft": _feet("altitude_baro_ft", "altitude_ft"),
        "altitude_geom_ft": _feet("altitude_geom_ft"),
        "groundspeed_kt": _knots("groundspeed_kt"),
        "track_deg": Named(("track_deg",), 1.0, "deg"),
        "vertical_rate_fpm": _rate("vertical_rate_fpm"),
        "callsign": CALLSIGN,
        "squawk": SQUAWK,
        "nic": Named(("nic",)),
        "nac_p": Named(("nac_p",)),
        "source": Named(("source",)),
        "receivers": Named(("receivers",)),
        "signal_dbfs": Named(("signal_dbfs",), 1.0, "dBFS"),
        "verdict": Named(("verdict",)),
        "reason": Named(("reason",)),
        "revision": Named(("revision",)),
        "provenance": Named(("provenance",)),
    },
    (frozenset(("icao24", "icao")), frozenset(("altitude_baro_ft", "lat_deg")), frozenset(("verdict", "provenance"))),
)

TRAFFIC = Dialect(
    "traffic",
    "a frame of traffic",
    {
        "time_ns": Named(("timestamp", "time", "utc", "datetime")),
        "icao": ADDRESS,
        "lat_deg": LAT,
        "lon_deg": LON,
        "on_ground": GROUND,
        "altitude_ft": _feet("altitude", "altitude_ft", "alt_baro"),
        "altitude_geom_ft": _feet("geoaltitude", "alt_geom"),
        "groundspeed_kt": _knots("groundspeed", "gs"),
        "track_deg": TRACK,
        "vertical_rate_fpm": _rate("vertical_rate", "baro_rate"),
        "callsign": CALLSIGN,
        "squawk": SQUAWK,
    },
    (frozenset(("icao24", "icao", "hex")), frozenset(("latitude", "lat"))),
    metric=MappingProxyType(
        {
            "altitude_m": "metres",
            "alt_m": "metres",
            "altitude_metres": "metres",
            "height_m": "metres",
            "velocity": "metres a second",
            "speed_mps": "metres a second",
            "groundspeed_mps": "metres a second",
            "speed_kmh": "kilometres an hour",
            "groundspeed_kmh": "kilometres an hour",
            "baroaltitude": "metres",
            "vertrate": "metres a second",
            "vertical_rate_mps": "metres a second",
        }
    ),
)

DIALECTS = {one.name: one for one in (OPENSKY, FLIGHTRADAR24, FLIGHTAWARE, SKYWITNESS, TRAFFIC)}
"""In the order in which they are tried."""


def dialect_of(names: Iterable[str], source: str, asked: str | None = None) -> Dialect:
    """Return the dialect of a table with these columns.

    asked  the one that somebody has named; else it is found

    Raises FormatError, with the columns that are there and those that are missed.
    """
    there = {name.lower() for name in names}
    local = next((name for name in sorted(there) if name.startswith("time (") and name != "time (utc)"), None)
    if local is not None:
        raise FormatError(
            f"column {local!r}: local times cannot be told apart from UTC by what the file says",
            source=source, hint="Export it with times in UTC, or as KML.",
        )  # fmt: skip
    for one in DIALECTS.values():
        fits = all(there & signs for signs in one.signs) and not there & one.never
        if one.name == asked or (asked is None and fits):
            _require(one, there, source)
            return one
    raise FormatError(
        "its columns are those of no table of positions that is known", source=source,
        hint=f"There are {', '.join(sorted(there)[:20]) or 'none'}; needed: a time, an address, latitude, longitude.",
    )  # fmt: skip


def _require(dialect: Dialect, there: Collection[str], source: str) -> None:
    for name in NEEDED:
        wanted = dialect.columns[name].names
        if name == "icao" and not dialect.has_address:
            continue
        if dialect.place in there and name in ("lat_deg", "lon_deg"):
            continue
        if not any(one in there for one in wanted):
            raise FormatError(
                f"there is no column {' or '.join(wanted)}, which {dialect.title} has", source=source,
                hint=f"There are {', '.join(sorted(there)[:20])}.",
            )  # fmt: skip
    for name, unit in dialect.metric.items():
        if name in there:
            raise FormatError(
                f"column {name!r} tells of {unit}; {dialect.title} is in feet, knots and feet a minute", source=source,
                hint="Convert it, or name its format with --as.",
            )  # fmt: skip
