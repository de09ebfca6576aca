"""Traces in the readsb dialect: the places of one aircraft, thinned, with the beginnings of legs marked."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F64, I64, Positions
from skywitness.identity.table import Entry
from skywitness.tracks.aircraft import AircraftTable
from skywitness.units import NS_PER_S
from skywitness.views.feeds import aircraft_json
from skywitness.views.feeds.aircraft_json import RADIUS_M, TYPES, position_types, quoted
from skywitness.views.feeds.text_rows import ABSENT, Template, TextField, scaled

__all__ = ["LEG_START", "STALE", "STEP_NS", "find_leg_starts", "identity_keys", "thinned", "trace_json"]

STEP_NS = 4 * NS_PER_S
"""A trace has at most one row in so long: a day of one aircraft is then at most 21,600 rows."""

STALE, LEG_START, GEOMETRIC_RATE, GEOMETRIC_ALTITUDE = 1, 2, 4, 8
"""Bits of a row's flags."""

STALE_NS = 20 * NS_PER_S
DETAIL_EVERY = 4

STATE_NS = 15 * NS_PER_S
"""A state this near in time belongs to a place: states are kept every ten seconds."""

MINUTE_NS = 60 * NS_PER_S
LONG_GAP_NS = 25 * MINUTE_NS
LONG_STAY_NS = 45 * MINUTE_NS
LEAST_GAP_NS = 5 * MINUTE_NS
LEAST_TURNROUND_NS = 12 * MINUTE_NS
LOW_FT = 20_000.0

OF_STATE = (
    "ias", "tas", "mach", "wd", "ws", "oat", "track", "track_rate", "roll", "mag_heading", "true_heading", "baro_rate",
    "geom_rate", "emergency", "category", "nav_qnh", "nav_altitude_mcp", "nav_altitude_fms", "nav_heading", "nav_modes",
    "version", "nic_baro", "nac_v", "sil", "sil_type", "gva", "sda", "alert", "spi",
)  # fmt: skip
"""Keys of a row's detail that the states know, in the order of aircraft.json."""

NULL = b",null"
FIELDS = {
    "seconds": TextField(b",\n[", "number", decimals=2),
    "lat": TextField(b",", "number", decimals=6),
    "lon": TextField(b",", "number", decimals=6),
    "altitude": TextField(b",", "number"),
    "no_altitude": TextField(b"", "word", words=(b',"ground"', NULL)),
    "gs": TextField(b",", "number", missing=NULL, decimals=1),
    "track": TextField(b",", "number", missing=NULL, decimals=1),
    "flags": TextField(b",", "number"),
    "rate": TextField(b",", "number", missing=NULL),
    "detail": TextField(b',{"type":', "word", missing=NULL, words=quoted(TYPES)),
    "flight": TextField(b',"flight":"', "callsign", after=b'"'),
    "squawk": TextField(b',"squawk":"', "octal", after=b'"'),
    "nic": TextField(b',"nic":', "number"),
    "rc": TextField(b',"rc":', "number"),
    "nac_p": TextField(b',"nac_p":', "number"),
    **{f"state_{name}": aircraft_json.FIELDS[name] for name in OF_STATE},
    "detail_end": TextField(b"}", "literal"),
    "type": TextField(b",", "word", words=quoted(TYPES)),
    "alt_geom": TextField(b",", "number", missing=NULL),
    "geom_rate": TextField(b",", "number", missing=NULL),
    "ias": TextField(b",", "number", missing=NULL),
    "roll": TextField(b",", "number", missing=NULL, decimals=2),
    "end": TextField(b"]", "literal"),
}
TEMPLATE = Template(tuple(FIELDS.values()))
PLACE = {name: place for place, name in enumerate(FIELDS)}


