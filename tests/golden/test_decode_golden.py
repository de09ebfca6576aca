"""Every field two decoders or an author agree on, of every frame; exceptions are listed with their paragraph."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from skywitness.messages.mode_s.decode import decode

EXCEPTIONS = Path(__file__).with_name("exceptions.jsonl")

# As the recordings' own description states them; everything else must be equal.
TOLERANCE = {
    **dict.fromkeys(("groundspeed_kt", "tas_kt", "ias_kt"), 1.0),
    **dict.fromkeys(("track_deg", "heading_deg", "roll_deg", "track_rate_deg_s", "selected_heading_deg"), 0.01),
    **dict.fromkeys(("mcp_altitude_ft", "fms_altitude_ft", "selected_altitude_ft"), 20.0),
    "wind_direction_deg": 0.01,
    "qnh_hpa": 0.1000001,
    "mach": 0.001,
}

# Older names of the third file.
RENAMED = {
    "altitude": "altitude_ft",
    "baro_pressure_setting": "qnh_hpa",
    "baro_vertical_rate": "baro_rate_fpm",
    "category": "category_code",
    "cpr_format": "cpr_odd",
    "groundspeed": "groundspeed_kt",
    "icao": "icao24",
    "indicated_airspeed": "ias_kt",
    "inertial_vertical_rate": "inertial_rate_fpm",
    "magnetic_heading": "heading_deg",
    "roll": "roll_deg",
    "selected_altitude_fms": "fms_altitude_ft",
    "selected_altitude_mcp": "mcp_altitude_ft",
    "track": "track_deg",
    "track_rate": "track_rate_deg_s",
    "true_airspeed": "tas_kt",
    "true_track": "track_deg",
    "vertical_rate": "vertical_rate_fpm",
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def agrees(name: str, found: Any, wanted: Any) -> bool:
    if isinstance(wanted, (int, float)) and isinstance(found, (int, float)):
        return abs(found - wanted) <= TOLERANCE.get(name, 0.0)
    return bool(found == wanted)


def excepted() -> set[tuple[str, str]]:
    return {(line["msg"], key) for line in lines(EXCEPTIONS) for key in line["keys"]}


def test_each_field_two_decoders_agree_on(data_dir: Path):
    differing = set()
    compared = 0
    for line in lines(data_dir / "decode" / "agreed_two_decoders.jsonl"):
        fields = decode(line["msg"]).fields
        for name, wanted in line["expect"].items():
            compared += 1
            if not agrees(name, fields.get(name), wanted):
                differing.add((line["msg"], name))
    assert compared == 6058
    assert differing == excepted()  # equal, not a subset: an exception that has gone must leave the list


def test_each_exception_names_a_paragraph():
    for line in lines(EXCEPTIONS):
        assert line["standard"].startswith(("ICAO ", "RTCA "))
        assert line["why"].endswith(".")


def test_examples_as_their_authors_print_them(data_dir: Path):
    seen = 0
    for line in lines(data_dir / "decode" / "published_examples.jsonl"):
        if line["kind"].startswith("cpr_"):
            continue  # places: tests of positions
        fields = decode(line["messages"][0]).fields
        for name, wanted in line["expect"].items():
            found = fields[name]
            if isinstance(wanted, float) and name not in TOLERANCE:
                found = round(found, 2)
            assert agrees(name, found, wanted), (line["messages"][0], name, found, wanted)
        seen += 1
    assert seen == 9


def test_each_field_of_the_older_golden_file(data_dir: Path):
    registers: Counter[tuple[str, str | None]] = Counter()
    compared = 0
    for line in lines(data_dir / "decode" / "pymodes_golden_df17_df20.jsonl"):
        message = decode(line.pop("msg"))
        for old, wanted in line.items():
            compared += 1
            if old == "bds":
                registers[wanted, message.bds] += 1
                continue
            name = RENAMED.get(old, old)
            if old == "icao":
                wanted = wanted.lower()
            elif old == "callsign":
                wanted = wanted.rstrip("_")
            assert agrees(name, message.fields.get(name), wanted), (message, old, wanted)
    assert compared > 2400
    # That decoder names all registers that may be; ours must be one of them.
    for (candidates, found), count in registers.items():
        assert f"BDS{found}" in candidates.split(","), (candidates, found, count)
