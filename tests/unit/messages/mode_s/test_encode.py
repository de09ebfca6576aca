"""Encoders against the standard's tables, the oracles and the decoders."""

from __future__ import annotations

import csv
import importlib.util
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from skywitness.codes.parity import syndrome_long, syndrome_short
from skywitness.errors import FormatError
from skywitness.messages.mode_s import encode_squitter as squitter
from skywitness.messages.mode_s.encode import (
    altitude_code_12,
    altitude_code_13,
    callsign_code,
    encode_cpr,
    gillham_code,
    identity_code,
    signed_field,
    write_long,
    write_short,
)
from skywitness.messages.mode_s.encode_comm_b import (
    aircraft_identification,
    common_usage,
    data_link_capability,
    heading_and_speed,
    meteorological_report,
    track_and_turn,
    vertical_intention,
)
from skywitness.messages.mode_s.movement import surface_movement_kt
from skywitness.messages.mode_s.pack import unpack
from skywitness.messages.mode_s.quality import navigation_integrity
from skywitness.messages.mode_s.registers import REGISTERS
from skywitness.messages.mode_s.velocity import (
    airspeed_kt,
    geo_minus_baro_ft,
    groundspeed_kt,
    heading_deg,
    track_deg,
    vertical_rate_fpm,
)

NAN = math.nan


