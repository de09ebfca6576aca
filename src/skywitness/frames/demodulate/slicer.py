"""The bits of a reply, read at several sub-sample phases.

A data bit lasts 1 us; a pulse in its first half is a 1, in its second half a 0 (Annex 10 Vol. IV, 3.1.2.2.2). The
reading of a bit is the magnitude integrated over its first half minus that over its second half, the matched filter of
a rectangular pulse; a half begins anywhere within a sample, so the integral is a weighted sum of samples, and the
weights are a table by phase and bit. The receiver's filter smears a pulse into the next half, which is told apart by
the bit before: a share of the samples on the border (`leaks_of`) counts for the value of the bit before. That reads 30
more messages in the tests' recording at 2.0 MS/s (364 instead of 334), where a sample is as long as half a bit.
"""

from __future__ import annotations

import math

import numpy as np

from skywitness.batches import F32, I64
from skywitness.codes.parity import repair_bit_long, syndrome_long, syndrome_short
from skywitness.kernel import kernel, scalar

__all__ = [
    "BITS",
    "COUNTERS",
    "KNOWN_WAYS",
    "contrast_floor",
    "find_messages",
    "is_known",
    "leaks_of",
    "mark_known",
    "phase_tables",
    "refined_start",
]

BITS = 112
WIDE_SMEAR_BELOW = 2.2

LOOK_BITS = 8  # bits read at every phase before the phases are put in order
TRIES = 3  # phases read in full for one candidate
CONTRAST = 0.25  # least strength of these bits over their magnitude; noise gives 0.3 and less, smeared replies 0.3
MEND_WAIT = 3  # samples in which the same reply may yet be read without repair
WEAK_BIT = np.float32(0.5)  # a bit may be repaired only if its reading is weaker than this share of the mean

CLEAR_SAMPLES = 2  # a start is found to a sample or better, so messages never overlap with this much between them

CIVIL_FORMATS = 1 << 0 | 1 << 4 | 1 << 5 | 1 << 11 | 1 << 16 | 1 << 17 | 1 << 18 | 1 << 20 | 1 << 21
"""Downlink formats looked for. DF 24 (Comm-D) would take 8 of the 32 patterns of five bits, and is not in use."""

KNOWN_WAYS = 4

ZERO = np.uint64(0)
ONE = np.uint64(1)
TWO = np.uint64(2)
REVERSED = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)

COUNTERS = ("preambles", "accepted", "repaired", "parity", "unknown_address", "no_reply", "learned")
"""Places in the counters of `find_messages`; each preamble is counted once more, under what became of it."""

PREAMBLES, ACCEPTED, REPAIRED, PARITY, UNKNOWN_ADDRESS, NO_REPLY, LEARNED = range(len(COUNTERS))


def _overlap(low: float, high: float, sample: int) -> float:
    return max(0.0, min(high, sample + 1) - max(low, sample))


def leaks_of(samples_per_us: float) -> tuple[F32, F32]:
    """Shares of the samples on the border of two bits that count for the bit before: to look, and two to read with.

    Of simulated replies 0.07 to 0.1 reads most at any rate, and of the recording modes1 0.1 alone reads 364 messages.
    At 2.0 MS/s 0.2 is tried before, at a fifth of the speed, for one frame of the list that comes with modes1:
    5d4d20237a55a7. It differs from the 5d4d20237a55a6 sent all around it in its last bit, an interrogator's code, whose
    pulse lies between its two places; by the strength of the readings it is more likely another 5d4d20237a55a6.
    """
    wide = samples_per_us < WIDE_SMEAR_BELOW
    look, first, second = (0.1, 0.2, 0.07) if wide else (0.07, 0.07, 0.07)
    return np.array([look, look], np.float32), np.array([first, second], np.float32)


def contrast_floor(weights: F32) -> F32:
    """Least strength of the leading bits, over the magnitude of their samples, by phase (weights: `phase_tables`).

    Between two samples a reading is weaker, of a reply and of noise alike, by the root of its weights' squares summed.
    """
    spread = np.sqrt((weights[:, :LOOK_BITS].astype(np.float64) ** 2).sum(axis=2)).mean(axis=1)
    floor: F32 = (CONTRAST * spread / math.sqrt(2)).astype(np.float32)
    return floor


def phase_tables(samples_per_us: float, phases: int) -> tuple[F32, I64]:
    """Weights (phases, 112, k) of the samples in each bit's reading, and places (phases, 112) of the first of them.

    Phase q means that the preamble begins q / phases into its first sample.
    """
    half = samples_per_us / 2
    begins = [[q / phases + (8 + bit) * samples_per_us for bit in range(BITS)] for q in range(phases)]
    width = max(math.ceil(t + samples_per_us - 1e-6) - math.floor(t + 1e-6) for row in begins for t in row)
    weights = np.zeros((phases, BITS, width), np.float32)
    places = np.zeros((phases, BITS), np.int64)
    for q, row in enumerate(begins):
        for bit, t in enumerate(row):
            first = math.floor(t + 1e-6)
            x = t - first
            places[q, bit] = first
            for k in range(width):
                weights[q, bit, k] = _overlap(x, x + half, k) - _overlap(x + half, x + 2 * half, k)
    return weights, places


