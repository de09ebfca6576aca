"""Position rows as the fold writes them, and the windows in which later receptions may still join one."""

from __future__ import annotations

import math

import numpy as np

from skywitness.kernel import kernel, scalar
from skywitness.positions.cpr import local, quantise_deg, quantise_lon
from skywitness.positions.pairing import CONFIRMED, CONSISTENT, LOCAL_FOR_NS, NO_REASON, is_reachable
from skywitness.positions.waiting import drop_waiting
from skywitness.tracks.update import FRESH_NS

__all__ = ["OPEN_AT_MOST", "ROW", "WINDOW_NS", "close_row", "fill_positions", "fill_row", "fill_waiting_rows"]

WINDOW_NS = 2_000_000_000
"""How long, in data time, later receptions of a transmission may still join its row."""

OPEN_AT_MOST = 1 << 18
"""Rows open at once; of more, the oldest close early. A clock far ahead would else stop data time and keep all open."""

ROW = np.dtype(
    [
        ("time_ns", np.int64),
        ("parent", np.int64),
        ("transmission", np.int64),
        ("closes_ns", np.int64),
        ("callsign", np.uint64),
        ("lat_deg", np.float64),
        ("lon_deg", np.float64),
        ("icao", np.uint32),
        ("altitude_ft", np.float32),
        ("altitude_geom_ft", np.float32),
        ("groundspeed_kt", np.float32),
        ("track_deg", np.float32),
        ("vertical_rate_fpm", np.float32),
        ("signal_dbfs", np.float32),
        ("squawk", np.uint16),
        ("receivers", np.uint16),
        ("address_kind", np.uint8),
        ("on_ground", np.uint8),
        ("nic", np.uint8),
        ("nac_p", np.uint8),
        ("source", np.uint8),
        ("verdict", np.uint8),
        ("reason", np.uint8),
        ("revision", np.uint8),
    ],
    align=True,
)
"""A position row, whole; `closes_ns` is the data time at which its window closes."""


@scalar
def fill_row(row, aircraft, now, reception, transmission, closes_ns, lat_deg, lon_deg, source, verdict, reason):
    """Write a row (ROW record): the place, and of the aircraft's state what is still fresh."""
    row.time_ns = now
    row.parent = reception
    row.transmission = transmission
    row.closes_ns = closes_ns
    row.lat_deg = lat_deg
    row.lon_deg = lon_deg
    row.icao = aircraft.icao
    row.address_kind = aircraft.kind
    row.callsign = aircraft.callsign
    row.squawk = aircraft.squawk
    row.altitude_ft = np.nan
    row.altitude_geom_ft = np.nan
    row.groundspeed_kt = np.nan
    row.track_deg = np.nan
    row.vertical_rate_fpm = np.nan
    if now - aircraft.velocity_ns < FRESH_NS:
        row.groundspeed_kt = aircraft.groundspeed_kt
        row.track_deg = aircraft.track_deg
    if now - aircraft.rate_ns < FRESH_NS:
        row.vertical_rate_fpm = aircraft.vertical_rate_fpm
    if now - aircraft.altitude_geom_ns < FRESH_NS:
        row.altitude_geom_ft = aircraft.altitude_geom_ft
    row.nic = 255
    row.nac_p = aircraft.nac_p
    row.source = source
    row.verdict = verdict
    row.reason = reason
    row.revision = 0
    row.receivers = 1


@scalar
def close_row(row):
    """Make the final revision of a row whose window has closed: several receivers confirm it."""
    row.revision = 1
    if row.verdict <= 2:
        row.verdict = CONFIRMED


@scalar
def fill_waiting_rows(out_rows, count, aircraft, pair, pool, pool_state, speed_kt):
    """Place an aircraft's waiting messages from its present place backwards; returns the rows there are then.

    A message that no flight from there explains stays unplaced; the chain goes on from the last one placed.
    """
    lat_deg = pair.lat_deg
    lon_deg = pair.lon_deg
    time_ns = pair.place_ns
    at = pair.waiting
    while at >= 0:
        waiting = pool[at]
        fix_lat, fix_lon = local(waiting.lat, waiting.lon, waiting.odd, waiting.surface, lat_deg, lon_deg)
        if not math.isnan(fix_lat):
            fix_lat = quantise_deg(fix_lat)
            fix_lon = quantise_lon(fix_lon)
            back_ns = waiting.time_ns - time_ns
            # After longer than that it could have flown half a zone, and the next zone would do as well.
            if abs(back_ns) <= LOCAL_FOR_NS and is_reachable(
                lat_deg, lon_deg, fix_lat, fix_lon, back_ns, speed_kt, np.nan, waiting.surface
            ):
                row = out_rows[count]
                fill_row(
                    row, aircraft, waiting.time_ns, waiting.reception, waiting.reception, 0, fix_lat, fix_lon,
                    waiting.source, CONSISTENT, NO_REASON,
                )  # fmt: skip
                row.on_ground = waiting.surface
                row.altitude_ft = waiting.altitude_ft
                row.altitude_geom_ft = np.nan
                row.groundspeed_kt = waiting.groundspeed_kt
                row.track_deg = waiting.track_deg
                row.vertical_rate_fpm = np.nan
                row.signal_dbfs = waiting.signal_dbfs
                count += 1
                lat_deg = fix_lat
                lon_deg = fix_lon
                time_ns = waiting.time_ns
        at = waiting.next
    drop_waiting(pair, pool, pool_state)
    return count


@kernel
def fill_positions(rows, kept_provenance, out):
    """Turn rows into columns, in one pass.

    rows             (n,) ROW
    kept_provenance  int    the same for all
    out              tuple of the columns of Positions, in their order, (n,) each
    """
    (
        time_ns,
        icao,
        address_kind,
        lat_deg,
        lon_deg,
        on_ground,
        altitude_ft,
        altitude_geom_ft,
        groundspeed_kt,
        track_deg,
        vertical_rate_fpm,
        callsign,
        squawk,
        nic,
        nac_p,
        source,
        receivers,
        signal_dbfs,
        verdict,
        reason,
        revision,
        provenance,
        parent,
    ) = out
    for i in range(len(rows)):
        row = rows[i]
        time_ns[i] = row.time_ns
        icao[i] = row.icao
        address_kind[i] = row.address_kind
        lat_deg[i] = row.lat_deg
        lon_deg[i] = row.lon_deg
        on_ground[i] = row.on_ground
        altitude_ft[i] = row.altitude_ft
        altitude_geom_ft[i] = row.altitude_geom_ft
        groundspeed_kt[i] = row.groundspeed_kt
        track_deg[i] = row.track_deg
        vertical_rate_fpm[i] = row.vertical_rate_fpm
        callsign[i] = row.callsign
        squawk[i] = row.squawk
        nic[i] = row.nic
        nac_p[i] = row.nac_p
        source[i] = row.source
        receivers[i] = row.receivers
        signal_dbfs[i] = row.signal_dbfs
        verdict[i] = row.verdict
        reason[i] = row.reason
        revision[i] = row.revision
        provenance[i] = kept_provenance
        parent[i] = row.parent
