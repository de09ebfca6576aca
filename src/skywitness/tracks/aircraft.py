"""The aircraft of a moment as a table: the latest value of each field, and when it was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F32, F64, I64, U8, U16, U32, U64, Batch, Positions, column
from skywitness.tracks.state import LEVEL_STEP_DB, NEVER, NO_LEVEL

__all__ = ["AircraftTable", "aircraft_key", "aircraft_table", "table_of_positions"]

Records = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class AircraftTable(Batch):
    """One aircraft per row, by address kind and address. Values have no age limit here: each has its time beside it.

    A time of -2^62 says that the value was never heard.
    """

    icao: U32 = column("24-bit address")
    address_kind: U8 = column("see ADDRESS_KINDS; part of the key")
    seen_time_ns: I64 = column("newest message", missing=NEVER)
    messages: U32 = column("messages of it since it was last new", unit="1")
    signal_dbfs: F32 = column("mean level of its last eight messages; NaN unknown")
    receiver: U16 = column("receiver of the newest message")
    best_source: U8 = column("best source that ever placed it, see POSITION_SOURCES", missing=255)

    position_time_ns: I64 = column("time of the last accepted place", missing=NEVER)
    lat_deg: F64 = column("WGS-84, north positive; NaN unknown")
    lon_deg: F64 = column("WGS-84, east positive; NaN unknown")
    position_source: U8 = column("who determined that place, see POSITION_SOURCES", missing=255)
    nic: U8 = column("navigation integrity category of that place", missing=255)
    nic_a: U8 = column("NIC supplement A, which with B tells the radii of NIC 6 apart")
    nic_b: U8 = column("NIC supplement B")
    on_ground: U8 = column("1 on the ground by its own report, 0 airborne", missing=255)

    altitude_ft: F32 = column("pressure altitude; NaN unknown")
    altitude_time_ns: I64 = column("when it was said", missing=NEVER)
    altitude_geom_ft: F32 = column("height above the WGS-84 ellipsoid; NaN unknown")
    altitude_geom_time_ns: I64 = column("when it was said", missing=NEVER)
    groundspeed_kt: F32 = column("NaN unknown")
    track_deg: F32 = column("true track over ground; NaN unknown")
    velocity_time_ns: I64 = column("when speed and track were said", missing=NEVER)
    vertical_rate_fpm: F32 = column("positive up; NaN unknown")
    vertical_source: U8 = column("of the vertical rate: 0 GNSS or inertial, 1 barometric", missing=255)
    rate_time_ns: I64 = column("when the rate was said", missing=NEVER)

    callsign: U64 = column("8 characters of 6 bits, first one in bits 47-42; 0 unknown")
    callsign_time_ns: I64 = column("when it was said", missing=NEVER)
    squawk: U16 = column("Mode A code, 0o7700 is 4032", missing=0xFFFF)
    squawk_time_ns: I64 = column("when it was said", missing=NEVER)
    emergency: U8 = column("emergency or priority state of TC 28, 0..7", missing=255)
    emergency_time_ns: I64 = column("when it was said", missing=NEVER)
    category: U8 = column("emitter category, 0xA3 for A3", missing=255)

    version: U8 = column("ADS-B version, 0..3", missing=255)
    quality_time_ns: I64 = column("when version or quality were last said", missing=NEVER)
    nic_baro: U8 = column("whether the altitude was checked against another source", missing=255)
    nac_p: U8 = column("navigation accuracy category for position", missing=255)
    nac_v: U8 = column("navigation accuracy category for velocity", missing=255)
    sil: U8 = column("source integrity level", missing=255)
    sil_type: U8 = column("0 per hour, 1 per sample", missing=255)
    gva: U8 = column("geometric vertical accuracy", missing=255)
    sda: U8 = column("system design assurance", missing=255)
    alert: U8 = column("permanent or temporary alert", missing=255)
    spi: U8 = column("special position identification", missing=255)

    ias_kt: F32 = column("indicated airspeed; NaN unknown")
    tas_kt: F32 = column("true airspeed; NaN unknown")
    mach: F32 = column("NaN unknown", unit="1")
    heading_deg: F32 = column("NaN unknown")
    heading_is_magnetic: U8 = column("1 magnetic, 0 true")
    air_time_ns: I64 = column("when airspeed or heading was last said", missing=NEVER)
    roll_deg: F32 = column("positive right wing down; NaN unknown")
    track_rate_deg_s: F32 = column("positive to the right; NaN unknown", unit="deg/s")
    turn_time_ns: I64 = column("when roll or track rate was last said", missing=NEVER)
    mcp_altitude_ft: F32 = column("altitude selected on the mode control panel; NaN unknown")
    fms_altitude_ft: F32 = column("altitude selected by the flight management system; NaN unknown")
    qnh_hpa: F32 = column("altimeter setting; NaN unknown")
    selected_heading_deg: F32 = column("NaN unknown")
    selected_time_ns: I64 = column("when one of the selected values was last said", missing=NEVER)
    modes: U8 = column("engaged: 1 autopilot, 2 VNAV, 4 altitude hold, 8 approach, 16 LNAV, 32 TCAS", missing=255)
    wind_speed_kt: F32 = column("NaN unknown")
    wind_direction_deg: F32 = column("where the wind comes from; NaN unknown")
    sat_c: F32 = column("static air temperature; NaN unknown")
    weather_time_ns: I64 = column("when wind or temperature was last said", missing=NEVER)


OF_PAIR = {"position_time_ns": "place_ns", "lat_deg": "lat_deg", "lon_deg": "lon_deg", "position_source": "source"}
"""Columns that come from the pairing of positions; the others are fields of the aircraft's state."""


