"""The fold over messages: each one changes its aircraft's state, and each position message makes a row.

One pass in the order of arrival, for a place is weighed by the speed known at that moment and its row carries the
state of that moment; no later message may be seen.
"""

from __future__ import annotations

import math

import numpy as np

from skywitness.batches import UNTIMED
from skywitness.kernel import kernel, load_word8, prefetch, scalar
from skywitness.messages.mode_s.altitude import altitude_ac12_ft, altitude_ac13_ft
from skywitness.messages.mode_s.bits import field, me_of_words
from skywitness.messages.mode_s.comm_b import infer_bds, remember
from skywitness.messages.mode_s.downlink_format import REPAIRED
from skywitness.messages.mode_s.quality import navigation_integrity
from skywitness.messages.mode_s.squawk import squawk
from skywitness.positions.pairing import CONSISTENT, CONTRADICTED, place
from skywitness.positions.waiting import POOL_AT_MOST, drop_waiting, push_waiting
from skywitness.tracks.rows import OPEN_AT_MOST, WINDOW_NS, close_row, fill_row, fill_waiting_rows
from skywitness.tracks.state import CACHE_LINE, LEVELS, level_code
from skywitness.tracks.update import (
    FRESH_NS,
    greatest_speed_kt,
    take_altitude,
    take_identification,
    take_operational_status,
    take_register,
    take_surface_motion,
    take_target_state,
    take_velocity,
)

__all__ = ["REGION_NS", "close_region", "fill_tracks"]

PLACE_FOR_NS = 1_800_000_000_000
"""How long a receiver is thought to be where it was learned to be: some are aboard aircraft."""

REGION_NS = 10_000_000_000
"""Length of the windows of data time in which receivers are learned about."""

# Indices into batches.POSITION_SOURCES and TIMINGS.
ADSB, ADSR, TISB, MLAT = 0, 1, 2, 3
MLAT_RESULT = 4

AHEAD = 16  # messages between asking for a state and needing it: about the time memory takes

# Places in the `totals` array.
UNPLACED, DUPLICATES, DROPPED = 0, 1, 2


@scalar
def squitter_source(df, control, timing):
    """Who determined the position in a DF 17 or 18 message: index into POSITION_SOURCES."""
    if timing == MLAT_RESULT:
        return MLAT
    if df == 17 or control <= 1:
        return ADSB
    return ADSR if control == 6 else TISB


@scalar
def close_region(region, data_now):
    """Take what the window now closed has shown: a receiver is near the last airborne position it heard.

    region  as in `fill_tracks`; a place the operator gave (known 1) stays
    """
    place_known, place_lat, place_lon, place_ns, latest_id, latest_lat, latest_lon = region
    for r in range(len(place_known)):
        if place_known[r] != 1 and latest_id[r] >= 0:
            place_known[r] = 2
            place_lat[r] = latest_lat[r]
            place_lon[r] = latest_lon[r]
            place_ns[r] = data_now
        latest_id[r] = -1


