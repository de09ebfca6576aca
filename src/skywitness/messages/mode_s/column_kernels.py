"""The loops behind `columns`: which layout a row has, and the values of one field in all the rows that have it.

The field tables are built by `column_plan`; here is only what has to be fast. Rows are sorted by layout first, so that
the parameters of a field are constants of its loop.
"""

from __future__ import annotations

import math

import numpy as np

from skywitness.codes.parity import syndrome_short
from skywitness.kernel import kernel, scalar
from skywitness.messages.mode_s.altitude import altitude_ac12_ft, altitude_ac13_ft
from skywitness.messages.mode_s.bits import message_field, word
from skywitness.messages.mode_s.comm_b import infer_bds
from skywitness.messages.mode_s.extended_squitter import squitter_index
from skywitness.messages.mode_s.movement import surface_movement_kt
from skywitness.messages.mode_s.squawk import squawk
from skywitness.messages.mode_s.velocity import airspeed_kt, groundspeed_kt, is_true_airspeed, track_deg

__all__ = ["KINDS", "PARAMETERS", "STORES", "fill_fields", "fill_groups", "fill_registers"]

STORES = ("float32", "int32", "uint8", "int64")
"""Where the values of a column are kept; index in the parameter `store`."""

FLOAT, INT, BYTE, LONG = 0, 1, 2, 3

KINDS = (
    "number",
    "altitude_ac12",
    "altitude_ac13",
    "squawk",
    "movement",
    "sign_magnitude",
    "groundspeed",
    "track",
    "indicated_airspeed",
    "true_airspeed",
    "lookup",
)
"""Readers, by the parameter `kind`; `number` reads all that scale and offset can say."""

NUMBER, AC12, AC13, SQUAWK, MOVEMENT, SIGN_MAGNITUDE, GROUNDSPEED, TRACK, INDICATED, TRUE, LOOKUP = range(11)

PARAMETERS = (
    "source",  # 0 bits 1-32 of the frame, 1 the 56-bit message
    "shift",
    "mask",
    "kind",
    "sign",  # the sign bit of two's complement, 0 none
    "missing",  # raw value, -1 none
    "status",  # shift of the status bit, -1 none
    "scale",
    "offset",
    "column",
    "store",
    "table",  # where its values begin in the lookup table
)
"""Columns of the field table: int64."""

P_SOURCE, P_SHIFT, P_MASK, P_KIND, P_SIGN, P_MISSING, P_STATUS, P_SCALE, P_OFFSET, P_COLUMN, P_STORE, P_TABLE = range(
    12
)


@kernel
def fill_groups(
    data, status, df, bds, repaired_bit, register_group, format_group, coordination, out_words, out_group, out_start,
    out_order,
):  # fmt: skip
    """Bits and layouts of each row, and the rows in order of their layouts.

    data            (n, 14) uint8
    status, df, bds, repaired_bit  (n,) uint8   columns of Messages
    register_group  (256,) int64   group of each Comm-B register, -1 none
    format_group    (32,) int64    group of each downlink format, -1 none; format groups are the highest
    coordination    int            group of an ACAS coordination reply
    out_words       (2, n) int64   bits 1-32; the message's 56 bits (of DF 11: the parity's remainder)
    out_group       (2, n) int16   groups of frame and message, -1 none
    out_start       (g + 1,) int64   where each group begins in out_order; zeros when called
    out_order       (2n,) int32    rows by group
    """
    n = len(df)
    groups = len(out_start) - 1
    for i in range(n):
        frame_group = -1
        message_group = -1
        if status[i] <= 1:
            row = data[i]
            head = np.int64(word(row, 0, 4))
            me = np.int64(0)
            d = int(df[i])
            if d >= 16:
                me = np.int64(message_field(row))
            elif d == 11:
                me = np.int64(syndrome_short(row))
            bit = int(repaired_bit[i])
            if bit:
                if bit <= 32:
                    head ^= 1 << (32 - bit)
                elif bit <= 88 and d >= 16:
                    me ^= 1 << (88 - bit)
                if d == 11:
                    me = np.int64(0)
            out_words[0, i] = head
            out_words[1, i] = me
            frame_group = format_group[d & 31]
            if d == 17 or d == 18:
                message_group = squitter_index(d, head >> 24 & 7, me)
            elif d == 20 or d == 21:
                register = int(bds[i])
                message_group = register_group[register]
                if message_group < 0 and 0 < register < 16:
                    message_group = squitter_index(17, 0, me)
            elif d == 16 and me >> 48 == 0x30:
                message_group = coordination
            if frame_group >= 0:
                out_start[frame_group + 1] += 1
            if message_group >= 0:
                out_start[message_group + 1] += 1
        out_group[0, i] = frame_group
        out_group[1, i] = message_group
    for g in range(groups):
        out_start[g + 1] += out_start[g]
    for i in range(n):
        for k in range(2):
            g = out_group[k, i]
            if g >= 0:
                out_order[out_start[g]] = i
                out_start[g] += 1
    for g in range(groups, 0, -1):
        out_start[g] = out_start[g - 1]
    out_start[0] = 0


