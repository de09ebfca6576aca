"""A scenario as arrays: who is there, what each says of itself and when, where each goes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from skywitness.batches import F64, I32, I64
from skywitness.messages.mode_s.encode import callsign_code
from skywitness.simulate.fly import KNOT, LIMITS, PROGRESS
from skywitness.simulate.routes import Leg, route_of
from skywitness.simulate.scenario import PERFORMANCE, Aircraft, Fleet, Scenario, Via
from skywitness.simulate.state import IDENTITY
from skywitness.units import NS_PER_S

__all__ = ["World", "fleet_aircraft"]

FOREVER_NS = 1 << 62
CATEGORY_TYPECODES = {"A": 4, "B": 3, "C": 2, "D": 1}
VERSIONS = {"adsb2": 2, "adsb1": 1, "adsb0": 0, "adsr": 2, "tisb": 2, "vehicle": 2, "airspeed": 2, "mode_s": 2}
FLEET_ROUTE = 6  # way-points of an aircraft of a fleet


class World:
    """The arrays of a scenario; the moving parts are `knots` and `progress`."""

    def __init__(self, scenario: Scenario) -> None:
        taken = {int(aircraft.icao, 16) for aircraft in scenario.aircraft}
        fleets = [one for fleet in scenario.fleet for one in fleet_aircraft(fleet, taken)]
        self.aircraft: tuple[Aircraft, ...] = (*scenario.aircraft, *fleets)
        count = len(self.aircraft)
        airports = {airport.name: airport for airport in scenario.airport}

        self.knots: F64 = np.zeros((count, len(KNOT)))
        self.limits: F64 = np.zeros((count, len(LIMITS)))
        self.progress: F64 = np.zeros((count, len(PROGRESS)))
        self.on_ns: I64 = np.zeros(count, np.int64)
        self.off_ns: I64 = np.zeros(count, np.int64)
        self.is_adsb = np.zeros(count, np.bool_)
        self.is_transponder = np.zeros(count, np.bool_)
        self.is_version_0 = np.zeros(count, np.bool_)
        waypoints: list[Leg] = []
        identity: list[list[int]] = []
        phases: list[tuple[int, int, int, float]] = []  # aircraft, from, row of identity, GNSS error
        for a, aircraft in enumerate(self.aircraft):
            able = PERFORMANCE[aircraft.performance]
            self.limits[a] = [getattr(able, name) for name in LIMITS]
            route = route_of(aircraft, airports, a)
            self._start(a, aircraft, route, len(waypoints))
            waypoints += route
            self.on_ns[a] = round(aircraft.on_s * NS_PER_S)
            self.off_ns[a] = FOREVER_NS if aircraft.off_s is None else round(aircraft.off_s * NS_PER_S)
            self.is_adsb[a] = aircraft.equipment != "mode_s"
            self.is_transponder[a] = aircraft.equipment not in ("adsr", "tisb", "vehicle")
            self.is_version_0[a] = VERSIONS[aircraft.equipment] == 0
            for at_s, values in said_over_time(aircraft):
                phases.append((a, round(at_s * NS_PER_S), len(identity), float(values.pop("gnss_error_m"))))
                identity.append([int(values[name]) for name in IDENTITY])
        self.waypoints: F64 = np.array(waypoints, np.float64).reshape(-1, 6)
        self.identity: I64 = np.array(identity, np.int64).reshape(-1, len(IDENTITY))
        self.phase_of = np.array([(a, row) for a, _, row, _ in phases], np.int64).reshape(-1, 2)
        self.phase_from_ns: I64 = np.array([start for _, start, _, _ in phases], np.int64)
        self.gnss_error_m: F64 = np.array([error for _, _, _, error in phases])
        self.first_phase: I64 = np.searchsorted(self.phase_of[:, 0], np.arange(count + 1))

    def _start(self, a: int, aircraft: Aircraft, route: list[Leg], first: int) -> None:
        lat, lon, altitude_ft, speed_kt, _, ground = route[0]
        on_ground = ground == 1.0
        knot = dict.fromkeys(KNOT, 0.0)
        knot |= {"lat_deg": lat, "lon_deg": lon, "altitude_ft": altitude_ft, "on_ground": float(on_ground)}
        knot["selected_altitude_ft"] = altitude_ft
        knot["speed_kt"] = 0.0 if on_ground else speed_kt
        if len(route) > 1:
            east = ((route[1][1] - lon + 180.0) % 360.0 - 180.0) * np.cos(np.radians((lat + route[1][0]) / 2))
            knot["track_deg"] = float(np.degrees(np.arctan2(east, route[1][0] - lat))) % 360.0
        self.knots[a] = [knot[name] for name in KNOT]
        last = first + len(route) - 1
        progress = {"first": first, "last": last, "next": first + 1, "repeat": float(aircraft.repeat)}
        progress |= {"hold_until_s": -1.0, "starts_s": aircraft.start_s}
        self.progress[a] = [progress[name] for name in PROGRESS]

    def rows_of_identity(self, aircraft: I64, time_ns: I64) -> tuple[I32, F64]:
        """Row of `identity` that holds for each aircraft at each time, and the GNSS error then."""
        row = self.first_phase[aircraft]
        more = self.first_phase[aircraft + 1]
        while True:
            following = np.minimum(row + 1, len(self.phase_from_ns) - 1)
            later = (row + 1 < more) & (self.phase_from_ns[following] <= time_ns)
            if not later.any():
                return row.astype(np.int32), self.gnss_error_m[row]
            row = np.where(later, row + 1, row)


def said_over_time(aircraft: Aircraft) -> list[tuple[float, dict[str, Any]]]:
    """What an aircraft says of itself from each moment on (IDENTITY, and the GNSS error)."""
    said: dict[str, Any] = dict.fromkeys(IDENTITY, 0)
    version = VERSIONS[aircraft.equipment]
    said |= {
        "icao": int(aircraft.icao, 16),
        "df": 17 if aircraft.equipment in ("adsb2", "adsb1", "adsb0", "mode_s", "airspeed") else 18,
        "control": {"adsr": 6, "tisb": 2, "vehicle": 0}.get(aircraft.equipment, 5),
        "callsign": callsign_code(aircraft.callsign),
        "squawk": int(aircraft.squawk, 8),
        "typecode": CATEGORY_TYPECODES[aircraft.category[0]],
        "category": int(aircraft.category[1]),
        "version": version,
        "nic": aircraft.nic,
        "nac_p": aircraft.nac_p,
        "nac_v": 2 if aircraft.nac_p >= 8 else 1,
        "sil": 3 if aircraft.nic >= 7 else 1,
        "gva": 2,
        "sda": 2,
        "nic_baro": 1,
        "acas": int(aircraft.acas and aircraft.equipment not in ("vehicle", "tisb")),
        "meteorological": int(aircraft.meteorological),
        "modes": 32 | 16 | 1 | (2 if aircraft.acas else 0),
        "airspeed_only": int(aircraft.equipment == "airspeed"),
        "gnss_error_m": aircraft.gnss_error_m,
    }
    moments = [(0.0, dict(said))]
    for change in sorted(aircraft.change, key=lambda change: change.at_s):
        new = {name: value for name, value in dataclasses.asdict(change).items() if value is not None}
        at_s = new.pop("at_s")
        if "squawk" in new:
            new["squawk"] = int(new["squawk"], 8)
            emergencies = {0o7700: 1, 0o7600: 4, 0o7500: 5}
            new.setdefault("emergency", emergencies.get(new["squawk"], 0))
            new["alert"] = int(new["squawk"] in emergencies)
        if "callsign" in new:
            new["callsign"] = callsign_code(new["callsign"])
        if "nic" in new:
            new["sil"] = 3 if new["nic"] >= 7 else 1
        said |= new
        moments.append((at_s, dict(said)))
    return moments


def fleet_aircraft(fleet: Fleet, taken: set[int]) -> list[Aircraft]:
    """The aircraft of a fleet, the same for the same seed; their addresses are added to those taken."""
    rng = np.random.Generator(np.random.PCG64(fleet.seed))
    south, west, north, east = fleet.area
    found = []
    for _ in range(fleet.count):
        address = int(rng.integers(1, 0xFFFFFF))
        while address in taken:
            address = int(rng.integers(1, 0xFFFFFF))
        taken.add(address)
        altitude_ft = float(np.round(rng.uniform(*fleet.altitude_ft) / 1000.0) * 1000.0)
        fast_kt = float(np.round(170.0 + min(altitude_ft, 36_000.0) / 36_000.0 * 290.0 + rng.uniform(-20.0, 20.0)))
        places = rng.uniform((south, west), (north, east), (FLEET_ROUTE, 2))
        changing = np.round(altitude_ft + rng.integers(-4, 5, FLEET_ROUTE) * 1000.0 * (rng.random() < 0.5))
        airline = fleet.callsign or "".join(chr(65 + int(letter)) for letter in rng.integers(0, 26, 3))
        draw = float(rng.random())
        shares = np.cumsum([fleet.mode_s, fleet.adsb1, fleet.adsb0])
        equipment = ("mode_s", "adsb1", "adsb0", "adsb2")[int(np.searchsorted(shares, draw, side="right"))]
        squawk = "".join(str(digit) for digit in rng.integers(0, 7, 4))
        via = tuple(
            Via(float(lat), float(lon), max(float(height), 1_000.0), fast_kt)
            for (lat, lon), height in zip(places, changing, strict=True)
        )
        found.append(
            Aircraft(
                icao=f"{address:06x}",
                callsign=f"{airline}{int(rng.integers(1, 9999))}",
                squawk=squawk,
                category=f"A{int(rng.integers(2, 6))}",
                equipment=equipment,
                meteorological=bool(rng.random() < 0.05),
                via=via,
                repeat=True,
            )
        )
    return found