def trace_json(
    positions: Positions, name: str, start_ns: int, who: Entry | None = None, states: AircraftTable | None = None
) -> bytes:
    """Write one trace.

    positions  of one aircraft, in order of time; contradicted ones left out
    name       six hexadecimal digits, with a tilde before an address that is not of ICAO
    start_ns   what the rows' seconds count from
    who        what is known of its identity
    states     what was known of it from time to time, in order of time: motion in the air, what is selected, quality
    """
    head: dict[str, Any] = {"icao": name}
    head |= identity_keys(who) if who is not None else {"noRegData": True}
    start_ms = start_ns // 1_000_000
    head["timestamp"] = start_ms / 1000
    parts = [json.dumps(head, ensure_ascii=False).encode()[:-1], b',"trace":[']
    if len(positions):
        values = field_values(positions, start_ms * 1_000_000)
        if states is not None and len(states):
            fill_states(values, positions.time_ns, states)
        rows = TEMPLATE.write(values)
        parts += [bytes(next(rows)[1:]), *map(bytes, rows)]
    return b"".join([*parts, b"\n]}\n"])


def identity_keys(who: Entry) -> dict[str, Any]:
    """Return what is known of an aircraft under the keys of the dialect; an unknown one has no key."""
    found = {"r": who.registration, "t": who.type, "desc": who.description, "ownOp": who.operator}
    keys: dict[str, Any] = {key: text for key, text in found.items() if text}
    if who.year:
        keys["year"] = str(who.year)
    if who.flags:
        keys["dbFlags"] = who.flags
    return keys


def thinned(positions: Positions, step_ns: int = STEP_NS) -> Positions:
    """Keep the last row of each step of time; rows in order of time."""
    step = positions.time_ns // step_ns
    return positions.take(np.r_[step[1:] != step[:-1], True][: len(positions)])


def field_values(positions: Positions, start_ns: int) -> I64:
    """Return the integers that the template turns into text, (fields, rows)."""
    rows = len(positions)
    out: I64 = np.full((len(FIELDS), rows), ABSENT, np.int64)
    ground = positions.on_ground == 1
    geometric = np.isnan(positions.altitude_ft) & ~np.isnan(positions.altitude_geom_ft) & ~ground
    altitude = np.where(geometric, positions.altitude_geom_ft, positions.altitude_ft)
    leg = find_leg_starts(positions.time_ns, altitude.astype(np.float64), ground)
    silence = np.diff(positions.time_ns, prepend=positions.time_ns[0])

    out[PLACE["seconds"]] = np.maximum(0, positions.time_ns - start_ns) // 10_000_000
    scaled(positions.lat_deg, 6, out[PLACE["lat"]])
    scaled(positions.lon_deg, 6, out[PLACE["lon"]])
    scaled(np.where(ground, np.nan, altitude), 0, out[PLACE["altitude"]])
    unknown = out[PLACE["altitude"]] == ABSENT
    np.copyto(out[PLACE["no_altitude"]], np.where(ground, 0, 1), where=unknown)
    scaled(positions.groundspeed_kt, 1, out[PLACE["gs"]])
    scaled(positions.track_deg, 1, out[PLACE["track"]])
    out[PLACE["flags"]] = (
        np.where(silence > STALE_NS, STALE, 0)
        | np.where(leg, LEG_START, 0)
        | np.where(geometric, GEOMETRIC_ALTITUDE, 0)
    )
    scaled(positions.vertical_rate_fpm, 0, out[PLACE["rate"]])
    kind = position_types(positions.source, positions.address_kind)
    out[PLACE["type"]] = kind
    scaled(positions.altitude_geom_ft, 0, out[PLACE["alt_geom"]])
    out[PLACE["end"]] = 0

    detailed = (np.arange(rows) % DETAIL_EVERY == 0) | leg | (silence > LEAST_GAP_NS)
    detailed |= np.r_[True, positions.callsign[1:] != positions.callsign[:-1]][:rows]

    def detail(name: str, values: NDArray[Any], where: NDArray[np.bool_]) -> None:
        np.copyto(out[PLACE[name]], values.astype(np.int64), where=where & detailed)

    every = np.ones(rows, np.bool_)
    detail("detail", kind, every)
    detail("flight", positions.callsign, positions.callsign != 0)
    detail("squawk", positions.squawk, positions.squawk <= 0o7777)
    detail("nic", positions.nic, positions.nic < 12)
    detail("rc", RADIUS_M[positions.nic], positions.nic < 12)
    detail("nac_p", positions.nac_p, positions.nac_p < 12)
    detail("detail_end", np.zeros(rows, np.int64), every)
    return out


