"""Altitude, squawk, callsign, movement and velocity codes against second opinions, over every input there is."""

from __future__ import annotations

import math
import random

import pytest

from skywitness.kernel import plain
from skywitness.messages.mode_s import altitude, callsign, movement, quality, squawk, velocity
from tests.oracles import codes


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def test_every_altitude_code_of_13_bits():
    read = plain(altitude.altitude_ac13_ft)
    assert all(same(read(code), codes.altitude_13_ft(f"{code:013b}")) for code in range(1 << 13))


def test_every_altitude_code_of_12_bits():
    read = plain(altitude.altitude_ac12_ft)
    assert all(same(read(code), codes.altitude_12_ft(f"{code:012b}")) for code in range(1 << 12))


@pytest.mark.parametrize(
    ("code", "feet"), [(0b0010000000000, -1000), (0b0000100000000, -1200), (0x10, -1000), (0x1FBF, 50_175)]
)
def test_known_altitudes(code: int, feet: float):
    assert plain(altitude.altitude_ac13_ft)(code) == feet


def test_gillham_covers_every_hundred_feet_once():
    found = sorted(value for value in codes.GILLHAM.values())
    assert found == list(range(-1200, 126_701, 100))


def test_every_identity_code():
    for code in range(1 << 13):
        assert squawk.squawk_text(plain(squawk.squawk)(code)) == codes.squawk_digits(f"{code:013b}")


def test_every_character_in_every_place():
    for place in range(8):
        for value in range(64):
            packed = value << (42 - 6 * place) | sum(1 << 6 * k for k in range(8) if k != 7 - place)
            text = codes.callsign(f"{packed:048b}")
            assert callsign.callsign_text(packed) == text.rstrip()
            assert plain(callsign.is_callsign_valid)(packed) == ("#" not in text)


def test_a_callsign_of_nothing_is_not_valid():
    assert not plain(callsign.is_callsign_valid)(0)
    assert not plain(callsign.is_callsign_valid)(callsign.SPACES)
    assert plain(callsign.callsign)((4 << 51) | 0x123456789ABC) == 0x123456789ABC


def test_every_movement_code():
    for code in range(128):
        assert same(plain(movement.surface_movement_kt)(code), codes.movement_kt(code))


def test_surface_track():
    read = plain(movement.surface_track_deg)
    assert read(1 << 43 | 64 << 36) == 180.0
    assert math.isnan(read(64 << 36))


def test_arctangent_is_near_the_true_one():
    read = plain(velocity.atan2_deg)
    for degrees in range(3600):
        angle = math.radians(degrees / 10)
        off = read(math.sin(angle), math.cos(angle)) - degrees / 10
        assert abs(math.remainder(off, 360)) < 1e-6
    chance = random.Random(1)
    for _ in range(5000):
        y, x = chance.randint(-4088, 4088), chance.randint(-4088, 4088)
        found = read(float(y), float(x))
        assert 0.0 <= found < 360.0
        assert abs(math.remainder(found - math.degrees(math.atan2(y, x)), 360)) < 1e-6


def test_arctangent_on_the_axes_is_exact():
    read = plain(velocity.atan2_deg)
    assert [read(0.0, 1.0), read(1.0, 0.0), read(0.0, -1.0), read(-1.0, 0.0), read(0.0, 0.0)] == [0, 90, 180, 270, 0]
    assert read(-1e-300, 1.0) < 360.0


def velocity_me(subtype: int, **fields: int) -> int:
    """ME of type code 19 from raw fields, bits as text."""
    text = f"{19:05b}{subtype:03b}00000"
    for name, width in (("sign_x", 1), ("x", 10), ("sign_y", 1), ("y", 10), ("source", 1), ("down", 1), ("rate", 9)):
        text += f"{fields.get(name, 0):0{width}b}"
    return int(text + "00" + f"{fields.get('below', 0):01b}{fields.get('difference', 0):07b}", 2)


@pytest.mark.parametrize(("subtype", "step"), [(1, 1), (2, 4)])
def test_ground_velocity(subtype: int, step: int):
    me = velocity_me(subtype, sign_x=1, x=4, sign_y=0, y=5, source=1, down=1, rate=14, below=1, difference=3)
    assert plain(velocity.east_kt)(me) == -3 * step
    assert plain(velocity.north_kt)(me) == 4 * step
    assert plain(velocity.groundspeed_kt)(me) == 5 * step
    assert plain(velocity.track_deg)(me) == pytest.approx(360 - math.degrees(math.atan(3 / 4)), abs=1e-6)
    assert plain(velocity.vertical_rate_fpm)(me) == -832
    assert plain(velocity.vertical_rate_source)(me) == 1
    assert plain(velocity.geo_minus_baro_ft)(me) == -50
    assert math.isnan(plain(velocity.heading_deg)(me))
    assert math.isnan(plain(velocity.airspeed_kt)(me))


