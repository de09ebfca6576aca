"""Half hours of everything, for replay: the records of 16 bytes that pages of this field load."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skywitness.batches import I64, Positions
from skywitness.messages.mode_s.pack import CHARACTERS
from skywitness.tracks.aircraft import aircraft_key
from skywitness.units import NS_PER_S
from skywitness.views.feeds.aircraft_json import TYPES, position_types

__all__ = ["HALF_HOUR_NS", "RECORD", "SLICE_NS", "heatmap"]

HALF_HOUR_NS = 1800 * NS_PER_S
SLICE_NS = 30 * NS_PER_S
SLICES = HALF_HOUR_NS // SLICE_NS
INFO_EVERY = 2
"""Callsign and squawk are repeated after two slices: a page that joins knows only what it has read since."""

RECORD = np.dtype([("hex", "<u4"), ("lat", "<i4"), ("lon", "<i4"), ("alt", "<i2"), ("gs", "<i2")])
SLICE_MARK = 0x0E7F7C9D
INFO_BIT = 1 << 30
ON_GROUND, NO_ALTITUDE, NO_SPEED = -123, -124, -1
ALTITUDE_STEP_FT = 25.0
OTHER_ADDRESS_BIT = 24
SOURCE_BITS = 27
SOURCE_CODES = {"adsb_icao": 0, "adsb_icao_nt": 1, "adsr_icao": 2, "tisb_icao": 3, "adsc": 4, "mlat": 5, "other": 6,
                "mode_s": 7, "adsb_other": 8, "adsr_other": 9, "tisb_trackfile": 10, "tisb_other": 11,
                "unknown": 15}  # fmt: skip
CODE_OF_TYPE: I64 = np.array([SOURCE_CODES[name] for name in TYPES])
LETTERS = np.frombuffer(CHARACTERS.replace("#", "@").encode("ascii"), np.uint8)


def heatmap(minutes: Iterator[Positions], start_ns: int) -> bytes:
    """Write one half hour, uncompressed.

    minutes   batches of accepted rows in order of time, so that memory holds one of them at a time; no slice of 30 s
              may be cut by the end of a batch
    start_ns  beginning of the half hour
    """
    slices: dict[int, np.ndarray[tuple[int], np.dtype[np.void]]] = {}
    told: dict[int, tuple[int, int]] = {}
    for batch in minutes:
        number = (batch.time_ns - start_ns) // SLICE_NS
        for k in np.unique(number[(number >= 0) & (number < SLICES)]).tolist():
            slices[k] = slice_records(newest_of_each(batch.take(number == k)), k, told)
    nothing = np.zeros(0, RECORD)
    parts = []
    index = np.zeros(SLICES, RECORD)
    at = SLICES
    for k in range(SLICES):
        index["hex"][k] = at
        rows = slices.get(k, nothing)
        parts += [slice_header(start_ns + k * SLICE_NS), rows]
        at += 1 + len(rows)
    return b"".join(part.tobytes() for part in (index, *parts))


def newest_of_each(positions: Positions) -> Positions:
    """Keep the newest row of each aircraft."""
    key = aircraft_key(positions.icao, positions.address_kind != 0)
    order = np.lexsort((positions.parent, positions.time_ns, key))
    return positions.take(order[np.r_[key[order][1:] != key[order][:-1], True][: len(order)]])


def slice_header(time_ns: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Record that begins a slice: its mark, its time in milliseconds in two halves, its length."""
    time_ms = time_ns // 1_000_000
    length = np.array([SLICE_NS // 1_000_000], np.uint16).view(np.int16)[0]
    halves = np.array([time_ms >> 32, time_ms & 0xFFFFFFFF], np.uint32).view(np.int32)
    return np.array([(SLICE_MARK, halves[0], halves[1], length, 0)], RECORD)


def slice_records(
    positions: Positions, number: int, told: dict[int, tuple[int, int]]
) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Records of one slice: before an aircraft's place its callsign and squawk, if it is their turn or they are new.

    number  of the slice
    told    what was last said of each aircraft, and in which slice, by its name in the file
    """
    rows = len(positions)
    kind = CODE_OF_TYPE[position_types(positions.source, positions.address_kind)]
    name = positions.icao.astype(np.int64) | (positions.address_kind != 0).astype(np.int64) << OTHER_ADDRESS_BIT
    squawk = np.where(positions.squawk <= 0o7777, positions.squawk, 0).astype(np.int64)
    digits = sum((squawk >> 3 * k & 7) * 10**k for k in range(4))
    said = (positions.callsign.astype(np.int64) << 12 | squawk).tolist()
    tell = (positions.callsign != 0) | (positions.squawk <= 0o7777)
    for row, aircraft in enumerate(name.tolist()):
        before, when = told.get(aircraft, (0, -INFO_EVERY))
        if before == said[row] and number - when < INFO_EVERY:
            tell[row] = False
        elif tell[row]:
            told[aircraft] = said[row], number

    out = np.zeros(rows + int(tell.sum()), RECORD)
    place = np.arange(rows) + np.cumsum(tell)
    info = place[tell] - 1
    full_name = (name | kind << SOURCE_BITS).astype(np.uint32)
    out["hex"][info] = full_name[tell]
    out["lat"][info] = INFO_BIT | np.asarray(digits)[tell]
    letters = np.zeros((rows, 8), np.uint8)
    for k in range(8):
        letters[:, k] = LETTERS[positions.callsign >> np.uint64(42 - 6 * k) & np.uint64(63)]
    letters[positions.callsign == 0] = ord(" ")
    out.view(np.uint8).reshape(-1, RECORD.itemsize)[info, 8:16] = letters[tell]

    ground = positions.on_ground == 1
    altitude = np.where(np.isnan(positions.altitude_ft), positions.altitude_geom_ft, positions.altitude_ft)
    steps = np.rint(np.nan_to_num(altitude.astype(np.float64)) / ALTITUDE_STEP_FT)
    steps = np.where(np.isnan(altitude), NO_ALTITUDE, np.clip(steps, -120, 32_767))
    speed = np.rint(np.nan_to_num(positions.groundspeed_kt.astype(np.float64)) * 10)
    out["hex"][place] = full_name
    out["lat"][place] = np.rint(positions.lat_deg * 1e6)
    out["lon"][place] = np.rint(positions.lon_deg * 1e6)
    out["alt"][place] = np.where(ground, ON_GROUND, steps)
    out["gs"][place] = np.where(np.isnan(positions.groundspeed_kt), NO_SPEED, np.clip(speed, 0, 32_767))
    return out
