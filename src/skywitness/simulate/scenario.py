"""What a simulated world holds: read from TOML, checked, and the same ever after.

Every table of the file is a dataclass here and every key a field of it, so that this module is also the format's
description; lengths of time are in seconds, places in degrees. See scenarios/ for examples.
"""

from __future__ import annotations

import dataclasses
import datetime
import tomllib
from collections.abc import Mapping
from typing import Any

from skywitness.errors import ConfigError
from skywitness.units import NS_PER_S, STANDARD_PRESSURE_HPA

__all__ = [
    "CLOCKS",
    "EQUIPMENT",
    "PERFORMANCE",
    "Advisory",
    "Aircraft",
    "Airport",
    "Change",
    "Fleet",
    "Performance",
    "Receiver",
    "Scenario",
    "Spoof",
    "Via",
]

CLOCKS = ("12mhz", "gps", "epoch")
EQUIPMENT = ("adsb2", "adsb1", "adsb0", "mode_s", "adsr", "tisb", "vehicle", "airspeed")
"""ADS-B of a version; Mode S without ADS-B; what a ground station sends on behalf of others (ADS-R, TIS-B); a vehicle
on the ground (DF 18); ADS-B that has no ground speed and states airspeed and heading."""


@dataclasses.dataclass(frozen=True, slots=True)
class Performance:
    """What a kind of aircraft can do."""

    climb_fpm: float
    descent_fpm: float
    rotate_kt: float
    bank_deg: float
    acceleration_kt_s: float
    cruise_ft: float
    cruise_kt: float


