"""aircraft.json in: real snapshots against their own values, and the rules for what is missing or wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard

from skywitness.batches import POSITION_SOURCES, PROVENANCES, VERDICTS, Positions
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.positions.formats.aircraft_json import AircraftJsonReader

NOW = 1_700_000_000.125
ENTRY = {"hex": "a3e31a", "type": "adsb_icao", "lat": 35.2, "lon": -110.4, "seen_pos": 1.5, "alt_baro": 45000}


def read(*documents: Any, segment: int = 0) -> tuple[Positions, AircraftJsonReader]:
    reader = AircraftJsonReader(segment=segment)
    text = b"".join(d if isinstance(d, bytes) else json.dumps(d).encode() for d in documents)
    return Positions.concat([reader.push(text), reader.flush()]), reader


def one(**more: Any) -> Positions:
    positions, _ = read({"now": NOW, "aircraft": [ENTRY | more]})
    assert len(positions) == 1
    return positions


def name(packed: Any) -> str:
    return callsign_text(int(packed)) if packed else ""


def as_float(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else np.nan


@pytest.mark.parametrize("number", [1, 2, 3])
def test_each_aircraft_of_a_real_snapshot_has_its_values(data_dir: Path, number: int):
    with zstandard.open(data_dir / "raw" / f"readsb_aircraft_{number}.json.zst", "rb") as file:
        text = file.read()
    document = json.loads(text)
    placed = [entry for entry in document["aircraft"] if "lat" in entry]
    positions, reader = read(text)
    assert reader.now_ns == round(document["now"] * 1000) * 1_000_000
    assert len(positions) == len(placed) > 60
    assert reader.counts["no_position"] == len(document["aircraft"]) - len(placed)
    for i, entry in enumerate(placed):
        assert f"{positions.icao[i]:06x}" == entry["hex"]
        assert positions.time_ns[i] == (round(document["now"] * 1000) - round(entry["seen_pos"] * 1000)) * 1_000_000
        assert (positions.lat_deg[i], positions.lon_deg[i]) == (entry["lat"], entry["lon"])
        on_ground = entry["alt_baro"] == "ground" if "alt_baro" in entry else 255
        assert positions.on_ground[i] == on_ground
        rate = entry.get("baro_rate", entry.get("geom_rate"))
        for found, wanted in (
            (positions.altitude_ft[i], as_float(entry.get("alt_baro"))),
            (positions.altitude_geom_ft[i], as_float(entry.get("alt_geom"))),
            (positions.groundspeed_kt[i], as_float(entry.get("gs"))),
            (positions.track_deg[i], as_float(entry.get("track"))),
            (positions.vertical_rate_fpm[i], as_float(rate)),
            (positions.signal_dbfs[i], as_float(entry.get("rssi"))),
        ):
            assert np.isclose(found, wanted, atol=0.0501, rtol=0, equal_nan=True)
        assert name(positions.callsign[i]) == entry.get("flight", "").strip()
        assert positions.squawk[i] == (int(entry["squawk"], 8) if "squawk" in entry else 0xFFFF)
        assert positions.nic[i] == entry.get("nic", 255)
        assert positions.nac_p[i] == entry.get("nac_p", 255)
        source = "mlat" if "lat" in entry["mlat"] else "tisb" if "lat" in entry["tisb"] else entry["type"].split("_")[0]
        assert POSITION_SOURCES[positions.source[i]] == source
    assert set(positions.verdict) == {VERDICTS.index("unverifiable")}
    assert set(positions.provenance) == {PROVENANCES.index("imported")}


def test_a_row_points_to_the_entry_it_is_of():
    entries = [{"hex": "400000"}, ENTRY, {"hex": "400001", "lat": 1.0, "lon": 2.0}]
    positions, _ = read({"now": NOW, "aircraft": entries}, segment=3)
    assert positions.parent.tolist() == [(3 << 32) + 1, (3 << 32) + 2]


@pytest.mark.parametrize(
    ("more", "source", "kind"),
    [
        ({"hex": "~a3e31a", "type": "tisb_other"}, "tisb", 1),
        ({"hex": "~a3e31a", "type": "tisb_trackfile"}, "tisb", 2),
        ({"type": "adsr_icao"}, "adsr", 0),
        ({"type": "adsc"}, "other", 0),
        ({"type": "mlat"}, "mlat", 0),
        ({"mlat": ["lat", "lon"]}, "mlat", 0),
        ({"tisb": ["lat", "lon"]}, "tisb", 0),
        ({"mlat": ["gs"]}, "adsb", 0),
        ({"uat_version": 2}, "uat", 0),
    ],
)
def test_the_source_and_the_kind_of_address_are_told_apart(more: dict[str, Any], source: str, kind: int):
    positions = one(**more)
    assert (POSITION_SOURCES[positions.source[0]], positions.address_kind[0]) == (source, kind)


def test_a_column_is_unknown_where_the_value_is_missing_or_impossible():
    positions = one(alt_baro=None, gs=-1, track="north", squawk="9999", flight="TOO LONG FOR IT", nic=12, rssi=3)
    for name in ("altitude_ft", "altitude_geom_ft", "groundspeed_kt", "track_deg", "vertical_rate_fpm", "signal_dbfs"):
        assert np.isnan(getattr(positions, name)[0])
    assert (positions.on_ground[0], positions.squawk[0], positions.callsign[0], positions.nic[0]) == (
        255, 0xFFFF, 0, 255,
    )  # fmt: skip


def test_zero_is_a_value():
    positions = one(alt_baro=0, gs=0, track=360, baro_rate=0, squawk="0000")
    assert (positions.altitude_ft[0], positions.on_ground[0], positions.groundspeed_kt[0]) == (0, 0, 0)
    assert (positions.track_deg[0], positions.vertical_rate_fpm[0], positions.squawk[0]) == (0, 0, 0)
    assert one(alt_baro="ground").on_ground[0] == 1
    assert one(lon=180).lon_deg[0] == -180.0


def test_what_is_no_position_is_counted_by_reason():
    entries = [ENTRY | more for more in ({"lat": 91}, {"hex": "xyz"}, {"seen_pos": -1}, {"lon": float("nan")})]
    positions, reader = read({"now": NOW, "aircraft": [*entries, 7]}, {"aircraft": [ENTRY]})
    assert len(positions) == 0
    assert reader.counts == {"documents": 2, "bad_position": 2, "no_address": 2, "no_time": 2}


def test_a_position_shown_again_is_one_row():
    snapshots = [{"now": NOW + k, "aircraft": [ENTRY | {"seen_pos": 1.5 + k}]} for k in range(3)]
    moved = {"now": NOW + 3, "aircraft": [ENTRY | {"lat": 35.3, "seen_pos": 0.1}]}
    positions, reader = read(*snapshots, moved)
    assert positions.lat_deg.tolist() == [35.2, 35.3]
    assert reader.counts["repeated"] == 2


def test_the_lines_of_the_json_port_have_their_own_time():
    lines = [json.dumps(ENTRY | {"now": NOW + k, "lat": 35.0 + k}).encode() + b"\n" for k in range(3)]
    positions, _ = read(*lines)
    assert positions.lat_deg.tolist() == [35.0, 36.0, 37.0]
    assert np.diff(positions.time_ns).tolist() == [1_000_000_000] * 2


def test_what_is_complete_of_a_file_cut_off_is_kept():
    document = {"now": NOW, "aircraft": [ENTRY | {"hex": f"40000{k}"} for k in range(5)]}
    text = json.dumps(document).encode()
    cut = text[: text.index(b"400003") + 30]
    positions, reader = read(cut)
    assert positions.icao.tolist() == [0x400000, 0x400001, 0x400002]
    assert 0 < reader.counts["unfinished"] < 120
    assert reader.bytes_read == len(cut)


@pytest.mark.parametrize(
    "broken", [b'{"now": 1.0, "aircraft": [{"hex": "a\n', b'{"now": 1.0, "aircraft": [{"hex": 1\n']
)
def test_a_line_cut_short_does_not_hide_the_next_one(broken: bytes):
    positions, reader = read(broken, {"now": NOW, "aircraft": [ENTRY]})
    assert len(positions) == 1
    assert reader.counts["no_json"] == 1
    assert reader.counts["skipped"] == len(broken)
