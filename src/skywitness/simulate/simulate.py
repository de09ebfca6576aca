"""A world with known truth: what each receiver hears, and where everybody really was."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skywitness.batches import F64, FRAME_BYTES, I64, Frames, Positions
from skywitness.errors import QuestionError
from skywitness.geo.wgs84 import earth_centred_m
from skywitness.kernel import kernel
from skywitness.simulate.air import fill_air
from skywitness.simulate.chance import uniforms
from skywitness.simulate.fly import (
    K_BANK,
    K_GROUND,
    K_SELECTED,
    K_TURN,
    KNOT,
    advance,
    fill_knots,
)
from skywitness.simulate.receive import Listener, Sent
from skywitness.simulate.scenario import Scenario
from skywitness.simulate.schedule import Planned, on_the_ground, plan
from skywitness.simulate.state import (
    ALTITUDE,
    GEOMETRIC,
    IDENTITY,
    LAT,
    LON,
    ON_GROUND,
    QNH,
    RATE,
    ROLL,
    SELECTED,
    SPEED,
    STATE,
    TRACK,
    TRACK_RATE,
    WIND,
    WIND_FROM,
)
from skywitness.simulate.transmit import fill_transmissions
from skywitness.simulate.world import World
from skywitness.units import FOOT_M, NS_PER_S, STANDARD_PRESSURE_HPA

__all__ = ["Simulation", "Window", "simulate"]

WINDOW_ROWS = 150_000  # aimed at: small enough for the cache's sake, big enough for NumPy's
FEET_PER_HPA = 27.3  # near sea level
PROVENANCE_SIMULATED = 2
VERDICT_CONFIRMED = 0
SOURCE_ADSB, SOURCE_ADSR, SOURCE_TISB, SOURCE_OTHER = 0, 1, 2, 4


class Window(NamedTuple):
    """Some seconds of a simulation.

    `truth` has one row for each transmission, with its running number as `parent`. `frames` and `transmissions` have
    one entry for each receiver: the receptions, and for each row the number of the transmission, -1 for mere noise.
    """

    truth: Positions
    frames: tuple[Frames, ...]
    transmissions: tuple[I64, ...]


def simulate(scenario: Scenario | str) -> Simulation:
    """Prepare a simulation of a scenario or of the TOML text of one.

    Raises ConfigError if the text is no scenario.
    """
    return Simulation(Scenario.parse(scenario) if isinstance(scenario, str) else scenario)


class Simulation:
    """The same scenario gives the same frames, however many seconds a window has."""

    def __init__(self, scenario: Scenario) -> None:
        scenario.check()
        self.scenario = scenario

    @property
    def receivers(self) -> tuple[str, ...]:
        """Names of the receivers; their order is `Frames.receiver`."""
        return tuple(receiver.name for receiver in self.scenario.receiver)

    def windows(self, seconds: int = 0) -> Iterator[Window]:
        """Run from the start, some seconds at a time (0: as suits the number of aircraft), in bounded memory."""
        scenario = self.scenario
        world = World(scenario)
        step = seconds or max(1, min(60, WINDOW_ROWS // (10 * len(world.aircraft) + 1)))
        listeners = [
            Listener(receiver, index, scenario.seed, scenario.start_ns)
            for index, receiver in enumerate(scenario.receiver)
        ]
        number = 0
        for second in range(0, scenario.duration_s, step):
            until = min(second + step, scenario.duration_s)
            truth, sent = _transmit(scenario, world, second, until, number)
            number += len(truth)
            from_ns, until_ns = (scenario.start_ns + edge * NS_PER_S for edge in (second, until))
            # At the end nothing more is sent: let the last frames arrive.
            limit_ns = until_ns + NS_PER_S if until == scenario.duration_s else until_ns
            heard = [listener.hear(sent, from_ns, until_ns, limit_ns) for listener in listeners]
            yield Window(truth, tuple(frames for frames, _ in heard), tuple(numbers for _, numbers in heard))

    @functools.cached_property
    def _whole(self) -> Window:
        parts = list(self.windows())
        count = len(self.scenario.receiver)
        return Window(
            Positions.concat(part.truth for part in parts),
            tuple(Frames.concat(part.frames[r] for part in parts) for r in range(count)),
            tuple(np.concatenate([part.transmissions[r] for part in parts]) for r in range(count)),
        )

    def frames(self, receiver: str | int = 0) -> Frames:
        """Return all that a receiver, by name or number, hears; for long scenarios take `windows`."""
        return self._whole.frames[self._index(receiver)]

    def transmissions(self, receiver: str | int = 0) -> I64:
        """Row of `truth` behind each of the receiver's frames; -1 for noise."""
        return self._whole.transmissions[self._index(receiver)]

    @property
    def truth(self) -> Positions:
        """Where everybody really was at each transmission: the row's number is its `parent`."""
        return self._whole.truth

    def _index(self, receiver: str | int) -> int:
        if isinstance(receiver, str):
            if receiver not in self.receivers:
                raise QuestionError(f"there is no receiver {receiver!r}, only {', '.join(self.receivers)}")
            return self.receivers.index(receiver)
        return receiver


