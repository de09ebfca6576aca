"""Replay files, read back with a parser written from the format's description."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from skywitness.batches import Positions
from skywitness.views.feeds.heatmap import HALF_HOUR_NS, heatmap
from tests.rows_from import BEGIN_NS, positions_from

S = 1_000_000_000
ALPHABET = "@ABCDEFGHIJKLMNOPQRSTUVWXYZ@@@@@ @@@@@@@@@@@@@@@0123456789@@@@@@"


def parse(body: bytes) -> list[dict[str, Any]]:
    """Read slices: time in ms, length, places and what was told of names; checks the index on the way."""
    assert len(body) % 16 == 0
    records = [struct.unpack_from("<Iiihh", body, at) for at in range(0, len(body), 16)]
    slices: list[dict[str, Any]] = []
    first = records[0][0]
    index = [record[0] for record in records[:first]]
    for number, (name, lat, lon, alt, gs) in enumerate(records[first:], first):
        if name == 0x0E7F7C9D:
            assert index[len(slices)] == number
            time_ms = (lat & 0xFFFFFFFF) << 32 | lon & 0xFFFFFFFF
            slices.append({"time_ms": time_ms, "length_ms": alt & 0xFFFF, "places": {}, "told": {}})
        elif lat & 1 << 30 and lat > 0:
            told = body[number * 16 + 8 : number * 16 + 16].decode("ascii")
            slices[-1]["told"][name & 0x1FFFFFF] = (f"{lat & 0xFFFF:04d}", told)
        else:
            assert name & 0x1FFFFFF not in slices[-1]["places"], "an aircraft is twice in a slice"
            height = {-123: "ground", -124: None}.get(alt, alt * 25)
            slices[-1]["places"][name & 0x1FFFFFF] = (
                lat / 1e6, lon / 1e6, height, None if gs == -1 else gs / 10, name >> 27,
            )  # fmt: skip
    assert len(slices) == len(index)
    return slices


def test_every_slice_has_the_newest_place_of_each_aircraft():
    rows = positions_from(3000, seconds=1800.0, aircraft=40)
    start = BEGIN_NS // HALF_HOUR_NS * HALF_HOUR_NS
    slices = parse(heatmap(iter([rows]), start))
    assert len(slices) == 60
    last_told: dict[int, int] = {}
    for number, part in enumerate(slices):
        assert part["time_ms"] == start // 1_000_000 + 30_000 * number
        assert part["length_ms"] == 30_000
        begin = start + 30 * S * number
        inside = np.flatnonzero((rows.time_ns >= begin) & (rows.time_ns < begin + 30 * S))
        newest: dict[int, int] = {}
        for k in inside.tolist():
            newest[int(rows.icao[k]) | (1 << 24 if rows.address_kind[k] else 0)] = k
        assert part["places"].keys() == newest.keys()
        for name, k in newest.items():
            lat, lon, height, speed, source = part["places"][name]
            assert (lat, lon) == (rows.lat_deg[k], rows.lon_deg[k])
            pressure, geometric = rows.altitude_ft[k], rows.altitude_geom_ft[k]
            feet = geometric if np.isnan(pressure) else pressure
            expected = "ground" if rows.on_ground[k] == 1 else None if np.isnan(feet) else feet
            assert height == expected
            assert speed is None if np.isnan(rows.groundspeed_kt[k]) else abs(speed - rows.groundspeed_kt[k]) < 0.06
            kind = rows.address_kind[k]
            assert source == (
                10 if kind == 2 else [[0, 2, 3, 5, 6, 0], [8, 9, 11, 5, 6, 8]][min(kind, 1)][rows.source[k]]
            )
            if name in part["told"]:
                squawk, callsign = part["told"][name]
                assert squawk == (f"{rows.squawk[k]:04o}" if rows.squawk[k] != 0xFFFF else "0000")
                bits = int(rows.callsign[k])
                letters = "".join(ALPHABET[bits >> shift & 63] for shift in range(42, -1, -6))
                assert callsign == (letters if bits else " " * 8)
                last_told[name] = number
            elif rows.callsign[k]:
                assert number - last_told[name] < 2


def test_a_half_hour_without_anything_has_empty_slices():
    slices = parse(heatmap(iter([Positions.empty()]), 0))
    assert [part["places"] for part in slices] == [{}] * 60


def test_cutting_into_minutes_changes_nothing():
    rows = positions_from(500, seconds=1800.0, aircraft=9)
    start = BEGIN_NS // HALF_HOUR_NS * HALF_HOUR_NS
    minute = (rows.time_ns - start) // (60 * S)
    parts = (rows.take(minute == k) for k in range(30))
    assert heatmap(parts, start) == heatmap(iter([rows]), start)
