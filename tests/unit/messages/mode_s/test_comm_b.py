"""Which register a reply is: frames two decoders agree on, and the cases that each rule is for."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

from skywitness.errors import FormatError
from skywitness.kernel import plain
from skywitness.messages.mode_s import atmosphere, comm_b
from skywitness.messages.mode_s.comm_b import NO_MEMORY, KnownState, identify, infer
from skywitness.messages.mode_s.evidence import EVIDENCE, ORDER, POINTS
from skywitness.messages.mode_s.pack import pack
from skywitness.messages.mode_s.registers import REGISTERS


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_all_registers_two_decoders_agree_on(data_dir: Path):
    named = 0
    for row in rows_of(data_dir / "decode" / "agreed_two_decoders.jsonl"):
        expect = row["expect"]
        if "bds" in expect:
            state = KnownState(altitude_ft=expect.get("altitude_ft", math.nan))
            assert identify(bytes.fromhex(row["msg"][8:22]), state=state) == int(expect["bds"], 16), row
            named += 1
    assert named == 357


def test_published_meteorological_report():
    assert identify(0x185BD5CF400000, state=KnownState(altitude_ft=35050)) == 0x44
    # The same bits near the ground would be 63 degrees too cold.
    assert identify(0x185BD5CF400000, state=KnownState(altitude_ft=1000)) == 0


@pytest.mark.parametrize(
    ("mb", "bds"),
    [
        (0xFA810100000000, 0x17),
        (0x02010000000000, 0x17),
        (0x00000081C081F0, 0x18),
        (0x0080008FC083F0, 0x18),
        (0x00008000800080, 0x19),
        (0x0013C003800080, 0x19),
        (0x20000000000000, 0x20),
        (0x30000000000000, 0x30),
        (0x10030A80F50000, 0x10),
    ],
)
def test_registers_known_by_their_bits(mb: int, bds: int):
    assert identify(mb) == bds


@pytest.mark.parametrize("mb", [0, 1, 0xAAAAAAAAAAAAAA, 0x80000100000402, 0x3C000000000000, 0x40000000000000])
def test_says_unknown(mb: int):
    assert identify(mb) == 0


def test_heading_report_of_a_slow_roll_is_not_taken_for_a_turn():
    # Lined up for take-off: heading 322, 4 kt, Mach 0.004; one published decoder calls it BDS 5,0.
    assert identify(0xF2980900600400, state=KnownState(altitude_ft=550)) == 0x60


def test_speeds_decide_between_turn_and_heading():
    turn = pack(
        REGISTERS[0x50],
        {"roll_deg": 0.0, "track_deg": 180.0, "groundspeed_kt": 440, "track_rate_deg_s": 0.0, "tas_kt": 450},
    )
    assert identify(turn) == 0x50
    heading = pack(
        REGISTERS[0x60],
        {"heading_deg": 180.0, "ias_kt": 296, "mach": 0.78, "baro_rate_fpm": 0, "inertial_rate_fpm": 32},
    )
    assert identify(heading, state=KnownState(altitude_ft=30000)) == 0x60
    # Near the ground 296 kt is Mach 0.45.
    assert identify(heading, state=KnownState(altitude_ft=1000)) == 0


def test_known_motion_excludes():
    turn = pack(
        REGISTERS[0x50],
        {"roll_deg": 0.0, "track_deg": 180.0, "groundspeed_kt": 440, "track_rate_deg_s": 0.0, "tas_kt": 450},
    )
    assert identify(turn, state=KnownState(groundspeed_kt=438, track_deg=181)) == 0x50
    assert identify(turn, state=KnownState(groundspeed_kt=140, track_deg=181)) == 0
    assert identify(turn, state=KnownState(groundspeed_kt=438, track_deg=20)) == 0


def test_position_needs_a_position():
    values = {"lat_deg": 45.09, "lon_deg": -0.22, "altitude_ft": 34000}
    message = pack(REGISTERS[0x51], values)
    assert identify(message, state=KnownState(altitude_ft=34000, lat_deg=45.1, lon_deg=-0.3)) == 0x51
    assert identify(message, state=KnownState(altitude_ft=34000)) == 0  # BDS 5,2 ends alike
    assert identify(message, state=KnownState(altitude_ft=30000, lat_deg=45.1, lon_deg=-0.3)) == 0
    assert identify(message, state=KnownState(altitude_ft=34000, lat_deg=-45.1, lon_deg=-0.3)) == 0
    across = pack(REGISTERS[0x51], {**values, "lon_deg": -179.9})
    assert identify(across, state=KnownState(altitude_ft=34000, lat_deg=45.1, lon_deg=179.9)) == 0x51


def test_squitter_position_by_its_altitude():
    # 34,000 ft, as heard in a DF 21 reply.
    assert identify(0x58AF830B043243, state=KnownState(altitude_ft=34000)) == 0x05
    assert identify(0x58AF830B043243, state=KnownState(altitude_ft=33000)) == 0
    assert identify(0x58AF830B043243) == 0


def test_registration():
    message = pack(REGISTERS[0x21], {"registration": "PHBXA", "airline": "KL"})
    assert identify(message) == 0x21
    assert identify(pack(REGISTERS[0x21], {"airline": "KL"})) == 0
    # Two random replies in a hundred look like seven characters: more must speak for it.
    alone = pack(REGISTERS[0x21], {"registration": "PHBXA"})
    assert identify(alone) == 0
    assert infer(alone)[0].bds == 0x21
    assert identify(alone, state=KnownState(memory=plain(comm_b.remember)(NO_MEMORY, 0x03000000000000, 0x17))) == 0x21


def test_advisory_with_bits_no_equipment_uses_is_doubted():
    advisory = pack(REGISTERS[0x30], {"ara": 0x3080, "threat_type": 1, "threat_identity": 0x4CA2B6 << 2})
    assert identify(advisory) == 0x30
    assert identify(advisory | 1 << 34) == 0
    assert identify(advisory | 1) == 0


def test_noise_is_rarely_named():
    draw = random.Random(9871)
    state = KnownState(34000.0, 440.0, 180.0, 0.0, 45.0, 1.0)
    named = sum(identify(draw.getrandbits(56), state=state) > 0 for _ in range(20000))
    assert named < 80  # 2.4 in 1,000 of 4 million: mostly registrations with an airline, and 0,5 by its altitude


def test_air_referenced_vector_needs_all_its_speeds():
    values = {"heading_deg": 90.0, "ias_kt": 280, "mach": 0.768, "tas_kt": 455, "vertical_rate_fpm": 0}
    message = pack(REGISTERS[0x53], values)
    assert identify(message, state=KnownState(altitude_ft=31500)) == 0x53
    slow = pack(REGISTERS[0x53], {**values, "tas_kt": 250})
    assert identify(slow, state=KnownState(altitude_ft=31500)) != 0x53


def test_hazard_report_with_air_data():
    values = {"turbulence": "light", "sat_c": -54.0, "static_pressure_hpa": 250}
    message = pack(REGISTERS[0x45], values)
    assert identify(message, state=KnownState(altitude_ft=34000)) == 0x45
    assert identify(message, state=KnownState(altitude_ft=10000)) == 0


def test_memory_adds_points():
    # 32,000 ft selected and nothing else; or a capability report of an odd installation.
    message = 0xBE800000000000
    assert {0x40, 0x17} <= {candidate.bds for candidate in infer(message)}
    memory = plain(comm_b.remember)(NO_MEMORY, 0xFA81C100000000, 0x17)
    listed = infer(message, state=KnownState(memory=memory))
    assert listed[0].bds == 0x40
    assert "the aircraft's capability report lists this register" in listed[0].reasons
    memory = plain(comm_b.remember)(memory, message, 0x40)
    assert (
        "this register was recognised from this aircraft before"
        in infer(message, state=KnownState(memory=memory))[0].reasons
    )


def test_remember_keeps_the_latest_report_and_what_was_seen():
    fold = plain(comm_b.remember)
    memory = fold(fold(NO_MEMORY, 0, 0x60), 0xFA81C100000000, 0x17)
    assert fold(memory, 0, 0x60) == memory
    assert fold(memory, 0xFF, 0) == memory
    newer = fold(memory, 0x02000000000000, 0x17)
    assert newer & 0xFFFFFF == 1 << 6
    assert newer >> comm_b.SEEN == memory >> comm_b.SEEN


def test_candidates_are_in_order_and_say_why():
    candidates = infer(0xFFBF5F36FFFCDC, state=KnownState(altitude_ft=34000, groundspeed_kt=438, track_deg=345.8))
    assert candidates[0].bds == 0x50
    assert candidates[0].is_named
    assert "the ground speed is the one the aircraft reports by other means" in candidates[0].reasons
    assert [c.points for c in candidates] == sorted((c.points for c in candidates), reverse=True)
    assert infer(0) == []


def test_every_kind_of_evidence_has_its_own_flag_and_words():
    flags = [evidence & ~POINTS for evidence in EVIDENCE]
    assert all(flag and flag & (flag - 1) == 0 for flag in flags)
    assert len(set(flags)) == len(flags) == len(set(EVIDENCE.values()))
    assert len(set(ORDER.tolist())) == len(ORDER)


@pytest.mark.parametrize("wrong", [-1, 1 << 56, b"", bytes(8)])
def test_refuses_what_is_no_mb_field(wrong: int | bytes):
    with pytest.raises(FormatError, match="56 bits"):
        identify(wrong)


def test_standard_atmosphere():
    # ICAO Doc 7488, table: geopotential height and pressure.
    for height_ft, hpa in [(0, 1013.25), (5000, 843.07), (18000, 506.00), (36089, 226.32), (50000, 115.97)]:
        ratio = plain(atmosphere.pressure_ratio)(float(height_ft))
        assert ratio * 1013.25 == pytest.approx(hpa, rel=5e-4)
    assert plain(atmosphere.pressure_ratio)(1e9) == plain(atmosphere.pressure_ratio)(60000.0)
    assert plain(atmosphere.pressure_ratio)(math.nan) > 1
    # At sea level Mach is airspeed over the speed of sound, by definition of the indicator.
    assert plain(atmosphere.implied_pressure_ratio)(0.5 * 661.4788, 0.5) == pytest.approx(1.0)