@pytest.mark.parametrize(("subtype", "step"), [(3, 1), (4, 4)])
def test_airspeed_and_heading(subtype: int, step: int):
    me = velocity_me(subtype, sign_x=1, x=512, sign_y=1, y=376)
    assert plain(velocity.heading_deg)(me) == 180.0
    assert plain(velocity.airspeed_kt)(me) == 375 * step
    assert plain(velocity.is_true_airspeed)(me) == 1
    assert math.isnan(plain(velocity.groundspeed_kt)(me))
    assert math.isnan(plain(velocity.vertical_rate_fpm)(me))
    assert math.isnan(plain(velocity.geo_minus_baro_ft)(me))
    assert math.isnan(plain(velocity.heading_deg)(velocity_me(subtype, x=512)))


@pytest.mark.parametrize("subtype", [0, 5, 6, 7])
def test_reserved_subtypes_say_nothing(subtype: int):
    me = velocity_me(subtype, sign_x=1, x=100, y=100, rate=10, difference=10)
    for read in (
        velocity.groundspeed_kt,
        velocity.track_deg,
        velocity.airspeed_kt,
        velocity.heading_deg,
        velocity.vertical_rate_fpm,
        velocity.geo_minus_baro_ft,
    ):
        assert math.isnan(plain(read)(me))


def test_a_missing_part_leaves_no_speed_and_standing_still_no_track():
    assert math.isnan(plain(velocity.groundspeed_kt)(velocity_me(1, x=0, y=5)))
    assert math.isnan(plain(velocity.track_deg)(velocity_me(1, x=5, y=0)))
    assert plain(velocity.groundspeed_kt)(velocity_me(1, x=1, y=1)) == 0.0
    assert math.isnan(plain(velocity.track_deg)(velocity_me(1, x=1, y=1)))


# (type code, A, B, C, version): NIC, radius in m; read off DO-260B table 2-70, DO-260A table 2-14.
NIC_ROWS = [
    ((9, 0, 0, 0, 2), 11, 7.5),
    ((11, 1, 1, 0, 2), 9, 75.0),
    ((11, 0, 0, 0, 2), 8, 185.2),
    ((11, 1, 0, 0, 1), 9, 75.0),
    ((13, 0, 1, 0, 2), 6, 555.6),
    ((13, 0, 0, 0, 2), 6, 926.0),
    ((13, 1, 1, 0, 2), 6, 1111.2),
    ((16, 1, 1, 0, 2), 3, 7408.0),
    ((16, 0, 0, 0, 2), 2, 14816.0),
    ((16, 0, 0, 0, 0), 1, 18520.0),
    ((17, 0, 0, 0, 2), 1, 37040.0),
    ((7, 1, 0, 0, 2), 9, 75.0),
    ((8, 1, 0, 1, 2), 7, 370.4),
    ((8, 1, 0, 0, 2), 6, 555.6),
    ((8, 0, 0, 1, 2), 6, 1111.2),
    ((8, 0, 0, 0, 2), 0, math.nan),
    ((18, 0, 0, 0, 255), 0, math.nan),
    ((20, 0, 0, 0, 3), 11, 7.5),
    ((19, 0, 0, 0, 2), 255, math.nan),
]


@pytest.mark.parametrize(("place", "nic", "radius_m"), NIC_ROWS)
def test_navigation_integrity(place: tuple[int, ...], nic: int, radius_m: float):
    assert plain(quality.navigation_integrity)(*place) == nic
    assert plain(quality.containment_radius_m)(*place) == pytest.approx(radius_m, nan_ok=True)


def test_uncertainty_of_version_0():
    read = plain(quality.navigation_uncertainty)
    assert [read(tc) for tc in (5, 8, 9, 18, 20, 21, 22, 19)] == [9, 6, 9, 0, 9, 8, 0, 255]


def test_accuracy():
    read = plain(quality.navigation_accuracy_m)
    assert [read(11), read(8), read(1)] == pytest.approx([3.0, 92.6, 18520.0])
    assert math.isnan(read(0))
    assert math.isnan(read(15))