def load_oracle() -> ModuleType:
    path = Path(__file__).parents[3] / "oracles" / "codes.py"
    spec = importlib.util.spec_from_file_location("oracle_codes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


oracle = load_oracle()


def by_turns(text: str) -> float:
    """Degrees of a 32-bit fraction of a turn, in [-180, 180)."""
    value = int(text, 16)
    return (value - (1 << 32 if value >= 1 << 31 else 0)) * 360.0 / 2**32


@pytest.mark.parametrize(
    ("name", "surface"),
    [
        ("airborne_encode_mops_2-139.csv", False),
        ("airborne_encode_t6-3.csv", False),
        ("surface_encode_mops_2-141.csv", True),
        ("surface_encode_t6-1.csv", True),
    ],
)
def test_cpr_is_encoded_as_in_the_verified_tables(data_dir: Path, name: str, surface: bool) -> None:
    with (data_dir / "decode" / "cpr" / name).open() as file:
        rows = [row for row in csv.reader(file) if row]
    assert len(rows) > 50
    for odd, lat, lon, encoded_lat, encoded_lon in rows:
        lat_deg = by_turns(lat)
        if abs(lat_deg) > 90.0:  # the tables also try what is no latitude
            continue
        found = encode_cpr.py_func(lat_deg, by_turns(lon), odd == "1", surface)
        assert found == (int(encoded_lat, 16), int(encoded_lon, 16)), (odd, lat, lon)


def test_altitude_in_25_ft_is_what_the_oracle_reads() -> None:
    for altitude in range(-1000, 50_176, 25):
        assert oracle.altitude_13_ft(f"{altitude_code_13.py_func(altitude):013b}") == altitude
        assert oracle.altitude_12_ft(f"{altitude_code_12.py_func(altitude + 12.4):012b}") == altitude


def test_altitude_in_100_ft_is_what_the_oracle_reads() -> None:
    for altitude in range(-1200, 126_701, 100):
        assert oracle.altitude_13_ft(f"{gillham_code.py_func(altitude):013b}") == altitude
    for altitude in range(50_200, 126_701, 100):
        assert oracle.altitude_13_ft(f"{altitude_code_13.py_func(altitude):013b}") == altitude


@pytest.mark.parametrize("altitude", [NAN, -1013.0, 126_750.0, math.inf, -math.inf])
def test_an_altitude_that_cannot_be_said_is_unknown(altitude: float) -> None:
    assert altitude_code_13.py_func(altitude) == 0
    assert altitude_code_12.py_func(altitude) == 0


def test_squawks_are_what_the_oracle_reads() -> None:
    for code in range(1 << 12):
        pulses = oracle.pulses_of(f"{identity_code.py_func(code):013b}")
        assert pulses["X"] == "0"
        digits = [sum(weight * int(pulses[f"{letter}{weight}"]) for weight in (1, 2, 4)) for letter in "ABCD"]
        assert digits == [int(digit) for digit in f"{code:04o}"]


def test_callsigns() -> None:
    assert callsign_code("KLM1023") == 0x2CC371C32CE0  # the published frame 8D4840D6202CC371C32CE0576098
    with pytest.raises(FormatError, match="not at most 8"):
        callsign_code("TOOLONG99")


def test_parity_carries_what_is_overlaid() -> None:
    row = np.zeros(14, np.uint8)
    write_long.py_func(row, 0x8D, 0x4840D6, 0x202CC371C32CE0, 0)
    assert row.tobytes().hex() == "8d4840d6202cc371c32ce0576098"
    write_long.py_func(row, 0xA0, 0x001838, 0x202CC371C32CE0, 0x4840D6)
    assert syndrome_long.py_func(row) == 0x4840D6
    write_short.py_func(row, 0x5D, 0x4840D6, 17)
    assert syndrome_short.py_func(row) == 17
    assert not row[7:].any()


@pytest.mark.parametrize(("value", "raw"), [(-1000.0, 0b1000), (-8, 8), (-1, 15), (0, 0), (7, 7), (99, 7)])
def test_signed_fields_hold_at_their_ends(value: float, raw: int) -> None:
    assert signed_field.py_func(value, 1.0, 4) == raw


def test_movement_is_read_back_within_its_step() -> None:
    for tenths in range(2000):
        speed = tenths / 10.0
        code = squitter.movement_code.py_func(speed)
        step = 0.125 if speed < 1 else 0.25 if speed < 2 else 0.5 if speed < 15 else 1 if speed < 70 else 2
        step = 5.0 if speed >= 100 else step
        assert abs(surface_movement_kt.py_func(code) - min(speed, 175.0)) <= step
    assert squitter.movement_code.py_func(NAN) == 0


def test_ground_velocity_is_read_back() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        speed, track = rng.uniform(1, 900), rng.uniform(0, 360)
        rate, difference = rng.uniform(-30_000, 30_000), rng.uniform(-3000, 3000)
        me = squitter.ground_velocity.py_func(speed, track, rate, 1, difference, 2, False)
        assert groundspeed_kt.py_func(me) == pytest.approx(speed, abs=0.71)
        off = (track_deg.py_func(me) - track + 180) % 360 - 180
        assert abs(off) <= math.degrees(0.71 / speed) + 1e-6
        assert vertical_rate_fpm.py_func(me) == pytest.approx(rate, abs=32)
        assert geo_minus_baro_ft.py_func(me) == pytest.approx(difference, abs=12.5)
    fast = squitter.ground_velocity.py_func(1500.0, 45.0, NAN, 0, NAN, 0, True)
    assert groundspeed_kt.py_func(fast) == pytest.approx(1500, abs=3)
    assert math.isnan(vertical_rate_fpm.py_func(fast))
    assert math.isnan(geo_minus_baro_ft.py_func(fast))


def test_airspeed_velocity_is_read_back() -> None:
    me = squitter.airspeed_velocity.py_func(375.0, True, 243.984375, -2304.0, 1, 200.0, False)
    assert airspeed_kt.py_func(me) == 375
    assert heading_deg.py_func(me) == 243.984375
    assert vertical_rate_fpm.py_func(me) == -2304


@pytest.mark.parametrize("nic", range(12))
def test_integrity_is_read_back_from_type_code_and_supplements(nic: int) -> None:
    typecode = squitter.position_typecode.py_func(nic)
    supplement = int(nic in (9, 3))
    assert navigation_integrity.py_func(typecode, supplement, supplement, 0, 2) == nic


def register(bds: int, message: int) -> dict[str, object]:
    return unpack(REGISTERS[bds], message)


def test_registers_are_read_back() -> None:
    callsign = callsign_code("SIM 123")
    assert register(0x20, aircraft_identification.py_func(callsign))["callsign"] == "SIM 123"
    capability = register(0x10, data_link_capability.py_func(1))
    assert capability["acas_operational"] is True
    assert capability["identification_capable"] is True
    assert capability["subnetwork_version"] == 5
    kept = register(0x17, common_usage.py_func(1))
    expected = {0x05, 0x06, 0x07, 0x08, 0x09, 0x20, 0x40, 0x44, 0x50, 0x60}
    assert {int(name[5:], 16) for name, value in kept.items() if value} == expected
    intent = register(0x40, vertical_intention.py_func(36_000.0, NAN, 1013.2, 0b101))
    assert (intent["mcp_altitude_ft"], intent["fms_altitude_ft"], intent["qnh_hpa"]) == (36_000, None, 1013.2)
    assert (intent["vnav"], intent["altitude_hold"], intent["approach"]) == (True, False, True)
    weather = register(0x44, meteorological_report.py_func(80.0, 270.0, -48.75, 250.0))
    assert (weather["wind_speed_kt"], weather["wind_direction_deg"]) == (80, 270)
    assert (weather["sat_c"], weather["static_pressure_hpa"]) == (-48.75, 250)


@pytest.mark.parametrize("track", [0.0, 89.9, 179.95, 180.0, 270.0, 359.95])
@pytest.mark.parametrize("roll", [-30.0, 0.0, 25.0])
def test_motion_registers_are_read_back(track: float, roll: float) -> None:
    turn = register(0x50, track_and_turn.py_func(roll, track, 437.0, -1.5, 420.0))
    assert turn["roll_deg"] == pytest.approx(roll, abs=0.09)
    assert (turn["track_deg"] - track + 180) % 360 - 180 == pytest.approx(0, abs=0.09)  # type: ignore[operator]
    assert turn["groundspeed_kt"] in (436, 438)
    assert turn["track_rate_deg_s"] == pytest.approx(-1.5, abs=0.016)
    assert turn["tas_kt"] == 420
    speed = register(0x60, heading_and_speed.py_func(track, 282.0, 0.78, -640.0, NAN))
    assert (speed["heading_deg"] - track + 180) % 360 - 180 == pytest.approx(0, abs=0.09)  # type: ignore[operator]
    assert (speed["ias_kt"], speed["baro_rate_fpm"], speed["inertial_rate_fpm"]) == (282, -640, None)
    assert speed["mach"] == pytest.approx(0.78, abs=0.002)
