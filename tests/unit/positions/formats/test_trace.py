"""readsb's traces in: real days against their own values, and the rules for what is missing or wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from skywitness.batches import Positions
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.positions.formats.trace import TraceReader


def name(packed: Any) -> str:
    return callsign_text(int(packed)) if packed else ""


def as_float(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else np.nan


def read_trace(document: dict[str, Any]) -> tuple[Positions, TraceReader]:
    reader = TraceReader(segment=1)
    return Positions.concat([reader.push(json.dumps(document).encode()), reader.flush()]), reader


def test_each_row_of_real_traces_has_its_values(data_dir: Path):
    rows = 0
    for path in sorted((data_dir / "flights" / "readsb_traces").glob("trace_full_*.json")):
        document = json.loads(path.read_bytes())
        reader = TraceReader()
        positions = reader.push(path.read_bytes())
        rows += len(positions)
        assert len(positions) == len(document["trace"])
        assert set(reader.counts) == {"documents"}
        for i, row in enumerate(document["trace"]):
            assert f"{positions.icao[i]:06x}" == document["icao"]
            assert positions.time_ns[i] == (round(document["timestamp"] * 100) + round(row[0] * 100)) * 10_000_000
            assert (positions.lat_deg[i], positions.lon_deg[i]) == (row[1], row[2])
            assert positions.on_ground[i] == (255 if row[3] is None else row[3] == "ground")
            geometric = bool(row[6] & 8)
            barometric_ft = np.nan if geometric else as_float(row[3])
            geometric_ft = as_float(row[3] if geometric and row[10] is None else row[10])
            for found, wanted in (
                (positions.altitude_ft[i], barometric_ft),
                (positions.altitude_geom_ft[i], geometric_ft),
                (positions.groundspeed_kt[i], as_float(row[4])),
                (positions.track_deg[i], as_float(row[5]) % 360),
                (positions.vertical_rate_fpm[i], as_float(row[7])),
            ):
                assert np.isclose(found, wanted, atol=0.0501, rtol=0, equal_nan=True)
            if row[8]:
                assert name(positions.callsign[i]) == row[8].get("flight", "").strip()
                assert positions.squawk[i] == int(row[8].get("squawk", "177777"), 8)
    assert rows == 2177


DAY = {"icao": "a3e31a", "timestamp": 1693353600.0}
DETAIL = {"type": "adsb_icao", "flight": "SWA4543 ", "squawk": "6621", "nic": 8, "nac_p": 10}


def test_a_callsign_holds_until_a_new_leg_or_a_silence():
    def row(seconds: float, flags: int = 0, detail: Any = None) -> list[Any]:
        return [seconds, 40.0, -110.0, 39000, 455.4, 175.5, flags, 0, detail, "adsb_icao", 40625, None, None, None]

    rows = [row(0), row(10, 0, DETAIL), row(20), row(330), row(340, 0, DETAIL), row(350, 2), row(360, 0, {"type": "x"})]
    positions, _ = read_trace(DAY | {"trace": rows})
    names = [name(value) for value in positions.callsign]
    assert names == ["", "SWA4543", "SWA4543", "", "SWA4543", "", ""]
    assert positions.squawk[1] == 0o6621
    assert positions.squawk[0] == positions.squawk[5] == 0xFFFF
    assert positions.parent.tolist() == [(1 << 32) + k for k in range(7)]


def test_a_geometric_altitude_is_no_pressure_altitude():
    positions, _ = read_trace(DAY | {"trace": [[1.0, 40.0, -110.0, 39000, None, None, 8, None]]})
    assert np.isnan(positions.altitude_ft[0])
    assert positions.altitude_geom_ft[0] == 39000
    assert positions.on_ground[0] == 0


def test_rows_that_are_no_position_are_counted_by_reason():
    rows = [
        None,
        [],
        [1],
        ["x", 1, 2, 3],
        [1e12, 1, 2, 3],
        [1, 100, 2, 3],
        [1, None, 2, 3],
        [5, 40.0, -110.0, "ground"],
    ]
    positions, reader = read_trace(DAY | {"trace": rows})
    assert len(positions) == 1
    assert positions.on_ground[0] == 1
    assert reader.counts == {"documents": 1, "bad_row": 3, "no_time": 2, "bad_position": 2}
    positions, reader = read_trace(DAY | {"icao": 5, "trace": rows[-1:]})
    assert (len(positions), reader.counts["no_address"]) == (0, 1)
