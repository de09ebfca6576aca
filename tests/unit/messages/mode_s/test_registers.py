"""The register layouts cover their 56 bits and give the values two decoders agree on."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from skywitness.errors import FormatError
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.pack import pack, read_characters, unpack, write_characters
from skywitness.messages.mode_s.registers import COMMON_USAGE, REGISTERS, bds_text

TOLERANCE = {"qnh_hpa": 0.1001, "mcp_altitude_ft": 20, "fms_altitude_ft": 20, "mach": 0.001}


@pytest.mark.parametrize("bds", REGISTERS)
def test_fields_cover_the_register_once_and_in_order(bds: int):
    place = 1
    for field in REGISTERS[bds].fields:
        assert field.first == place, f"{field.name} begins at {field.first}, not {place}"
        assert field.kind in ("status", "flag") or field.status != field.first
        place = field.last + 1
    assert place == 57


@pytest.mark.parametrize("bds", REGISTERS)
def test_names_are_unique_and_status_bits_exist(bds: int):
    fields = REGISTERS[bds].fields
    names = [field.name for field in fields if field.name]
    assert len(names) == len(set(names))
    status_bits = {field.first for field in fields if field.kind == "status"}
    assert {field.status for field in fields if field.status} == status_bits
    for field in fields:
        assert field.kind == "reserved" or field.kind == "status" or field.doc
        assert field.kind != "enum" or len(field.values) == 1 << field.width


def test_values_on_which_two_decoders_agree(data_dir: Path):
    compared = 0
    for line in (data_dir / "decode" / "agreed_two_decoders.jsonl").read_text().splitlines():
        row = json.loads(line)
        expect = row["expect"]
        if "bds" not in expect:
            continue
        found = unpack(REGISTERS[int(expect["bds"], 16)], int(row["msg"][8:22], 16))
        for name, value in expect.items():
            if name in found:
                compared += 1
                tolerance = TOLERANCE.get(name, 0.01 if "deg" in name else 1)
                same = found[name] == value if isinstance(value, str) else abs(found[name] - value) <= tolerance
                assert same, (row["msg"], name, value, found[name])
    assert compared > 1000


def test_capability_reports_of_a_test_set_manual():
    # An installation with extended squitter, elementary and enhanced surveillance, as a ramp test set prints it.
    common = unpack(REGISTERS[0x17], 0xFA810100000000)
    assert {name for name, yes in common.items() if yes} == {
        *("gicb_05", "gicb_06", "gicb_07", "gicb_08", "gicb_09", "gicb_20", "gicb_40", "gicb_50", "gicb_60")
    }
    first = unpack(REGISTERS[0x18], 0x00000081C081F0)
    assert {name for name, yes in first.items() if yes} == {
        *("gicb_05", "gicb_06", "gicb_07", "gicb_08", "gicb_09", "gicb_10", "gicb_17", "gicb_18", "gicb_19", "gicb_20")
    }
    second = unpack(REGISTERS[0x19], 0x00008000800080)
    assert {name for name, yes in second.items() if yes} == {"gicb_40", "gicb_50", "gicb_60"}


def test_meteorological_report_published_example():
    found = unpack(REGISTERS[0x44], 0x185BD5CF400000)
    assert (found["wind_speed_kt"], found["sat_c"]) == (22, -48.75)
    assert math.isclose(found["wind_direction_deg"], 344.53, abs_tol=0.01)


def test_text_of_a_register_number():
    assert bds_text(0x60) == "BDS 6,0"
    assert bds_text(0xF2) == "BDS F,2"
    assert len(set(COMMON_USAGE)) == 24


def test_pack_refuses_what_does_not_fit():
    with pytest.raises(FormatError, match="no field height"):
        pack(REGISTERS[0x50], {"height": 1})
    with pytest.raises(FormatError, match="groundspeed_kt cannot hold 2048"):
        pack(REGISTERS[0x50], {"groundspeed_kt": 2048})
    with pytest.raises(FormatError, match="groundspeed_kt cannot hold -2"):
        pack(REGISTERS[0x50], {"groundspeed_kt": -2})
    with pytest.raises(FormatError, match="turbulence cannot be 'some'"):
        pack(REGISTERS[0x44], {"turbulence": "some"})
    with pytest.raises(FormatError):
        pack(REGISTERS[0x20], {"callsign": "KLM-1023"})
    with pytest.raises(FormatError):
        pack(REGISTERS[0xF2], {"squawk": "7800"})


def test_status_bits_follow_the_values():
    layout = REGISTERS[0x50]
    assert pack(layout, {}) == 0
    assert pack(layout, {"roll_deg": 0.0}) == 1 << 55
    assert pack(layout, {"roll_deg": math.nan, "tas_kt": None}) == 0
    assert unpack(layout, pack(layout, {"tas_kt": 440}))["tas_kt"] == 440
    assert unpack(layout, pack(layout, {"tas_kt": 440}))["roll_deg"] is None


def test_missing_value_reads_as_none():
    layout = Layout("X", "x", (Field("height_ft", 1, 8, scale=10, offset=-10, missing=0), Field("", 9, 56, "reserved")))
    assert unpack(layout, pack(layout, {}))["height_ft"] is None
    assert unpack(layout, pack(layout, {"height_ft": 0}))["height_ft"] == 0


def test_squawk_of_every_code():
    layout = REGISTERS[0xF2]
    for code in range(4096):
        packed = pack(layout, {"squawk": code})
        assert unpack(layout, packed)["squawk"] == f"{code:04o}"
        assert packed >> 17 & 1 == 0  # the X pulse, bit 39
    # A1 is the second pulse, D4 the last: 1000 and 0004.
    assert pack(layout, {"squawk": "1000"}) >> 11 & 0x1FFF == 0b0100000000000
    assert pack(layout, {"squawk": "0004"}) >> 11 & 0x1FFF == 1


def test_characters():
    assert read_characters(write_characters("KLM1023", 48), 48) == "KLM1023"
    assert write_characters("KLM1023", 48) == 0x2CC371C32CE0
    assert read_characters(0, 12) == "##"