@kernel
def fill_states(time_ns, aircraft, knots, from_ns, world, out_state, out_place_m, out_height_m):
    """True state of the sender at each transmission.

    time_ns       (n,)        int64     since the scenario's start
    aircraft      (n,)        int64
    knots         (s, a, 12)  float64   from `from_ns` on, one a second
    from_ns       int
    world         (4,)        float64   feet from pressure altitude to the ellipsoid, QNH, wind in kt, its direction
    out_state     (n, 21)     float64   see STATE; what follows from the air is left to `fill_air`
    out_place_m   (n, 3)      float64   earth-centred
    out_height_m  (n,)        float64   above the ellipsoid
    """
    for i in range(len(time_ns)):
        since = time_ns[i] - from_ns
        second = since // NS_PER_S
        knot = knots[second, aircraft[i]]
        row = out_state[i]
        # `advance` writes six values in the order of KNOT; they are then put in their places.
        advance(knot, (since - second * NS_PER_S) / NS_PER_S, row)
        lat, lon, altitude, speed, track, rate = row[0], row[1], row[2], row[3], row[4], row[5]
        row[LAT] = lat
        row[LON] = lon
        row[ALTITUDE] = altitude
        row[GEOMETRIC] = altitude + world[0]
        row[SPEED] = speed
        row[TRACK] = track
        row[RATE] = rate
        row[ROLL] = knot[K_BANK]
        row[TRACK_RATE] = knot[K_TURN]
        row[SELECTED] = math.floor(knot[K_SELECTED] / 100.0 + 0.5) * 100.0
        row[QNH] = world[1]
        row[WIND] = world[2] * max(0.5, min(2.0, 0.5 + altitude / 20_000.0))
        row[WIND_FROM] = world[3]
        row[ON_GROUND] = knot[K_GROUND]
        height_m = row[GEOMETRIC] * FOOT_M
        x, y, z = earth_centred_m(lat, lon, height_m)
        out_place_m[i, 0] = x
        out_place_m[i, 1] = y
        out_place_m[i, 2] = z
        out_height_m[i] = height_m


def _transmit(scenario: Scenario, world: World, second: int, until: int, number: int) -> tuple[Positions, Sent]:
    """Fly everybody through a window and encode what they send."""
    knots = np.empty((until - second, len(world.aircraft), len(KNOT)))
    fill_knots(second, world.waypoints, world.limits, world.progress, world.knots, knots)
    from_ns = second * NS_PER_S
    planned = plan(world, scenario.seed, scenario.reply_share, from_ns, until * NS_PER_S, scenario.kept_share)
    place_m, height_m = np.empty((len(planned.time_ns), 3)), np.empty(len(planned.time_ns))
    state = np.empty((len(planned.time_ns), len(STATE)))
    above_ft = (scenario.qnh_hpa - STANDARD_PRESSURE_HPA) * FEET_PER_HPA + scenario.geoid_m / FOOT_M
    surroundings = np.array([above_ft, scenario.qnh_hpa, scenario.wind_kt, scenario.wind_from_deg])
    fill_states(planned.time_ns, planned.aircraft, knots, from_ns, surroundings, state, place_m, height_m)
    fill_air(state)
    planned, keep = on_the_ground(planned, state[:, ON_GROUND] > 0.0, state[:, SPEED])
    state, place_m, height_m = state[keep], place_m[keep], height_m[keep]

    who, error_m = world.rows_of_identity(planned.aircraft, planned.time_ns)
    truth = _truth(scenario, world, planned, state, world.identity[who], number)
    _mislead(scenario, world, planned, error_m, state)
    data, length = np.empty((len(who), FRAME_BYTES), np.uint8), np.empty(len(who), np.uint8)
    fill_transmissions(planned.kind, planned.detail, who, state, world.identity, data, length)
    return truth, Sent(truth.parent, truth.time_ns, place_m, height_m, data, length)