@kernel
def fill_tracks(
    start, data, frame, message, aircraft, pairs, blank_aircraft, blank_pair, region, region_end, ring, ring_span,
    pool, pool_state, totals, out_rows, out_bds,
):  # fmt: skip
    """Take in messages; returns (first message not done for want of room in the ring, rows written).

    start     int
    data      (n, 14) uint8
    frame     tuple of columns: time_ns, data_time_ns, reception id, transmission, receiver, signal_dbfs, timing
    message   tuple of columns: status, df, typecode, icao, kind, slot, born, repaired_bit
    aircraft  (s,) AIRCRAFT
    pairs     (s,) PAIR
    region    tuple: known (r,) uint8, lat (r,) float64, lon (r,) float64, since when (r,) int64, then of the window
              that is still open: latest reception (r,) int64, its lat and lon
    region_end  (1,) int64  data time at which that window closes
    ring      (m,) ROW    rows whose window is open, m a power of two
    ring_span (2,) int64  first and one past the last open row, counted for ever
    pool      (p,) WAITING, pool_state (2,) int64   see `push_waiting`
    totals    (8,) int64  positions not placed, receptions that joined a row, messages dropped for want of room to wait
    out_rows  (k,) ROW
    out_bds   (n,) uint8
    """
    time_ns, data_time_ns, reception, transmission, receiver, signal_dbfs, timing = frame
    status, df_of, typecode, icao, kind, slot_of, born, repaired_bit = message
    place_known, place_lat, place_lon, place_ns, latest_id, latest_lat, latest_lon = region
    ring_mask = len(ring) - 1
    count = 0
    rows = len(time_ns)
    for i in range(start, rows):
        coming = max(0, int(slot_of[min(i + AHEAD, rows - 1)]))
        prefetch(aircraft, coming, 0)
        prefetch(aircraft, coming, CACHE_LINE)
        prefetch(pairs, coming, 0)
        data_now = data_time_ns[i]
        if data_now >= region_end[0]:
            close_region(region, data_now)
            region_end[0] = (data_now // REGION_NS + 1) * REGION_NS
        if count + 2 >= len(out_rows):
            return i, count
        while ring_span[0] < ring_span[1] and (
            ring[ring_span[0] & ring_mask].closes_ns <= data_now or ring_span[1] - ring_span[0] >= OPEN_AT_MOST
        ):
            closing = ring[ring_span[0] & ring_mask]
            ring_span[0] += 1
            if closing.receivers > 1:
                close_row(closing)
                out_rows[count] = closing
                count += 1
                if count + 2 >= len(out_rows):
                    return i, count
        out_bds[i] = 255
        slot = slot_of[i]
        if slot < 0 or status[i] > REPAIRED:
            continue
        now = time_ns[i]
        if now == UNTIMED:
            continue
        if ring_span[1] - ring_span[0] > ring_mask:
            return i, count
        df = df_of[i]
        tc = typecode[i]
        is_position = (df == 17 or df == 18) and 5 <= tc <= 22 and tc != 19
        craft = aircraft[slot]
        if is_position and pairs[slot].more and count + pairs[slot].waiting_count + 2 >= len(out_rows):
            return i, count
        if pool_state[0] < 0 and pool_state[1] >= len(pool) and len(pool) < POOL_AT_MOST:
            return i, count
        if born[i]:
            drop_waiting(pairs[slot], pool, pool_state)
            aircraft[slot] = blank_aircraft[0]
            pairs[slot] = blank_pair[0]
            craft.icao = icao[i]
            craft.kind = kind[i]
        if now > craft.seen_ns:
            craft.seen_ns = now
        craft.messages += 1
        craft.level[craft.level_at] = level_code(signal_dbfs[i])
        craft.level_at = (craft.level_at + 1) & (LEVELS - 1)
        craft.receiver = receiver[i]
        if transmission[i] != reception[i]:
            totals[DUPLICATES] += 1
            if is_position:
                for k in range(8):
                    at = craft.open_rows[k]
                    if at < ring_span[0]:
                        continue
                    joined = ring[at & ring_mask]
                    # A row before it may hold an ended one in the ring, by the chance of who shares the state.
                    if joined.transmission == transmission[i] and joined.closes_ns > data_now:
                        joined.receivers = min(joined.receivers + 1, 0xFFFF)
                        break
            continue
        head = load_word8(data, i, 0)
        tail = load_word8(data, i, 6)
        if repaired_bit[i]:
            bit = int(repaired_bit[i])
            if bit <= 64:
                head ^= 1 << (64 - bit)
            if bit > 48:
                tail ^= 1 << (112 - bit)
        if df == 17 or df == 18:
            me = me_of_words(head, tail)
            if is_position:
                surface = 1 if tc <= 8 else 0
                source = squitter_source(df, head >> 56 & 7, timing[i])
                altitude = np.nan
                if surface:
                    take_surface_motion(craft, me, now)
                elif tc <= 18:
                    altitude = altitude_ac12_ft(field(me, 9, 20))
                    if not take_altitude(craft, altitude, now, 3):
                        altitude = np.nan
                elif field(me, 9, 20):
                    craft.altitude_geom_ft = altitude_ac12_ft(field(me, 9, 20))
                    craft.altitude_geom_ns = now
                if not surface:
                    craft.on_ground = 0
                by = receiver[i]
                pair = pairs[slot]
                speed_kt = greatest_speed_kt(craft, now, surface)
                fix_lat, fix_lon, verdict, reason = place(
                    pair,
                    now,
                    field(me, 22, 22),
                    field(me, 23, 39),
                    field(me, 40, 56),
                    surface,
                    source,
                    speed_kt,
                    craft.groundspeed_kt if now - craft.velocity_ns < 2 * FRESH_NS else np.nan,
                    craft.track_deg if now - craft.velocity_ns < FRESH_NS else np.nan,
                    place_lat[by] if place_known[by] and data_now - place_ns[by] < PLACE_FOR_NS else np.nan,
                    place_lon[by],
                    place_known[by] == 1 and source != MLAT,
                )
                if math.isnan(fix_lat):
                    totals[UNPLACED] += 1
                    at = push_waiting(pair, pool, pool_state)
                    if at < 0:
                        totals[DROPPED] += 1
                        continue
                    waiting = pool[at]
                    waiting.time_ns = now
                    waiting.reception = reception[i]
                    waiting.lat = field(me, 23, 39)
                    waiting.lon = field(me, 40, 56)
                    waiting.odd = field(me, 22, 22)
                    waiting.surface = surface
                    waiting.source = source
                    waiting.typecode = tc
                    waiting.altitude_ft = altitude
                    waiting.signal_dbfs = signal_dbfs[i]
                    waiting.groundspeed_kt = craft.groundspeed_kt
                    waiting.track_deg = craft.track_deg
                    continue
                out = out_rows[count]
                # Data time may be behind this message until a receiver seldom heard is heard with it.
                closes_ns = max(now, data_now) + WINDOW_NS
                fill_row(
                    out, craft, now, reception[i], transmission[i], closes_ns, fix_lat, fix_lon, source, verdict, reason
                )
                out.on_ground = surface
                out.altitude_ft = altitude
                out.signal_dbfs = signal_dbfs[i]
                if not surface:
                    craft.nic_b = field(me, 8, 8)
                nic = navigation_integrity(tc, craft.nic_a, craft.nic_b, craft.nic_c, craft.version)
                craft.nic = nic
                out.nic = nic
                if now - craft.geom_minus_baro_ns < FRESH_NS and not math.isnan(altitude):
                    out.altitude_geom_ft = altitude + craft.geom_minus_baro_ft
                    craft.altitude_geom_ft = out.altitude_geom_ft
                    craft.altitude_geom_ns = now
                if verdict != CONTRADICTED:
                    craft.place_speed_kt = craft.groundspeed_kt
                    if source < craft.best_source:
                        craft.best_source = source
                    if not surface and verdict <= 1:
                        latest_id[by] = reception[i]
                        latest_lat[by] = fix_lat
                        latest_lon[by] = fix_lon
                if len(place_known) > 1:
                    ring[ring_span[1] & ring_mask] = out
                    craft.open_rows[craft.open_at] = ring_span[1]
                    ring_span[1] += 1
                    craft.open_at = (craft.open_at + 1) & 7
                count += 1
                if pair.more and pair.waiting >= 0 and verdict == CONSISTENT:
                    count = fill_waiting_rows(out_rows, count, craft, pair, pool, pool_state, speed_kt)
            elif tc == 19:
                take_velocity(craft, me, now)
            elif 1 <= tc <= 4:
                take_identification(craft, me, now)
            elif tc == 31:
                take_operational_status(craft, me, now)
            elif tc == 29:
                take_target_state(craft, me, now)
            elif tc == 28 and field(me, 6, 8) == 1:
                craft.emergency = field(me, 9, 11)
                craft.emergency_ns = now
                craft.squawk = squawk(field(me, 12, 24))
                craft.squawk_ns = now
        elif df != 11 and df != 24:
            if df == 5 or df == 21:
                craft.squawk = squawk(head >> 32 & 0x1FFF)
                craft.squawk_ns = now
            else:
                take_altitude(craft, altitude_ac13_ft(head >> 32 & 0x1FFF), now, 1)
            if df >= 20:
                mb = me_of_words(head, tail)
                pair = pairs[slot]
                moving = now - craft.velocity_ns < FRESH_NS
                placed = now - pair.place_ns < FRESH_NS
                bds = infer_bds(
                    mb,
                    craft.altitude_ft if now - craft.altitude_ns < FRESH_NS else np.nan,
                    craft.groundspeed_kt if moving else np.nan,
                    craft.track_deg if moving else np.nan,
                    craft.vertical_rate_fpm if now - craft.rate_ns < FRESH_NS else np.nan,
                    pair.lat_deg if placed else np.nan,
                    pair.lon_deg if placed else np.nan,
                    craft.register_memory,
                )
                out_bds[i] = bds
                if bds:
                    craft.register_memory = remember(craft.register_memory, mb, bds)
                    take_register(craft, bds, mb, now)
    return rows, count