def aircraft_key(icao: U32, address_kind: U8) -> I64:
    """Join address and kind into one number that sorts by kind, then address."""
    return icao.astype(np.int64) | address_kind.astype(np.int64) << 24


def aircraft_table(aircraft: Records, pairs: Records, seen_since_ns: int = NEVER + 1) -> AircraftTable:
    """Make the table of states, sorted by kind and address.

    aircraft       (n,) AIRCRAFT
    pairs          (n,) PAIR
    seen_since_ns  aircraft whose newest message is older are left out, as are slots nobody has
    """
    rows = np.flatnonzero(aircraft["seen_ns"] >= seen_since_ns)
    key = aircraft_key(aircraft["icao"][rows], aircraft["kind"][rows])
    order = np.lexsort((aircraft["seen_ns"][rows], key))
    # An aircraft that came back after it was forgotten may have left its old state in another slot.
    is_newest = np.r_[key[order][1:] != key[order][:-1], True][: len(order)]
    rows = rows[order[is_newest]]
    aircraft, pairs = records_at(aircraft, rows), records_at(pairs, rows)
    columns: dict[str, NDArray[Any]] = {}
    for name, (dtype, _) in AircraftTable.dtypes().items():
        if name == "signal_dbfs":
            columns[name] = mean_level_dbfs(aircraft["level"])
        elif name == "address_kind":
            columns[name] = np.ascontiguousarray(aircraft["kind"])
        elif name in OF_PAIR:
            columns[name] = np.ascontiguousarray(pairs[OF_PAIR[name]])
        else:
            field = name.replace("_time_ns", "_ns")
            columns[name] = np.ascontiguousarray(aircraft[field]).astype(dtype, copy=False)
    nowhere = columns["position_time_ns"] == NEVER
    columns["lat_deg"][nowhere] = np.nan
    columns["lon_deg"][nowhere] = np.nan
    return AircraftTable(**columns)


def records_at(records: Records, rows: I64) -> Records:
    """Do as `records[rows]`, eight times as fast: whole words instead of field by field."""
    size = records.dtype.itemsize
    words = records.view(np.uint8).reshape(len(records), size).view(np.int64)
    return np.take(words, rows, axis=0).reshape(-1).view(records.dtype)


def mean_level_dbfs(levels: U8) -> F32:
    """Mean of the known levels of each row, NaN where there is none.

    levels  (n, LEVELS) uint8    as `level_code` gives them
    """
    known = levels != NO_LEVEL
    total = np.where(known, levels, 0).sum(axis=1, dtype=np.int64)
    count = known.sum(axis=1, dtype=np.int64)
    mean = np.full(len(levels), np.nan)
    np.divide(total * -LEVEL_STEP_DB, count, out=mean, where=count > 0)
    return mean.astype(np.float32)


OF_POSITIONS = {
    "position_time_ns": "lat_deg",
    "altitude_time_ns": "altitude_ft",
    "altitude_geom_time_ns": "altitude_geom_ft",
    "velocity_time_ns": "groundspeed_kt",
    "rate_time_ns": "vertical_rate_fpm",
    "callsign_time_ns": "callsign",
    "squawk_time_ns": "squawk",
    "quality_time_ns": "nac_p",
}
"""Which value of a position row a time belongs to."""


def table_of_positions(positions: Positions, messages: I64 | None = None) -> AircraftTable:
    """Make the table from the newest row of each aircraft: for inputs that carry positions and no messages.

    positions  rows, any number an aircraft; contradicted ones count like the others: leave them out before
    messages   (n,) how many messages each row stands for; 1 each if not given
    """
    if messages is None:
        messages = np.ones(len(positions), np.int64)
    key = aircraft_key(positions.icao, positions.address_kind)
    order = np.lexsort((positions.parent, positions.time_ns, key))
    is_last = np.r_[key[order][1:] != key[order][:-1], True][: len(order)]
    newest = positions.take(order[is_last])
    rows = len(newest)
    blank = aircraft_table_blank(rows)
    for name in Positions.names():
        if name in blank:
            blank[name] = getattr(newest, name)
    blank["seen_time_ns"] = newest.time_ns
    blank["position_source"] = newest.source
    blank["best_source"] = newest.source
    ends = np.cumsum(messages[order])[is_last]
    blank["messages"] = np.diff(ends, prepend=0).astype(np.uint32)
    for time, of in OF_POSITIONS.items():
        values = blank[of]
        missing = AircraftTable.__dataclass_fields__[of].metadata["missing"]
        known = ~np.isnan(values) if values.dtype.kind == "f" else values != (missing if missing is not None else 0)
        blank[time] = np.where(known, newest.time_ns, NEVER)
    return AircraftTable(**blank)


def aircraft_table_blank(rows: int) -> dict[str, NDArray[Any]]:
    """Columns of which nothing is known."""
    columns: dict[str, NDArray[Any]] = {}
    for name, (dtype, _) in AircraftTable.dtypes().items():
        missing = AircraftTable.__dataclass_fields__[name].metadata["missing"]
        blank = np.nan if dtype.kind == "f" else missing if missing is not None else 0
        columns[name] = np.full(rows, blank, dtype)
    return columns