def _truth(scenario: Scenario, world: World, planned: Planned, state: F64, identity: I64, number: int) -> Positions:
    rows = len(planned.time_ns)
    truth = Positions.allocate(rows)
    truth.time_ns[:] = scenario.start_ns + planned.time_ns
    truth.icao[:] = identity[:, IDENTITY.index("icao")]
    truth.address_kind[:] = 0
    truth.lat_deg[:] = np.round(state[:, LAT], 6)
    truth.lon_deg[:] = np.round(state[:, LON], 6)
    ground = state[:, ON_GROUND] > 0.0
    truth.on_ground[:] = ground
    truth.altitude_ft[:] = np.where(ground, np.nan, state[:, ALTITUDE])
    truth.altitude_geom_ft[:] = state[:, GEOMETRIC]
    truth.groundspeed_kt[:] = np.round(state[:, SPEED], 1)
    truth.track_deg[:] = np.round(state[:, TRACK], 1) % 360.0
    truth.vertical_rate_fpm[:] = state[:, RATE]
    for name in ("callsign", "squawk", "nic", "nac_p"):
        getattr(truth, name)[:] = identity[:, IDENTITY.index(name)]
    kinds = {"adsr": SOURCE_ADSR, "tisb": SOURCE_TISB, "mode_s": SOURCE_OTHER}
    sources = np.array([kinds.get(aircraft.equipment, SOURCE_ADSB) for aircraft in world.aircraft], np.uint8)
    truth.source[:] = sources[planned.aircraft]
    truth.receivers[:] = 0
    truth.signal_dbfs[:] = np.nan
    truth.verdict[:] = VERDICT_CONFIRMED
    truth.reason[:] = 0
    truth.revision[:] = 0
    truth.provenance[:] = PROVENANCE_SIMULATED
    truth.parent[:] = number + np.arange(rows)
    return truth


def _mislead(scenario: Scenario, world: World, planned: Planned, error_m: F64, state: F64) -> None:
    """Move the positions that are sent away from the true ones: errors of GNSS, and spoofing."""
    wrong = np.flatnonzero(error_m > 0.0)
    if len(wrong):
        # Two slow waves for each axis, of periods that do not fit each other: it wanders, and no faster than GNSS does.
        a, t_s = planned.aircraft[wrong], planned.time_ns[wrong] / NS_PER_S
        offsets = []
        for axis in range(2):
            phase = 2.0 * np.pi * uniforms(scenario.seed, 1 << 40, a, np.arange(2 * axis, 2 * axis + 2)[:, None])
            waves = np.sin(2.0 * np.pi * t_s / 67.0 + phase[0]) + np.sin(2.0 * np.pi * t_s / 173.0 + phase[1])
            offsets.append(error_m[wrong] * waves)
        _shift(state, wrong, offsets[0], offsets[1])
    for a_index, aircraft in enumerate(world.aircraft):
        for spoof in aircraft.spoof:
            t_s = planned.time_ns / NS_PER_S
            rows = np.flatnonzero((planned.aircraft == a_index) & (t_s >= spoof.at_s) & (t_s < spoof.until_s))
            _shift(state, rows, np.full(len(rows), spoof.north_km * 1000.0), np.full(len(rows), spoof.east_km * 1000.0))
            state[rows, ALTITUDE] += spoof.altitude_ft


def _shift(state: F64, rows: I64, north_m: F64, east_m: F64) -> None:
    metres_per_degree = 111_120.0  # for an error, near enough
    state[rows, LAT] += north_m / metres_per_degree
    state[rows, LON] += east_m / (metres_per_degree * np.cos(np.radians(state[rows, LAT])))
    state[rows, LON] = (state[rows, LON] + 180.0) % 360.0 - 180.0
