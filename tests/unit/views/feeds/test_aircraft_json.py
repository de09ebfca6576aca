"""aircraft.json says what the table says, in the keys and types that readers of the format know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard

from skywitness.geo.sphere import distance_nmi
from skywitness.identity.table import Entry, IdentityTable
from skywitness.tracks.aircraft import AircraftTable, aircraft_table
from skywitness.tracks.state import NEVER
from skywitness.views.feeds.aircraft_json import (
    NAV_MODES,
    WITHOUT_IDENTITY,
    AircraftWriter,
    aircraft_json,
    is_listed,
)
from tests.aircraft_from import NOW_NS, S, aircraft_from

CHARACTERS = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######"
TYPES = ["adsb", "adsr", "tisb", "mlat", "other", "adsb"]
RADII = [0, 37040, 14816, 7408, 3704, 1852, 1112, 371, 186, 75, 25, 8]


def expected_of(row: dict[str, Any]) -> dict[str, Any]:
    """One aircraft as the contract describes it, written without looking at how the feed does it."""
    age = {name: NOW_NS - value for name, value in row.items() if name.endswith("_time_ns") and value != NEVER}

    def young(name: str, limit_s: int = 60) -> bool:
        return age.get(f"{name}_time_ns", 1 << 62) < limit_s * S

    out: dict[str, Any] = {"hex": ("~" if row["address_kind"] else "") + format(row["icao"], "06x")}
    source = 6
    if young("quality"):
        source = 0 if row["best_source"] == 255 else row["best_source"]
    if young("position"):
        source = row["position_source"]
    kind = row["address_kind"]
    if kind == 2:
        out["type"] = "tisb_trackfile"
    elif source == 6:
        out["type"] = "unknown" if kind else "mode_s"
    else:
        name = TYPES[source]
        out["type"] = name if name in ("mlat", "other") else name + ("_other" if kind else "_icao")
    if row["callsign"]:
        out["flight"] = "".join(CHARACTERS[row["callsign"] >> shift & 63] for shift in range(42, -1, -6))
    ground = row["on_ground"] == 1

    def number(key: str, column: str, when: bool, decimals: int = 0) -> None:
        value = row[column]
        if when and not np.isnan(value):
            out[key] = round(float(value), decimals) if decimals else round(float(value))

    if ground:
        out["alt_baro"] = "ground"
    else:
        number("alt_baro", "altitude_ft", young("altitude"))
        number("alt_geom", "altitude_geom_ft", young("altitude_geom"))
    number("gs", "groundspeed_kt", young("velocity"), 1)
    number("track", "track_deg", young("velocity"), 2)
    number("geom_rate" if row["vertical_source"] == 0 else "baro_rate", "vertical_rate_fpm", young("rate"))
    for key, column, decimals in (("ias", "ias_kt", 0), ("tas", "tas_kt", 0), ("mach", "mach", 3)):
        number(key, column, young("air"), decimals)
    number("mag_heading" if row["heading_is_magnetic"] else "true_heading", "heading_deg", young("air"), 2)
    number("roll", "roll_deg", young("turn"), 2)
    number("track_rate", "track_rate_deg_s", young("turn"), 2)
    for key, column in (("wd", "wind_direction_deg"), ("ws", "wind_speed_kt"), ("oat", "sat_c")):
        number(key, column, young("weather"))
    if row["squawk"] != 0xFFFF and young("squawk", 180):
        out["squawk"] = format(row["squawk"], "04o")
    if row["emergency"] != 255 and young("emergency", 180):
        words = ["none", "general", "lifeguard", "minfuel", "nordo", "unlawful", "downed", "reserved"]
        out["emergency"] = words[row["emergency"]]
    if row["category"] != 255:
        out["category"] = format(row["category"], "02X")
    number("nav_qnh", "qnh_hpa", young("selected"), 1)
    number("nav_altitude_mcp", "mcp_altitude_ft", young("selected"))
    number("nav_altitude_fms", "fms_altitude_ft", young("selected"))
    number("nav_heading", "selected_heading_deg", young("selected"), 2)
    if row["modes"] != 255 and young("selected"):
        out["nav_modes"] = [word for bit, word in enumerate(NAV_MODES) if row["modes"] >> bit & 1]
    if "position_time_ns" in age:
        place: dict[str, Any] = {"lat": row["lat_deg"], "lon": row["lon_deg"]}
        if row["nic"] != 255:
            place["nic"] = row["nic"]
            place["rc"] = RADII[row["nic"]]
            if row["nic"] == 6 and not row["nic_a"]:
                place["rc"] = 556 if row["nic_b"] else 926
        place["seen_pos"] = age["position_time_ns"] // 1_000_000 / 1000
        out |= place if young("position") else {"lastPosition": place}
    if row["version"] != 255:
        out["version"] = row["version"]
    for name in ("nic_baro", "nac_p", "nac_v", "sil", "gva", "sda", "alert", "spi"):
        if row[name] != 255 and young("quality", 180):
            out[name] = row[name]
    if "sil" in out:
        out["sil_type"] = {0: "perhour", 1: "persample"}.get(row["sil_type"], "unknown")
    by = row["position_source"] if young("position") else -1
    out["mlat"] = ["lat", "lon", "nic", "rc"] if by == 3 else []
    out["tisb"] = ["lat", "lon", "nic", "rc"] if by == 2 else []
    out["messages"] = row["messages"]
    out["seen"] = age["seen_time_ns"] // 100_000_000 / 10
    if not np.isnan(row["signal_dbfs"]):
        out["rssi"] = max(-49.5, round(float(row["signal_dbfs"]), 1))
    return out


def rows_of(table: AircraftTable) -> list[dict[str, Any]]:
    return [{name: getattr(table, name)[i].item() for name in table.names()} for i in range(len(table))]


def test_every_field_of_every_aircraft():
    table = aircraft_table(*aircraft_from(400))
    read = json.loads(aircraft_json(table, NOW_NS, 987_654_321))
    assert list(read) == ["now", "messages", "aircraft"]
    assert (read["now"], read["messages"]) == (1_700_000_000.123, 987_654_321)
    listed = [row for row, keep in zip(rows_of(table), is_listed(table, NOW_NS), strict=True) if keep]
    assert 100 < len(listed) < 400
    assert len(read["aircraft"]) == len(listed)
    for found, row in zip(read["aircraft"], listed, strict=True):
        assert found == expected_of(row)


def test_inclusion():
    states, pairs = aircraft_from(5)
    pairs["place_ns"] = [NOW_NS - 59 * S, NOW_NS - 61 * S, NEVER, NEVER, NEVER]
    states["seen_ns"] = NOW_NS - np.array([59, 61, 59, 59, 61]) * S
    states["messages"] = [1, 100, 1, 2, 2]
    states["kind"], states["icao"] = 0, range(5)
    read = json.loads(aircraft_json(aircraft_table(states, pairs), NOW_NS, 0))
    assert [row["hex"] for row in read["aircraft"]] == ["000000", "000003"]


def test_nobody():
    assert json.loads(aircraft_json(AircraftTable.empty(), 5_000_000, 0)) == {
        "now": 0.005,
        "messages": 0,
        "aircraft": [],
    }


def test_number_formats():
    states, pairs = aircraft_from(1)
    states["kind"], states["on_ground"], states["seen_ns"] = 1, 0, NOW_NS
    states["velocity_ns"] = states["altitude_ns"] = states["air_ns"] = pairs["place_ns"] = NOW_NS
    states["groundspeed_kt"], states["track_deg"], states["altitude_ft"], states["mach"] = 450.0, 7.0, -25.0, 0.8
    pairs["lat_deg"], pairs["lon_deg"], states["icao"] = -0.0000001, 4.5, 0xABC
    text = aircraft_json(aircraft_table(states, pairs), NOW_NS, 0).decode()
    for part in ('"hex":"~000abc"', '"gs":450.0,', '"track":7.00,', '"alt_baro":-25,', '"mach":0.800,',
                 '"lat":0.000000,"lon":4.500000,', '"seen_pos":0.000,', '"seen":0.0'):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("number", [1, 2, 3])
def test_keys_and_types_are_those_of_recorded_files(data_dir: Path, number: int):
    packed = (data_dir / f"raw/readsb_aircraft_{number}.json.zst").read_bytes()
    theirs = json.loads(zstandard.ZstdDecompressor().decompressobj().decompress(packed))
    ours = json.loads(aircraft_json(aircraft_table(*aircraft_from(400)), NOW_NS, 1))
    assert theirs.keys() == ours.keys()
    types: dict[str, set[str]] = {}
    order: list[str] = []
    for row in ours["aircraft"]:
        for name, value in row.items():
            types.setdefault(name, set()).add(type(value).__name__)
        if len(row) > len(order):
            order = list(row)
    by_others = {"r", "t", "dbFlags", "r_dst", "r_dir", "calc_track"}  # a database, the receiver's place, old positions
    for row in theirs["aircraft"]:
        assert row.keys() - by_others <= types.keys()
        for name in row.keys() - by_others:
            assert type(row[name]).__name__ in types[name], name
        places = [order.index(name) for name in row if name in order and name not in ("true_heading", "lastPosition")]
        assert places == sorted(places)


def test_identity_and_distances_are_added():
    table = aircraft_table(*aircraft_from(300))
    table = table.take(np.flatnonzero(is_listed(table, NOW_NS)))
    icao = np.unique(table.icao[table.address_kind == 0])
    known = {int(address): number for number, address in enumerate(icao) if number % 2}
    identity = IdentityTable.of(
        Entry(address, f"N{number}", "B738", number % 3, 'Boeing "737"', 1990 + number % 30, "Société ; d'Air")
        for address, number in known.items()
    )
    plain = json.loads(aircraft_json(table, NOW_NS, 1))["aircraft"]
    read = json.loads(AircraftWriter(identity).file(table, NOW_NS, 1, place=(52.0, 4.0)))["aircraft"]
    keys = {"r", "t", "desc", "ownOp", "year", "dbFlags", "r_dst", "r_dir"}
    told = placed = 0
    for before, after in zip(plain, read, strict=True):
        assert {key: value for key, value in after.items() if key not in keys} == before
        number = known.get(int(before["hex"], 16)) if not before["hex"].startswith("~") else None
        if number is None:
            assert not {"r", "t", "dbFlags"} & after.keys()
        else:
            told += 1
            assert (after["r"], after["t"], after["year"]) == (f"N{number}", "B738", str(1990 + number % 30))
            assert (after["desc"], after["ownOp"]) == ('Boeing "737"', "Société ; d'Air")
            assert after.get("dbFlags", 0) == number % 3
        assert ("r_dst" in after) == ("lat" in after)
        if "lat" in after:
            placed += 1
            assert after["r_dst"] == pytest.approx(distance_nmi(52, 4, after["lat"], after["lon"]), abs=6e-4)
            assert 0 <= after["r_dir"] < 360
    assert told > 40
    assert placed > 50


def test_what_is_simulated_says_so():
    empty = json.loads(WITHOUT_IDENTITY.file(AircraftTable.empty(), NOW_NS, 0, is_simulated=True))
    assert empty["simulated"] is True