PERFORMANCE: Mapping[str, Performance] = {
    "airliner": Performance(2600.0, 1900.0, 140.0, 25.0, 1.0, 36_000.0, 450.0),
    "light": Performance(700.0, 600.0, 55.0, 30.0, 1.0, 4_500.0, 110.0),
    "helicopter": Performance(1000.0, 800.0, 20.0, 25.0, 2.0, 1_500.0, 110.0),
    "fast": Performance(6000.0, 4000.0, 150.0, 60.0, 3.0, 28_000.0, 480.0),
    "vehicle": Performance(0.0, 0.0, 999.0, 0.0, 2.0, 0.0, 20.0),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Receiver:
    """An antenna, its clock, and what goes wrong at it."""

    name: str
    lat_deg: float
    lon_deg: float
    height_m: float = 20.0  # of the antenna above the ellipsoid
    mast_m: float = 15.0  # of the antenna above the country around it: decides the horizon
    range_km: float = 450.0
    clock: str = "12mhz"
    counter_start: int = 0  # 12mhz: what the counter showed at the start
    drift_ppm: float = 0.0  # 12mhz: how much too fast it counts
    offset_ns: int = 0  # gps, epoch: constant error
    jitter_ns: float = 0.0  # standard deviation of each time stamp
    level_dbfs: float = -12.0  # of a transmission from 10 km away
    least_dbfs: float = -42.0  # the weakest that is still decoded
    fading_db: float = 2.0  # standard deviation of each level
    loss: float = 0.0  # chance that a frame is missed
    garble: float = 0.0  # chance that another transmission covers the frame from some bit on
    bit_error: float = 0.0  # chance of one wrong bit
    noise_hz: float = 0.0  # frames of mere noise in a second
    latency_ms: float = 0.0  # on the way from the receiver to us
    latency_jitter_ms: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Airport:
    """A runway with a taxiway and stands to its right."""

    name: str
    lat_deg: float  # of the threshold that is landed and taken off over
    lon_deg: float
    runway_deg: float  # true direction of movement
    elevation_ft: float = 0.0
    length_m: float = 3000.0


@dataclasses.dataclass(frozen=True, slots=True)
class Via:
    """A way-point: fly or roll to it, at this pressure altitude and ground speed, and stand there for a while."""

    lat_deg: float
    lon_deg: float
    altitude_ft: float | None = None  # None: cruise
    speed_kt: float | None = None
    ground: bool = False
    hold_s: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """From a moment on, some of what an aircraft says of itself is different."""

    at_s: float
    callsign: str | None = None
    squawk: str | None = None
    emergency: int | None = None
    nic: int | None = None
    nac_p: int | None = None
    gnss_error_m: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Spoof:
    """For a while the position sent is not where the aircraft is."""

    at_s: float
    until_s: float
    north_km: float = 0.0
    east_km: float = 0.0
    altitude_ft: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Advisory:
    """For a while ACAS gives a resolution advisory."""

    at_s: float
    until_s: float
    ara: str = "11000000000000"  # bits 41-54 of the reply; here: one threat, upward, preventive
    threat: str = ""  # its address


@dataclasses.dataclass(frozen=True, slots=True)
class Aircraft:
    """Who it is, what it carries, and where it goes: from an airport or its first way-point, on by way-points."""

    icao: str
    callsign: str = ""
    squawk: str = "2000"
    category: str = "A3"
    performance: str = "airliner"
    equipment: str = "adsb2"
    acas: bool = True
    meteorological: bool = False
    nic: int = 8
    nac_p: int = 9
    gnss_error_m: float = 0.0  # standard deviation, north and east, wandering over a minute or so
    departure: str = ""
    arrival: str = ""
    via: tuple[Via, ...] = ()
    cruise_ft: float | None = None
    cruise_kt: float | None = None
    repeat: bool = False  # begin again with the first way-point after the last
    start_s: float = 0.0  # begins to move
    on_s: float = 0.0  # transponder switched on
    off_s: float | None = None  # and off
    change: tuple[Change, ...] = ()
    spoof: tuple[Spoof, ...] = ()
    advisory: tuple[Advisory, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Fleet:
    """Many aircraft at random places of an area, bound for other random places of it."""

    count: int
    area: tuple[float, float, float, float]  # south, west, north, east
    seed: int = 0
    altitude_ft: tuple[float, float] = (5_000.0, 40_000.0)
    mode_s: float = 0.1  # shares of the fleet
    adsb1: float = 0.03
    adsb0: float = 0.05
    callsign: str = ""  # airline of all of them; otherwise one each


@dataclasses.dataclass(frozen=True, slots=True)
class Scenario:
    """A world and who listens to it."""

    name: str = "scenario"
    start: str = "2026-06-01T12:00:00Z"
    duration_s: int = 600
    seed: int = 0
    qnh_hpa: float = STANDARD_PRESSURE_HPA
    geoid_m: float = 0.0  # height of the mean sea level above the ellipsoid
    wind_kt: float = 20.0  # at 10,000 ft; half of it near the ground, twice above 30,000 ft
    wind_from_deg: float = 270.0
    reply_share: float = 1.0  # of the replies to interrogations that are usual in the view of a few radars
    kept_share: float = 1.0  # of all transmissions: a feed that is thinned alike at all receivers
    receiver: tuple[Receiver, ...] = ()
    airport: tuple[Airport, ...] = ()
    aircraft: tuple[Aircraft, ...] = ()
    fleet: tuple[Fleet, ...] = ()

    @property
    def start_ns(self) -> int:
        """The beginning, in nanoseconds since 1970-01-01 UTC."""
        moment = datetime.datetime.fromisoformat(self.start)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        return (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * 1000

    @classmethod
    def parse(cls, text: str, *, source: str = "scenario") -> Scenario:
        """Read a scenario from TOML; raises ConfigError for what it does not understand."""
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"this is not TOML: {error}", source=source) from None
        head = tables.pop("scenario", {})
        if not isinstance(head, dict):
            raise ConfigError("`scenario` must be a table", source=source)
        scenario: Scenario = _build(cls, {**head, **tables}, source)
        scenario.check(source=source)
        return scenario

    def check(self, *, source: str = "scenario") -> None:
        """Raise ConfigError if the parts do not fit together."""
        airports = {airport.name for airport in self.airport}
        _unique([receiver.name for receiver in self.receiver], "receiver", source)
        _unique([aircraft.icao.lower() for aircraft in self.aircraft], "aircraft", source)
        if self.duration_s < 1:
            raise ConfigError(f"duration_s is {self.duration_s}, it must be at least 1", source=source)
        try:
            _ = self.start_ns
        except ValueError:
            raise ConfigError(
                f"start is {self.start!r}, no date and time as 2026-06-01T12:00:00Z", source=source
            ) from None
        if not 0.0 <= self.reply_share <= 10.0:
            raise ConfigError(f"reply_share is {self.reply_share}, it must be from 0 to 10", source=source)
        if not 0.0 < self.kept_share <= 1.0:
            raise ConfigError(f"kept_share is {self.kept_share}, it must be above 0 and at most 1", source=source)
        for receiver in self.receiver:
            _one_of(receiver.clock, CLOCKS, f"clock of receiver {receiver.name}", source)
        for aircraft in self.aircraft:
            _check_aircraft(aircraft, airports, source)


def _check_aircraft(aircraft: Aircraft, airports: set[str], source: str) -> None:
    name = f"aircraft {aircraft.icao}"
    try:
        address = int(aircraft.icao, 16)
    except ValueError:
        address = -1
    if not 0 <= address <= 0xFFFFFF:
        raise ConfigError(f"{aircraft.icao!r} is no address of six hexadecimal digits", source=source)
    _one_of(aircraft.equipment, EQUIPMENT, f"equipment of {name}", source)
    _one_of(aircraft.performance, tuple(PERFORMANCE), f"performance of {name}", source)
    for airport in (aircraft.departure, aircraft.arrival):
        if airport and airport not in airports:
            raise ConfigError(f"{name} names the airport {airport}, which is not in the scenario", source=source)
    if not aircraft.departure and not aircraft.via:
        raise ConfigError(f"{name} has neither `departure` nor `via`: it is nowhere", source=source)
    for squawk in (aircraft.squawk, *(change.squawk for change in aircraft.change if change.squawk)):
        if len(squawk) != 4 or set(squawk) - set("01234567"):
            raise ConfigError(f"{squawk!r} of {name} is no squawk of four octal digits", source=source)
    if len(aircraft.category) != 2 or aircraft.category[0] not in "ABCD" or aircraft.category[1] not in "01234567":
        raise ConfigError(f"{aircraft.category!r} of {name} is no category from A0 to D7", source=source)


def _one_of(value: str, known: tuple[str, ...], what: str, source: str) -> None:
    if value not in known:
        raise ConfigError(f"{what} is {value!r}", source=source, hint=f"It may be {', '.join(known)}.")


def _unique(names: list[str], what: str, source: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ConfigError(f"{what} {', '.join(twice)} is there twice", source=source)


_PARTS: Mapping[str, Any] = {
    "receiver": Receiver,
    "airport": Airport,
    "aircraft": Aircraft,
    "fleet": Fleet,
    "via": Via,
    "change": Change,
    "spoof": Spoof,
    "advisory": Advisory,
}


def _build(kind: Any, table: Any, source: str) -> Any:
    """Make a dataclass of a TOML table, and of the tables inside it."""
    where = f"{source}, {kind.__name__.lower()}"
    if kind is Via and isinstance(table, list):  # [lat, lon, altitude, speed] for short
        names = ("lat_deg", "lon_deg", "altitude_ft", "speed_kt")
        if not 2 <= len(table) <= 4:
            raise ConfigError(f"a way-point is [lat, lon, altitude_ft, speed_kt], not {table}", source=where)
        table = dict(zip(names, table, strict=False))
    if not isinstance(table, dict):
        raise ConfigError(f"{table!r} should be a table", source=where)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := sorted(set(table) - set(fields)):
        raise ConfigError(f"unknown key {', '.join(unknown)}", source=where, hint=f"Known: {', '.join(fields)}.")
    values = {name: _value(fields[name], value, where) for name, value in table.items()}
    missing = [
        name
        for name, field in fields.items()
        if name not in values and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"{', '.join(missing)} is missing", source=where)
    return kind(**values)


def _value(field: dataclasses.Field[Any], value: Any, where: str) -> Any:
    if field.name in _PARTS:
        if not isinstance(value, list):
            raise ConfigError(f"`{field.name}` should be a list of tables", source=where)
        return tuple(_build(_PARTS[field.name], item, where) for item in value)
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    wanted = str(field.type).split(" ")[0]
    if wanted.startswith("tuple"):
        if not isinstance(value, list) or not all(isinstance(item, int | float) for item in value):
            raise ConfigError(f"`{field.name}` should be a list of numbers, not {value!r}", source=where)
        return tuple(float(item) for item in value)
    allowed: Any = {"float": (int, float), "int": int, "str": str, "bool": bool}[wanted]
    if not isinstance(value, allowed) or (isinstance(value, bool) and wanted != "bool"):
        raise ConfigError(f"`{field.name}` should be {wanted}, not {value!r}", source=where)
    return float(value) if wanted == "float" else value