def fill_states(out: I64, time_ns: I64, states: AircraftTable) -> None:
    """Fill in what the state nearest in time knows, if it is near; each value has to be as new as in aircraft.json."""
    seen_ns = states.seen_time_ns
    after = np.minimum(np.searchsorted(seen_ns, time_ns), len(seen_ns) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(seen_ns[after] - time_ns) < np.abs(seen_ns[before] - time_ns), after, before)
    rows = np.flatnonzero(np.abs(seen_ns[nearest] - time_ns) <= STATE_NS)
    if not len(rows):
        return
    values = aircraft_json.field_values(states.take(nearest[rows]), time_ns[rows])
    said = {name: values[aircraft_json.PLACE[name]] for name in OF_STATE}
    for name in ("geom_rate", "ias", "roll"):
        out[PLACE[name], rows] = said[name]
    geometric = (said["geom_rate"] != ABSENT) & (said["baro_rate"] == ABSENT) & (out[PLACE["rate"], rows] != ABSENT)
    out[PLACE["flags"], rows[geometric]] |= GEOMETRIC_RATE
    detailed = out[PLACE["detail"], rows] != ABSENT
    for name in OF_STATE:
        out[PLACE[f"state_{name}"], rows] = np.where(detailed, said[name], ABSENT)


def find_leg_starts(time_ns: I64, altitude_ft: F64, ground: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the rows with which a new leg begins, as readers of the format expect it.

    A leg begins in the middle of a stay on the ground between two flights of a minute or more, or of any of 45
    minutes; after a gap of 25 minutes from ground to ground; and after a gap of 5 minutes below 20,000 ft into which
    the aircraft had come down a good way and out of which it climbs, if that took 12 minutes or more.
    """
    rows = len(time_ns)
    starts = np.zeros(rows, np.bool_)
    if rows < 2:
        return starts
    gap = np.diff(time_ns)
    starts[1:][(gap >= LONG_GAP_NS) & ground[1:] & ground[:-1]] = True
    change = np.flatnonzero(np.diff(ground.astype(np.int8)))
    edges = [0, *(change + 1).tolist(), rows]
    for first, last in zip(edges[:-1], (edge - 1 for edge in edges[1:]), strict=True):
        if ground[first] and not starts[first : last + 1].any():
            stay_ns = time_ns[last] - time_ns[first]
            between = first > 0 and last < rows - 1
            if stay_ns >= LONG_STAY_NS or (between and stay_ns >= MINUTE_NS):
                middle = (time_ns[first] + time_ns[last]) // 2
                starts[first + np.searchsorted(time_ns[first : last + 1], middle)] = True
    known = np.where(ground, 0.0, altitude_ft)
    begin = 0
    for after in (np.flatnonzero(gap >= LEAST_GAP_NS) + 1).tolist():
        if starts[after] or (ground[after] and ground[after - 1]):
            continue
        first, last = down_and_up(time_ns[begin:], known[begin:], after - begin)
        if last and not starts[begin + first : begin + last].any():
            starts[after] = True
            begin = after
    return starts


def down_and_up(time_ns: I64, altitude_ft: F64, after: int) -> tuple[int, int]:
    """Return the rows between which the aircraft may have landed, a gap before row `after` between them: before it a
    major descent, after it a major climb, together of 12 minutes or more; (0, 0) if it is not so.
    """
    before_ft, after_ft = altitude_ft[after - 1], altitude_ft[after]
    if not (before_ft < LOW_FT and after_ft < LOW_FT):
        return 0, 0
    mean_ft = np.nanmean(altitude_ft)
    major_ft = min(max(mean_ft / 3.0, 200.0), 2500.0)
    high_before = np.flatnonzero(altitude_ft[:after] >= before_ft + major_ft)
    high_after = np.flatnonzero(altitude_ft[after:] >= after_ft + major_ft)
    if not len(high_before) or not len(high_after):
        return 0, 0
    first, last = int(high_before[-1]), after + int(high_after[0])
    return (first, last) if time_ns[last] - time_ns[first] >= LEAST_TURNROUND_NS else (0, 0)
