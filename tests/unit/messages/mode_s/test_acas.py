"""Advisories in words, bit by bit against the lists of Annex 10."""

from __future__ import annotations

import itertools
import math

import pytest

from skywitness.messages.mode_s.acas import (
    COORDINATION_REPLY,
    RA_BROADCAST,
    REPLY_INFORMATION,
    SENSITIVITY_LEVELS,
    advisory_text,
    complement_text,
    read_advisory,
)
from skywitness.messages.mode_s.pack import pack, unpack
from skywitness.messages.mode_s.registers import REGISTERS

# First seven ARA bits of a single threat: corrective, down, increased, reversal, crossing, positive after the leading
# 1; and the announcement of version 7.1, of 7.0 where it differs.
SINGLE = [
    ("1100001", "climb, climb", ""),
    ("1110001", "descend, descend", ""),
    ("1100011", "climb, crossing climb", ""),
    ("1110011", "descend, crossing descend", ""),
    ("1101001", "increase climb, increase climb", ""),
    ("1111001", "increase descent, increase descent", ""),
    ("1100101", "climb, climb now", ""),
    ("1110101", "descend, descend now", ""),
    ("1000001", "maintain vertical speed, maintain", ""),
    ("1010011", "maintain vertical speed, crossing maintain", ""),
    ("1000000", "monitor vertical speed", ""),
    ("1010000", "monitor vertical speed", ""),
    ("1100000", "level off, level off", "adjust vertical speed, adjust"),
    ("1110000", "level off, level off", "adjust vertical speed, adjust"),
]


@pytest.mark.parametrize(("bits", "call", "call_70"), SINGLE)
def test_single_threat(bits: str, call: str, call_70: str):
    ara = int(bits, 2) << 7
    text = advisory_text(ara, False, False)
    assert text.split(" (")[0] == call
    assert advisory_text(ara, False, False, acas_version="7.0").split(" (")[0] == (call_70 or call)
    assert ("downward sense" in text) == (bits[2] == "1")
    assert ("corrective" in text) == (bits[1] == "1")
    assert ("preventive" in text) == (bits[1] == "0")
    assert ("sense reversal" in text) == (bits[4] == "1")
    assert ("altitude crossing" in text) == (bits[5] == "1")


def test_what_must_not_be_done():
    assert "do not descend" in advisory_text(0b1000000 << 7, False, False)
    assert "do not climb" in advisory_text(0b1010000 << 7, False, False)
    assert "limit the descent" in advisory_text(0b1100000 << 7, False, False, acas_version="7.0")


def test_several_threats():
    assert advisory_text(0b0110000 << 7, True, False).startswith("climb, climb (several threats")
    assert advisory_text(0b0001100 << 7, True, False).startswith("descend, descend")
    assert advisory_text(0b0101000 << 7, True, False).startswith("level off")
    assert advisory_text(0b0101000 << 7, True, False, acas_version="7.0").startswith("adjust vertical speed")
    assert advisory_text(0, True, False).startswith("monitor vertical speed")
    assert "all to be passed alike" in advisory_text(0b1100001 << 7, True, False)


def test_no_advisory_and_its_end():
    assert advisory_text(0, False, False) == "no advisory"
    assert advisory_text(0b1100001 << 7, False, True) == "clear of conflict"
    assert not read_advisory(0x30 << 48).is_active
    active = pack(REGISTERS[0x30], {"ara": 0b1100001 << 7})
    assert read_advisory(active).is_active
    assert not read_advisory(active | 1 << 29).is_active


def test_every_combination_has_words():
    for ara, multiple in itertools.product(range(128), (False, True)):
        for version in ("7.0", "7.1"):
            text = advisory_text(ara << 7, multiple, False, acas_version=version)
            assert text
            assert not any(scrap in text for scrap in ("()", ", )", "(,", ",,", ", ,"))


def test_complements():
    assert complement_text(0) == ""
    assert complement_text(0b1000) == "do not pass below"
    assert complement_text(0b0100) == "do not pass above"
    assert complement_text(0b0011) == "do not turn left, do not turn right"


def test_threat_by_address():
    message = pack(REGISTERS[0x30], {"ara": 0x3080, "rac": 4, "threat_type": 1, "threat_identity": 0x4CA2B6 << 2})
    found = read_advisory(message)
    assert (found.threat.icao, found.rac, found.threat_type) == (0x4CA2B6, 4, 1)
    assert math.isnan(found.threat.altitude_ft)


def test_threat_by_place():
    # C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4: C4 alone is the lowest of all codes, -1,200 ft.
    identity = 0b0000100000000 << 13 | 35 << 6 | 16
    found = read_advisory(pack(REGISTERS[0x30], {"ara": 0x3080, "threat_type": 2, "threat_identity": identity}))
    assert (found.threat.range_nmi, found.threat.bearing_deg) == (3.4, 93.0)
    assert found.threat.altitude_ft == -1200
    assert found.threat.icao is None
    nothing = read_advisory(pack(REGISTERS[0x30], {"threat_type": 2, "threat_identity": 0})).threat
    assert all(math.isnan(value) for value in (nothing.altitude_ft, nothing.range_nmi, nothing.bearing_deg))
    far = read_advisory(pack(REGISTERS[0x30], {"threat_type": 2, "threat_identity": 127 << 6 | 61})).threat
    assert far.range_nmi == 12.55
    assert math.isnan(far.bearing_deg)


def test_the_three_carriers_agree():
    values = {"ara": 0x3480, "rac": 8, "ra_terminated": False, "multiple_threats": True}
    readings = {read_advisory(pack(layout, values)) for layout in (REGISTERS[0x30], RA_BROADCAST, COORDINATION_REPLY)}
    assert len(readings) == 1
    broadcast = pack(RA_BROADCAST, {**values, "threat_type": "address", "threat_identity": 0xABCDEF << 2})
    assert broadcast >> 48 == 28 << 3 | 2
    assert unpack(RA_BROADCAST, broadcast)["threat_type"] == "address"
    assert read_advisory(broadcast).threat.icao == 0xABCDEF
    assert pack(COORDINATION_REPLY, values) >> 48 == 0x30


def test_words_of_the_fields():
    assert len(REPLY_INFORMATION) == 16
    assert len(SENSITIVITY_LEVELS) == 8
    assert SENSITIVITY_LEVELS[7] == "ACAS at sensitivity level 7"
