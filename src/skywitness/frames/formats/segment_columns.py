"""The columns of a block of receptions, row by row: what `segment_blocks` lays out, computed in one pass."""

from __future__ import annotations

import numpy as np

from skywitness.batches import TIMINGS
from skywitness.kernel import kernel

__all__ = ["NO_SIGNAL", "SIGNAL_QUANTA", "fill_frame_bytes", "fill_steps"]

COUNTER_12MHZ = TIMINGS.index("counter_12mhz")
GPS_NS = TIMINGS.index("gps_ns")
NO_SIGNAL = -32768
SIGNAL_QUANTA = 100.0
"""Steps of one dB."""
QUANTA = np.float32(SIGNAL_QUANTA)
MOST = np.float32(32767)


@kernel
def fill_steps(place, ticks, time_ns, timing, signal_dbfs, next_at, out_ticked, out_timed, out_signal):
    """Counter, time and level of each row as steps from its receiver's row before, in the order of the receivers.

    place       (n,)  uint16   the receiver's place among those of the block
    ticks       (n,)  int64    counter
    time_ns     (n,)  int64    time
    timing      (n,)  uint8    see TIMINGS: how far the time should move with the counter
    signal_dbfs (n,)  float32  level
    next_at     (m,)  int64    where each receiver's rows begin; moved to where they end
    out_ticked  (n,)  uint64   step of the counter, small for either sign; 0 in a receiver's first row
    out_timed   (n,)  uint64   step of the time less what the counter foretold; 0 in a receiver's first row
    out_signal  (n,)  int16    level in 0.01 dB, NO_SIGNAL if unknown, held at +-327.67 dB
    """
    begins = next_at.copy()
    rows = np.empty(len(next_at), np.int64)
    for i in range(len(place)):
        mine = place[i]
        at = next_at[mine]
        next_at[mine] = at + 1
        ticked = timed = 0
        if at != begins[mine]:
            before = rows[mine]
            ticked = ticks[i] - ticks[before]
            timed = time_ns[i] - time_ns[before]
            if timing[i] == COUNTER_12MHZ:
                timed -= ticked * 250 // 3
            elif timing[i] == GPS_NS:
                timed -= ticked
        rows[mine] = i
        out_ticked[at] = np.uint64(ticked << 1 ^ ticked >> 63)
        out_timed[at] = np.uint64(timed << 1 ^ timed >> 63)
        step = np.rint(signal_dbfs[i] * QUANTA)
        if np.isnan(step):
            out_signal[at] = NO_SIGNAL
        else:
            out_signal[at] = np.int16(min(max(step, -MOST), MOST))


@kernel
def fill_frame_bytes(data, length, syndromes, next_at, out):
    """Frames, those of each length together, without what pads them; their last three bytes less the parity.

    data       (n, 14)   uint8   frames
    length     (n,)      uint8   their bytes, at most 14
    syndromes  (14, 256) uint32  parity of each byte at each place
    next_at    (15,)     int64   where the frames of each length begin; moved to where they end
    out        (bytes,)  uint8   written in full
    """
    for i in range(len(length)):
        wide = int(length[i])
        at = next_at[wide]
        next_at[wide] = at + wide
        if wide == 14:
            parity = 0
            for k in range(11):
                octet = data[i, k]
                out[at + k] = octet
                parity ^= syndromes[k, octet]
        elif wide == 7:
            parity = 0
            for k in range(4):
                octet = data[i, k]
                out[at + k] = octet
                parity ^= syndromes[k + 7, octet]
        else:
            for k in range(wide):
                out[at + k] = data[i, k]
            continue
        out[at + wide - 3] = data[i, wide - 3] ^ np.uint8(parity >> 16 & 0xFF)
        out[at + wide - 2] = data[i, wide - 2] ^ np.uint8(parity >> 8 & 0xFF)
        out[at + wide - 1] = data[i, wide - 1] ^ np.uint8(parity & 0xFF)