@scalar
def known_set(address, known):
    """First row of the address's set in the table of known addresses (known: (4 * 2^k, 2) int64)."""
    return ((address * 0x9E3779B1 >> 9 ^ address) & (len(known) // KNOWN_WAYS - 1)) * KNOWN_WAYS


@scalar
def is_known(address, now, keep, known):
    """Whether a checked frame has shown the address within `keep` samples before `now`.

    known   (4 * 2^k, 2) int64   address and sample of the last checked frame; an address of -1 is an empty place
    """
    first = known_set(address, known)
    for k in range(first, first + KNOWN_WAYS):
        if known[k, 0] == address:
            return now - known[k, 1] <= keep
    return False


@scalar
def mark_known(address, now, keep, known):
    """Remember a checked frame's address; the longest unheard of its set makes room. True if it was not known."""
    first = known_set(address, known)
    oldest = first
    for k in range(first, first + KNOWN_WAYS):
        if known[k, 0] == address:
            fresh = now - known[k, 1] > keep
            known[k, 1] = max(now, known[k, 1])
            return fresh
        if known[k, 1] < known[oldest, 1]:
            oldest = k
    known[oldest, 0] = address
    known[oldest, 1] = now
    return True


@scalar
def read_bits(magnitude, at, weights, places, leaks, phase, first, count, before, reading, border):
    """Read some bits of a frame at a phase, with either leak: two integers, the first bit lowest.

    first, count   int   the first bit, from 0, and how many, at most 56
    before         int   the bit before the first: 1 with the first leak | 2 with the second
    reading        (112,) float32   written: positive for 1
    border         (112,) float32   written: a leak's share of it is added after a 1, taken off after a 0

    A bit is 1 whatever was before if its reading is above the border's share, and follows the bit before if within it.
    So ones are made and handed on like the carries of an addition, and an addition finds them all at once: no branch on
    a bit, which no processor can foresee.
    """
    sure_1 = 0
    sure_2 = 0
    possible_1 = 0
    possible_2 = 0
    leak_1 = leaks[0]
    leak_2 = leaks[1]
    q = np.uint64(phase)  # unsigned: Numba then leaves out the test for a negative index
    for k in range(count):
        bit = np.uint64(first + k)
        o = np.uint64(at + places[q, bit])
        value = weights[q, bit, ZERO] * magnitude[o]
        value += weights[q, bit, ONE] * magnitude[o + ONE]
        value += weights[q, bit, TWO] * magnitude[o + TWO]
        for tap in range(3, weights.shape[2]):
            value += weights[q, bit, np.uint64(tap)] * magnitude[o + np.uint64(tap)]
        beside = magnitude[o] + magnitude[o - ONE]
        share_1 = leak_1 * beside
        share_2 = leak_2 * beside
        sure_1 |= int(value > share_1) << k
        sure_2 |= int(value > share_2) << k
        possible_1 |= int(value > -share_1) << k
        possible_2 |= int(value > -share_2) << k
        reading[bit] = value
        border[bit] = beside
    word_1 = ((sure_1 + possible_1 + (before & 1)) ^ sure_1 ^ possible_1) >> 1
    word_2 = ((sure_2 + possible_2 + (before >> 1)) ^ sure_2 ^ possible_2) >> 1
    return word_1, word_2


@scalar
def slice_frame(magnitude, at, weights, places, leaks, phase, rows, reading, border):
    """Read a whole frame at a phase, with either leak (rows: (2, 14) uint8); whether both gave the same."""
    before = 3
    same = True
    for half in range(2):
        word_1, word_2 = read_bits(magnitude, at, weights, places, leaks, phase, 56 * half, 56, before, reading, border)
        same = same and word_1 == word_2
        for k in range(7):
            rows[0, 7 * half + k] = REVERSED[word_1 >> 8 * k & 0xFF]
            rows[1, 7 * half + k] = REVERSED[word_2 >> 8 * k & 0xFF]
        if rows[0, 0] < 128 and rows[1, 0] < 128:
            break
        before = (word_1 >> 55 & 1) | (word_2 >> 55 & 1) << 1
    return same


@scalar
def fill_strength(row, bits, leak, reading, border, strength):
    """How sure each bit is, from its reading and the bit before it (strength: (112,) float32); returns their mean."""
    sign = leak
    total = 0.0
    for bit in range(bits):
        strength[bit] = abs(reading[bit] + sign * border[bit])
        total += strength[bit]
        sign = leak if row[bit >> 3] >> (7 - (bit & 7)) & 1 else -leak
    return total / bits


@scalar
def fill_phase_strength(magnitude, at, weights, places, look, floor, reading, border, phase_strength):
    """Sum of the leading bits' strengths by phase; 0 where they are no civil format or no clearer than noise."""
    total = np.float32(0.0)
    for k in range(at + places[0, 0], at + places[0, LOOK_BITS]):
        total += magnitude[k]
    for phase in range(len(phase_strength)):
        word, _ = read_bits(magnitude, at, weights, places, look, phase, 0, LOOK_BITS, 3, reading, border)
        phase_strength[phase] = np.float32(0.0)
        if CIVIL_FORMATS >> (int(REVERSED[word & 0xFF]) >> 3) & 1:
            clear = np.float32(0.0)
            sign = look[0]
            for bit in range(LOOK_BITS):
                clear += abs(reading[bit] + sign * border[bit])
                sign = look[0] if word >> bit & 1 else -look[0]
            if clear > total * floor[phase]:
                phase_strength[phase] = clear


@scalar
def refined_start(magnitude, at, weights, places, row, bits, samples_per_us):
    """Where the preamble truly begins, in samples from `at`.

    The bits are known now, so the whole frame is one pulse train of 64 or 120 us. Its correlation with the magnitude
    falls linearly from the true place to half a bit beside it, by a slope that follows from the bits; so the two
    highest of three neighbouring correlations tell where the peak between them is.

    at   int   the sample next to the start
    """
    half = samples_per_us / 2
    before = 0.0
    middle = 0.0
    after = 0.0
    equal = 0
    last = -1
    for bit in range(bits):
        one = int(row[bit >> 3]) >> (7 - (bit & 7)) & 1
        equal += one == last
        last = one
        j = np.uint64(bit)
        first = np.uint64(at + places[ZERO, j])
        left = 0.0
        here = 0.0
        right = 0.0
        for tap in range(weights.shape[2]):
            k = np.uint64(tap)
            weight = weights[ZERO, j, k]
            left += weight * magnitude[first + k - ONE]
            here += weight * magnitude[first + k]
            right += weight * magnitude[first + k + ONE]
        sign = 2.0 * one - 1.0
        before += sign * left
        middle += sign * here
        after += sign * right
    # Correlation of the train with itself half a bit later: each bit gives -1, each border -1 or, at a change, +1.
    beside = (-bits - equal + (bits - 1 - equal)) / (2.0 * bits)
    slope = (1.0 - beside) / half
    low = -1.0
    first_height = before
    second_height = middle
    if after > before:
        low = 0.0
        first_height = middle
        second_height = after
    total = first_height + second_height
    if total <= 0.0:
        return 0.0
    fraction = 0.5 + (second_height - first_height) / total * (2.0 - slope) / (2.0 * slope)
    fraction = min(1.0, max(0.0, fraction))
    return low + fraction


@scalar
def mean_power(magnitude, first, count):
    """Mean of the squares of some magnitudes."""
    total = 0.0
    for k in range(first, first + count):
        total += magnitude[k] * magnitude[k]
    return total / count


@kernel
def find_messages(
    magnitude, candidate, candidate_word, begin, end, base, weights, places, floor, look, leaks, samples_per_us,
    repair, keep, known, counters, reading, border, strength, rows, phase_strength,
    out_start, out_level, out_length, out_repaired, out_data,
):  # fmt: skip
    """Read the replies that begin in a block; returns how many, and the sample in which the next one may begin.

    A reply is accepted if its parity holds: DF 17, 18 and 11 by themselves, DF 11 with an interrogator's code and the
    address/parity formats if a checked frame has shown the address (Annex 10 Vol. IV, 3.1.2.3.3 and 3.1.2.5.2). An
    accepted reply is skipped, a refused one is not: a stronger reply may begin inside it.

    magnitude       (end + margin,) float32
    candidate       (m,)   uint8     marks of `fill_candidates`, m a multiple of 8
    candidate_word  (m/8,) uint64    the same memory, eight marks a word
    begin, end      int              samples of the block to look at
    base            int              number of the block's first sample since the stream began
    weights, places                  `phase_tables`
    floor           (q,)   float32   `contrast_floor`
    look, leaks     (2,)   float32   `leaks_of`: for the leading bits, and for the frame
    samples_per_us  float
    repair          int              1: try to mend one weak bit where nothing else fits
    keep            int              samples for which a checked frame vouches for its address
    known           (4 * 2^k, 2) int64    see `is_known`
    counters        (7,)   int64     see COUNTERS
    reading, border, strength        (112,) float32   scratch
    rows            (2, 14) uint8    scratch
    phase_strength  (q,)   float32   scratch
    out_start       (f,)   float64   where the preamble begins, in samples from the block's first one
    out_level       (f, 2) float64   mean power of the data bits, and the weakest bit's strength over the mean one
    out_length      (f,)   uint8     bytes
    out_repaired    (f,)   uint8     number 1..112 of the bit that was mended; 0 none
    out_data        (f, 14) uint8
    """
    phases = len(phase_strength)
    count = 0
    at = begin
    mend_at = -1
    mend_phase = 0
    mend_bit = 0
    same = True
    row = rows[0]
    bits = 0
    mend_verdict = NO_REPLY
    mend_turn = 0
    while at < end or mend_at >= 0:
        mending = mend_at >= 0 and (at >= end or at > mend_at + MEND_WAIT)
        if not mending and not candidate[at]:
            if mend_at < 0 and at & 7 == 0 and candidate_word[at >> 3] == 0:
                at += 8
            else:
                at += 1
            continue
        steps = 2 * TRIES
        phase = mend_phase
        turn = mend_turn
        verdict = NO_REPLY
        resume = at + 1
        if mending:
            steps = 1
            resume = at
            at = mend_at
        else:
            counters[PREAMBLES] += 1
            fill_phase_strength(magnitude, at, weights, places, look, floor, reading, border, phase_strength)
        for step in range(steps):
            if not mending:
                turn = step & 1
                if turn == 0:
                    phase = 0
                    for other in range(1, phases):
                        if phase_strength[other] > phase_strength[phase]:
                            phase = other
                    if phase_strength[phase] <= 0:
                        break
                    phase_strength[phase] = np.float32(0.0)
            if mending or turn == 0:
                same = slice_frame(magnitude, at, weights, places, leaks, phase, rows, reading, border)
            elif same:
                continue
            row = rows[turn]
            bits = BITS if row[0] >= 128 else 56
            if mending:
                row[(mend_bit - 1) >> 3] ^= 0x80 >> ((mend_bit - 1) & 7)
            df = int(row[0]) >> 3
            syndrome = int(syndrome_long(row)) if bits == BITS else int(syndrome_short(row))
            address = int(row[1]) << 16 | int(row[2]) << 8 | int(row[3])
            own_parity = df == 17 or df == 18 or df == 11
            good = syndrome == 0
            if df == 11 and not good:
                good = syndrome & 0xFFFF80 == 0 and is_known(address, base + at, keep, known)
            elif not own_parity:
                good = is_known(syndrome, base + at, keep, known)
            if good:
                verdict = REPAIRED if mending else ACCEPTED
                if own_parity and not mending and syndrome == 0 and address:
                    kind = int(row[0]) & 7
                    if df != 18 or kind == 0 or kind == 2 or kind == 6:
                        counters[LEARNED] += mark_known(address, base + at, keep, known)
                break
            if not own_parity:
                verdict = UNKNOWN_ADDRESS
            elif verdict == NO_REPLY:
                verdict = PARITY
            if repair and own_parity and mend_at < 0:
                bit = repair_bit_long(np.uint32(syndrome)) - (BITS - bits)
                if bit > 5:
                    mean = fill_strength(row, bits, leaks[turn], reading, border, strength)
                if bit > 5 and strength[bit - 1] < WEAK_BIT * mean:
                    row[(bit - 1) >> 3] ^= 0x80 >> ((bit - 1) & 7)
                    address = int(row[1]) << 16 | int(row[2]) << 8 | int(row[3])
                    # A changed address, or any 56-bit reply, needs the witness of an earlier checked frame.
                    if (bit > 32 and bits == BITS) or is_known(address, base + at, keep, known):
                        mend_at = at
                        mend_phase = phase
                        mend_turn = turn
                        mend_bit = bit
        counters[verdict] += 1
        if mending:
            counters[mend_verdict] -= 1
            mend_at = -1
        elif mend_at == at:
            mend_verdict = verdict
        if verdict != ACCEPTED and verdict != REPAIRED:
            at = resume
            continue
        near = at + 1 if 2 * phase > phases else at
        shift = refined_start(magnitude, near, weights, places, row, bits, samples_per_us)
        mean = fill_strength(row, bits, leaks[turn], reading, border, strength)
        weakest = strength[0]
        for bit in range(bits):
            weakest = min(weakest, strength[bit])
        out_start[count] = near + shift
        out_level[count, 0] = mean_power(magnitude, near + places[0, 0], int(bits * samples_per_us))
        out_level[count, 1] = weakest / mean
        out_length[count] = bits >> 3
        out_repaired[count] = mend_bit if mending else 0
        for k in range(14):
            out_data[count, k] = row[k] if k < bits >> 3 else 0
        count += 1
        mend_at = -1
        at = int(near + shift + (8 + bits) * samples_per_us) + CLEAR_SAMPLES
    return count, at
