"""Any 56 bits are answered; compiled and plain answer alike; what a flying aircraft sends is named right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.kernel import kernel, plain
from skywitness.messages.mode_s.atmosphere import implied_pressure_ratio, pressure_ratio
from skywitness.messages.mode_s.comm_b import KnownState, identify, infer, infer_bds, remember
from skywitness.messages.mode_s.pack import pack, unpack
from skywitness.messages.mode_s.registers import REGISTERS
from skywitness.messages.mode_s.weather import true_airspeed_kt


@kernel
def fill_bds(mb, state, out_memory, out_bds):
    """Register of each reply, with the memory each starts from replaced by the one it leaves."""
    for i in range(len(mb)):
        bds = infer_bds(
            mb[i], state[i, 0], state[i, 1], state[i, 2], state[i, 3], state[i, 4], state[i, 5], out_memory[i]
        )
        out_memory[i] = remember(out_memory[i], mb[i], bds)
        out_bds[i] = bds


def maybe(low: float, high: float) -> Any:
    return st.just(math.nan) | st.floats(low, high)


STATES = st.tuples(
    maybe(-1000, 60000), maybe(0, 700), maybe(0, 359.9), maybe(-6000, 6000), maybe(-90, 90), maybe(-180, 180)
)


@st.composite
def replies(draw: Any) -> int:
    """Raw bits, or a register with some of its bits changed: near misses are where rules break."""
    message = draw(st.integers(0, (1 << 56) - 1))
    if draw(st.booleans()):
        bds = draw(st.sampled_from([0x10, 0x17, 0x20, 0x30, 0x40, 0x44, 0x45, 0x50, 0x51, 0x53, 0x60]))
        zeros = sum(
            ((1 << field.width) - 1) << (56 - field.last)
            for field in REGISTERS[bds].fields
            if field.kind == "reserved" or draw(st.integers(0, 3)) == 0
        )
        message &= ~zeros
        if bds in (0x10, 0x20, 0x30):
            message = message & (1 << 48) - 1 | bds << 48
    return message


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(replies(), STATES, st.integers(0, (1 << 47) - 1)), min_size=1, max_size=40))
def test_kernel_agrees_with_the_scalar(rows: list[tuple[int, tuple[float, ...], int]]):
    mb = np.array([row[0] for row in rows], np.int64)
    state = np.array([row[1] for row in rows], np.float64)
    memory = np.array([row[2] for row in rows], np.int64)
    bds = np.zeros(len(rows), np.uint8)
    fill_bds(mb, state, memory, bds)
    for i, (message, known, before) in enumerate(rows):
        expected = plain(infer_bds)(message, *known, before)
        assert bds[i] == expected
        assert memory[i] == plain(remember)(before, message, expected)


@settings(deadline=None)
@given(replies(), STATES, st.integers(0, (1 << 47) - 1))
def test_any_reply_is_answered_and_the_name_is_the_first_candidate(message: int, known: tuple[float, ...], memory: int):
    state = KnownState(*known, memory=memory)
    candidates = infer(message, state=state)
    named = identify(message, state=state)
    assert [c.bds for c in candidates if c.is_named] == ([named] if named else [])
    if named:
        assert candidates[0].bds == named
    for candidate in candidates:
        if candidate.bds in REGISTERS:
            unpack(REGISTERS[candidate.bds], message)


@st.composite
def flights(draw: Any) -> dict[str, float]:
    """A state of flight that its registers tell consistently."""
    altitude = draw(st.integers(20, 1600)) * 25.0
    ias = draw(st.integers(140, 320))
    ratio = plain(pressure_ratio)(altitude)
    low, high = 0.1, 1.2
    for _ in range(40):  # the Mach number of this airspeed at this altitude
        middle = (low + high) / 2
        low, high = (middle, high) if plain(implied_pressure_ratio)(float(ias), middle) > ratio else (low, middle)
    temperature = max(15 - 0.0019812 * altitude, -56.5) + draw(st.integers(-10, 10))
    tas = true_airspeed_kt(low, temperature)
    heading = draw(st.floats(0, 359.8))
    wind = draw(st.floats(-60, 60))
    gs = max(tas + wind, 90.0)
    roll = draw(st.floats(-25, 25))
    return {
        "altitude_ft": altitude,
        "ias_kt": float(ias),
        "mach": low,
        "tas_kt": tas,
        "groundspeed_kt": gs,
        "heading_deg": heading,
        "track_deg": (heading + draw(st.floats(-8, 8))) % 359.8,
        "roll_deg": roll,
        "track_rate_deg_s": 1091 * math.tan(math.radians(roll)) / gs,
        "baro_rate_fpm": draw(st.floats(-3000, 3000)),
        "mcp_altitude_ft": draw(st.integers(10, 430)) * 100.0,
        "qnh_hpa": draw(st.integers(970, 1040)),
    }


@settings(deadline=None, max_examples=300)
@given(flights(), st.sampled_from([0x40, 0x50, 0x60]), st.booleans())
def test_what_a_flying_aircraft_sends_is_named_and_read_back(flight: dict[str, float], bds: int, is_squitting: bool):
    flight["inertial_rate_fpm"] = flight["baro_rate_fpm"]
    layout = REGISTERS[bds]
    values = {field.name: flight[field.name] for field in layout.fields if field.name in flight}
    message = pack(layout, values)
    state = KnownState(altitude_ft=flight["altitude_ft"])
    if is_squitting:
        state = KnownState(
            flight["altitude_ft"], flight["groundspeed_kt"], flight["track_deg"], flight["baro_rate_fpm"]
        )
    named = identify(message, state=state)
    assert named == bds if is_squitting else named in (bds, 0)
    found = unpack(layout, message)
    for field in layout.fields:
        if field.name in values:
            assert abs(found[field.name] - values[field.name]) <= field.scale / 2 + 1e-6


@given(st.sampled_from(sorted(REGISTERS)), st.integers(0, (1 << 56) - 1))
def test_packing_what_was_read_gives_the_same_reading(bds: int, message: int):
    layout = REGISTERS[bds]
    found = unpack(layout, message)
    if any(isinstance(value, str) and "#" in value for value in found.values()):
        return  # not all 6-bit codes are characters
    assert unpack(layout, pack(layout, found)) == found
