"""Two recordings with the fields another decoder printed beside each frame; every difference has a stated cause.

Places are left out: tests of positions. Decoders differ also in which register a Comm-B reply is; here only replies are
compared of which both name the same one.
"""

from __future__ import annotations

import functools
import gzip
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from skywitness.messages.mode_s.decode import Message, decode

read = functools.lru_cache(maxsize=1 << 16)(decode)


def near(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or not isinstance(wanted, (int, float)) or not isinstance(found, (int, float)):
        return bool(found == wanted)
    return math.isclose(found, wanted, rel_tol=1e-6, abs_tol=0.51 if isinstance(wanted, int) else 1e-3)


# --- the whole flight with JSON ---------------------------------------------------------------------------------------

SQUITTER = {
    "NACp": "nac_p",
    "NACv": "nac_v",
    "NICb": "nic_supplement_b",
    "NUCp": "nuc_p",
    "altitude": "altitude_ft",
    "barometric_setting": "qnh_hpa",
    "callsign": "callsign",
    "geo_minus_baro": "geo_minus_baro_ft",
    "groundspeed": "groundspeed_kt",
    "icao24": "icao24",
    "lat_cpr": "cpr_lat",
    "lon_cpr": "cpr_lon",
    "selected_altitude": "selected_altitude_ft",
    "selected_heading": "selected_heading_deg",
    "squawk": "squawk",
    "tcas_operational": "tcas_operational",
    "track": "track_deg",
    "vertical_rate": "vertical_rate_fpm",
    "vrate_src": "vertical_rate_source",
}
REGISTER = {
    "IAS": "ias_kt",
    "Mach": "mach",
    "TAS": "tas_kt",
    "barometric_setting": "qnh_hpa",
    "callsign": "callsign",
    "groundspeed": "groundspeed_kt",
    "heading": "heading_deg",
    "roll": "roll_deg",
    "selected_fms": "fms_altitude_ft",
    "selected_mcp": "mcp_altitude_ft",
    "track": "track_deg",
    "track_rate": "track_rate_deg_s",
    "vrate_barometric": "baro_rate_fpm",
    "vrate_inertial": "inertial_rate_fpm",
}


# Noise: the recording is a selection by address, and of the millions of false replies a day some have by chance the
# parity of a selected address. Both decoders read random bits here, and not the same ones; ours are those of the AC and
# ID fields, which are checked against the oracle for every code.
NOISE = set(
    """
    a0eb3422e4511ae5554c1fa2c7a9 a1aa00320768a37b29acc2163d82 a2b9dc04eb4a676c115d6fbd6095 a2f5a89f64b85109534371a54aae
    a3e998186aaf2195a08ab244a399 a480c2989233eb3064a04e8eaa44 a48e24a15bcb948459411dc87d18 a4d59d2520e2f6777688db65b16c
    a611ed11aa299c1223e21bf2a8a1 a8b558c37c4fb0ce359fb2a05d37 a96a61bfc14e14dbad73b0cd5950 aac6cf572dfcf1d9a6d6bc6f3e64
    ad679ab24774752320402a53cb1c adc3fe8a59448b36d6304e6f74ae ade033646b32b8d2c01395179109 af903a2514b2c76d2826b903523c
    aed26c4ba8277173b8eb5a9b393e afc2eac5d2089670489305ab10c1
    """.split()  # noqa: SIM905
)


def altitude_code(message: Message) -> int:
    """The 13 bits of the AC field."""
    return int.from_bytes(message.data[2:4], "big") & 0x1FFF


def explains(name: str, message: Message, found: Any, wanted: Any) -> str:
    """Why the two differ; empty if nothing known explains it."""
    if message.data.hex() in NOISE:
        return "noise, see NOISE"
    me = int.from_bytes(message.data[4:11], "big")
    if name in ("selected_mcp", "selected_fms", "selected_altitude") and wanted % 100 == 0 and abs(found - wanted) < 50:
        return (
            "rounded to hundreds of feet there; the steps are 16 and 32 ft (Doc 9871 table A-2-64, DO-260B 2.2.3.2.7.1)"
        )
    if name in ("vrate_inertial", "vrate_barometric") and (found, wanted) == (-32, 0):
        return "all ones taken for zero there; two's complement -1 is -32 ft/min (Doc 9871 table A-2-96)"
    if name == "track_rate" and wanted is None and found == -0.03125:
        return "all ones taken for none there; two's complement -1 is -1/32 degree a second (Doc 9871 table A-2-80)"
    if name == "vrate_src" and {found, wanted} == {"GNSS", "barometric"}:
        bit = me >> 20 & 1
        return (
            "bit 36 read the other way there (DO-260B 2.2.3.2.6.1.10)" if found == ("GNSS", "barometric")[bit] else ""
        )
    if name == "groundspeed" and message.typecode in (5, 6, 7, 8) and 9 <= me >> 44 & 127 <= 38:
        return "steps below 15 kt another there (DO-260B table 2-18; confirmed by the published movement examples)"
    if name == "altitude" and message.df == 20:
        code = altitude_code(message)
        if code == 0 and found is None:
            return "no altitude (all zeros) printed as 0 there (Annex 10 Vol. IV 3.1.2.6.5.4 a)"
        if code & 0x40 and found is None:
            return "metric altitude, for which there is no scale (Annex 10 Vol. IV 3.1.2.6.5.4 d)"
        if wanted == 0 and found < 0:
            return "below 0 ft printed as 0 there (Annex 10 Vol. IV 3.1.2.6.5.4 c: the code begins at -1,000 ft)"
    if name == "altitude" and message.typecode is not None and wanted is None and found <= 0:
        return "0 ft and below taken for none there (DO-260B 2.2.3.2.3.4.3)"
    if name == "callsign" and found.startswith(wanted):
        return "cut at the second undefined character there"
    return ""


# Cause (its first words) and how often it applies.
CAUSES = {
    "bit 36 read the other way": 11_450,
    "rounded to hundreds of feet": 9_123,
    "all ones taken for zero": 3_089,
    "all ones taken for none": 1_773,
    "steps below 15 kt another": 1_125,
}


def printed_fields(line: dict[str, Any], message: Message) -> Iterator[tuple[str, Any, Any]]:
    """Name, our value and theirs of each field of a line that can be compared."""
    yield "df", message.df, int(line["df"])
    for name, ours in SQUITTER.items():
        if name in line:
            yield name, message.fields.get(ours), line[name]
    if "parity" in line:
        yield "parity", message.cpr_odd, int(line["parity"] == "odd")
    registers = [value for name, value in line.items() if name.startswith("bds") and isinstance(value, dict)]
    if len(registers) == 1 and registers[0]["bds"] == message.bds:
        for name, value in registers[0].items():
            if name != "bds":
                yield f"{name}", message.fields.get(REGISTER[name]), value


def test_the_recorded_flight_agrees_with_the_fields_beside_each_frame(data_dir: Path):
    causes: Counter[str] = Counter()
    unexplained = []
    compared = frames = same_register = named = 0
    with gzip.open(data_dir / "raw" / "baw3ak_20240606.jet1090.jsonl.gz", "rt") as lines:
        for text in lines:
            line = json.loads(text)
            message = read(line["frame"])
            frames += 1
            candidates = [name[3:] for name in line if name.startswith("bds") and name != "bds"]
            if candidates:
                named += 1
                same_register += message.bds in candidates
            for name, found, wanted in printed_fields(line, message):
                compared += 1
                if near(found, wanted):
                    continue
                cause = explains(name, message, found, wanted)
                causes[cause] += 1
                if not cause:
                    unexplained.append((line["frame"], name, found, wanted))
    assert frames == 71_939
    assert compared > 490_000
    assert unexplained == []
    for words, count in CAUSES.items():
        assert sum(n for cause, n in causes.items() if cause.startswith(words)) == count
    assert sum(causes.values()) < 27_000
    assert same_register >= 0.999 * named


# --- one minute with text ---------------------------------------------------------------------------------------------

OTHER_SOURCE = {"GNSS": "barometric", "barometric": "GNSS"}

LABELS: dict[str, Callable[[Message, str], bool]] = {
    "Altitude": lambda m, text: f"{m.altitude_ft} ft barometric" == text,
    "Squawk": lambda m, text: m.squawk == text,
    "CPR odd flag": lambda m, text: text == ("odd" if m.cpr_odd else "even"),
    "CPR latitude": lambda m, text: f"({m.cpr_lat})" in text,
    "CPR longitude": lambda m, text: f"({m.cpr_lon})" in text,
    "CPR NUCp/NIC": lambda m, text: m.nuc_p == int(text),
    # Whole degrees; westward ones, negative before they are made 0..360, are rounded the other way twice.
    "Heading": lambda m, text: abs(math.remainder(m.track_deg - float(text), 360)) <= (2.0 if m.east_kt < 0 else 1.0),
    "Speed": lambda m, text: abs(m.groundspeed_kt - float(text.split()[0])) <= 1.0,
    # Bit 36 is read the other way there: 0 is GNSS, 1 barometric (DO-260B 2.2.3.2.6.1.10).
    "Vertical rate": lambda m, text: f"{m.vertical_rate_fpm} ft/min {OTHER_SOURCE[m.vertical_rate_source]}" == text,
    "GNSS delta": lambda m, text: f"{m.geo_minus_baro_ft} ft" == text,
    "Ident": lambda m, text: m.callsign == text,
    "Category": lambda m, text: m.category == text,
    "Target altitude": lambda m, text: text == f"MCP, {m.selected_altitude_ft} ft",
    "Altimeter setting": lambda m, text: abs(m.qnh_hpa - float(text.split()[0])) < 0.06,
    "Target heading": lambda m, text: abs(m.selected_heading_deg - float(text)) <= 1.0,
    "ACAS": lambda m, text: m.tcas_operational is (text == "operational"),
    "NACp": lambda m, text: m.nac_p == int(text),
    "NICbaro": lambda m, text: m.nic_baro == int(text),
    "SIL": lambda m, text: text == f"{m.sil} ({integrity_basis(m)})",
    "Version": lambda m, text: m.adsb_version == int(text),
    "Capability classes": lambda m, text: text.split() == capability_words(m),
    "Operational modes": lambda m, text: text.split() == mode_words(m),
    "GVA": lambda m, text: m.gva == int(text),
    "Heading reference": lambda m, text: m.heading_reference == text,
}


def integrity_basis(message: Message) -> str:
    if message.typecode == 31:
        return str(message.sil_basis)
    # Type code 29: bit 8 is read the other way there; 0 is per hour (DO-260B 2.2.3.2.7.1.3.1).
    return "per hour" if message.sil_per_sample else "per sample"


def capability_words(message: Message) -> list[str]:
    flags = (("tcas_operational", "ACAS"), ("air_referenced_velocity", "ARV"), ("target_state_reports", "TS"))
    return [word for name, word in flags if message.fields[name]]


def mode_words(message: Message) -> list[str]:
    return [*(["SAF"] if message.single_antenna else []), f"SDA={message.sda}"]


@pytest.fixture(scope="module")
def blocks(data_dir: Path) -> list[tuple[str, dict[str, str]]]:
    """Frame and printed values of each message."""
    raw = (data_dir / "raw" / "ulss7_20180403.decoded.txt.zst").read_bytes()
    text = zstandard.ZstdDecompressor().stream_reader(raw).read().decode()
    found = []
    for block in text.split("\n\n"):
        lines = block.splitlines()
        if lines and lines[0].startswith("*"):
            pairs = (line.strip().split(":", 1) for line in lines[1:] if line.startswith("  ") and ":" in line)
            found.append((lines[0], {label: value.strip() for label, value in pairs}))
    return found


def test_the_text_of_a_recorded_minute(blocks: list[tuple[str, dict[str, str]]]):
    compared: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    for frame, printed in blocks:
        message = read(frame)
        assert message.icao24 is not None
        assert printed["ICAO Address"].startswith(message.icao24.upper())
        for label, text in printed.items():
            if label == "Ident" and message.bds is None and message.typecode is None:
                differing["register 2,0 not named"] += 1
            elif label in LABELS:
                compared[label] += 1
                if not LABELS[label](message, text):
                    differing[f"{label}: {frame} {text}"] += 1
    assert len(blocks) == 8922
    assert sum(compared.values()) > 13_000
    assert set(LABELS) == set(compared)
    assert differing == {}