@scalar
def read_special(kind, raw, parameters, lookup):
    """Value of the kinds that scale and offset cannot say, as float64; NaN for none."""
    if kind == AC13:
        return altitude_ac13_ft(raw)
    if kind == AC12:
        return altitude_ac12_ft(raw)
    if kind == SQUAWK:
        return float(squawk(raw))
    if kind == MOVEMENT:
        return surface_movement_kt(raw)
    if kind == SIGN_MAGNITUDE:
        half = (parameters[P_MASK] + 1) >> 1
        magnitude = raw & (half - 1)
        if magnitude == 0:
            return math.nan
        value = (magnitude - 1) * parameters[P_SCALE]
        return float(-value if raw & half else value)
    if kind == GROUNDSPEED:
        return groundspeed_kt(raw)
    if kind == TRACK:
        return track_deg(raw)
    if kind == INDICATED:
        return math.nan if is_true_airspeed(raw) else airspeed_kt(raw)
    if kind == TRUE:
        return airspeed_kt(raw) if is_true_airspeed(raw) else math.nan
    value = int(lookup[parameters[P_TABLE] + raw])
    return float(value) if value >= 0 else math.nan


@kernel
def fill_fields(
    order, start, first_field, parameters, scales, lookup, words, place, out_float, out_int, out_byte, out_long,
    out_known,
):  # fmt: skip
    """Values of all fields of all rows.

    order        (2n,) int32      rows by group, from `fill_groups`
    start        (g + 1,) int64
    first_field  (g + 1,) int64   fields of each group in the table
    parameters   (f, 12) int64    see PARAMETERS
    scales       (f, 2) float64   scale and offset of the fields kept as floats
    lookup       (t,) int16
    words        (2, n) int64
    place        (c,) int64       row of each column in the array of its store; -1 not wanted
    out_float    (kf, n) float32
    out_int      (ki, n) int32
    out_byte     (kb, n) uint8
    out_long     (kl, n) int64
    out_known    (c, n / 8) uint8  one bit for each row that has a value; zeros when called

    Groups are done in order and a later one overwrites: the frame's own altitude wins over a register's.
    """
    for g in range(len(start) - 1):
        begin = start[g]
        end = start[g + 1]
        if begin == end:
            continue
        for f in range(first_field[g], first_field[g + 1]):
            p = parameters[f]
            column = p[P_COLUMN]
            at = place[column]
            if at < 0:
                continue
            known = out_known[column]
            word_of = words[p[P_SOURCE]]
            shift = p[P_SHIFT]
            mask = p[P_MASK]
            kind = p[P_KIND]
            sign = p[P_SIGN]
            missing = p[P_MISSING]
            status = p[P_STATUS]
            store = p[P_STORE]
            if kind == NUMBER and store == FLOAT:
                floats = out_float[at]
                scale = scales[f, 0]
                offset = scales[f, 1]
                for k in range(begin, end):
                    i = order[k]
                    bits = word_of[i]
                    raw = bits >> shift & mask
                    if raw != missing and (status < 0 or bits >> status & 1):
                        floats[i] = (raw - ((raw & sign) << 1)) * scale + offset
                        known[i >> 3] |= 1 << (i & 7)
            elif kind == NUMBER and store == INT:
                ints = out_int[at]
                step = p[P_SCALE]
                zero = p[P_OFFSET]
                for k in range(begin, end):
                    i = order[k]
                    bits = word_of[i]
                    raw = bits >> shift & mask
                    if raw != missing and (status < 0 or bits >> status & 1):
                        ints[i] = (raw - ((raw & sign) << 1)) * step + zero
                        known[i >> 3] |= 1 << (i & 7)
            elif kind == NUMBER and store == BYTE:
                octets = out_byte[at]
                for k in range(begin, end):
                    i = order[k]
                    bits = word_of[i]
                    raw = bits >> shift & mask
                    if raw != missing and (status < 0 or bits >> status & 1):
                        octets[i] = raw
                        known[i >> 3] |= 1 << (i & 7)
            elif kind == NUMBER:
                longs = out_long[at]
                for k in range(begin, end):
                    i = order[k]
                    bits = word_of[i]
                    raw = bits >> shift & mask
                    if status < 0 or bits >> status & 1:
                        longs[i] = raw
                        known[i >> 3] |= 1 << (i & 7)
            else:
                for k in range(begin, end):
                    i = order[k]
                    bits = word_of[i]
                    value = read_special(kind, bits >> shift & mask, p, lookup)
                    if not math.isnan(value):
                        known[i >> 3] |= 1 << (i & 7)
                        if store == FLOAT:
                            out_float[at, i] = value
                        elif store == INT:
                            out_int[at, i] = int(value)
                        else:
                            out_byte[at, i] = int(value)


@kernel
def fill_registers(data, status, df, unknown, out_bds):
    """Register of each Comm-B reply as far as the reply alone tells, for frames without a pipeline behind them.

    data        (n, 14) uint8
    status, df  (n,) uint8
    unknown     float64        NaN: what is not known of the aircraft
    out_bds     (n,) uint8     0 where no register fits for certain
    """
    for i in range(len(df)):
        out_bds[i] = 0
        if status[i] <= 1 and (df[i] == 20 or df[i] == 21):
            altitude = unknown
            if df[i] == 20:
                altitude = altitude_ac13_ft(np.int64(word(data[i], 0, 4)) & 0x1FFF)
            me = np.int64(message_field(data[i]))
            out_bds[i] = infer_bds(me, altitude, unknown, unknown, unknown, unknown, unknown, 0)
