"""First reading of a frame: format, parity, address; nothing here remembers anything.

What needs a memory, whether an address is known, is decided by `address_table`.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import U8
from skywitness.codes.parity import SYNDROMES, repair_bit_long, syndrome_long, syndrome_short
from skywitness.kernel import kernel, scalar

__all__ = [
    "ACCEPTED",
    "ALL_ZERO",
    "ANONYMOUS",
    "ICAO",
    "MILITARY_FORMAT",
    "MODE_AC",
    "NO_ADDRESS",
    "PARITY",
    "REPAIRED",
    "TISB_TRACK_FILE",
    "UNKNOWN_ADDRESS",
    "UNSUPPORTED_FORMAT",
    "fill_envelope",
    "squitter_address_kind",
]

# Indices into batches.STATUSES.
ACCEPTED = 0
REPAIRED = 1
MODE_AC = 2
PARITY = 3
UNKNOWN_ADDRESS = 4
ALL_ZERO = 5
UNSUPPORTED_FORMAT = 6
MILITARY_FORMAT = 7

# Indices into batches.ADDRESS_KINDS.
ICAO = 0
ANONYMOUS = 1
TISB_TRACK_FILE = 2

NO_ADDRESS = 0xFFFFFFFF
INTERROGATOR_BITS = 0x7F  # DF 11: the parity is overlaid with the interrogator's code, Annex 10 Vol. IV 3.1.2.3.3.2


@scalar
def squitter_address_kind(row):
    """Kind of the address in the AA field of DF 18, by its control field.

    row     (14,) uint8   a DF 18 frame
    return  index into ADDRESS_KINDS; -1 if the message names no aircraft (CF 4, management, and CF 7, reserved)
    source  RTCA DO-260B 2.2.3.2.1.5 (CF) and 2.2.17.3.1.3 (IMF)
    """
    cf = int(row[0]) & 7
    if cf == 0:
        return ICAO
    if cf == 1:
        return ANONYMOUS
    if cf == 4 or cf == 7:
        return -1
    if cf == 5:
        return ANONYMOUS
    # CF 2, 3 and 6 carry the ICAO/Mode A flag in the message itself, where the message has room for one.
    typecode = int(row[4]) >> 3
    imf = 0
    if cf == 3:
        imf = int(row[4]) >> 7
    elif 9 <= typecode <= 18 or 20 <= typecode <= 22:
        imf = int(row[4]) & 1
    elif 5 <= typecode <= 8:
        imf = int(row[6]) >> 3 & 1
    elif typecode == 19:
        imf = int(row[5]) >> 7
    elif typecode == 29:
        imf = int(row[10]) >> 5 & 1
    elif typecode == 31:
        imf = int(row[10]) & 1
    if imf == 0:
        return ICAO
    if cf == 6:
        return ANONYMOUS
    return TISB_TRACK_FILE


def _make_classes() -> U8:
    """Class of each downlink format for a frame of 7 bytes (first row) and of 14 bytes (second row)."""
    classes = np.full((2, 32), UNSUPPORTED, np.uint8)
    classes[0, [0, 4, 5]] = ADDRESS_PARITY
    classes[0, 11] = ALL_CALL
    classes[1, [16, 20, 21, *range(24, 32)]] = ADDRESS_PARITY
    classes[1, 17] = SQUITTER
    classes[1, 18] = RELAYED
    classes[1, [19, 22]] = MILITARY
    return classes


UNSUPPORTED, ADDRESS_PARITY, ALL_CALL, SQUITTER, RELAYED, MILITARY = range(6)
CLASSES = _make_classes()

BIT_2, BIT_3, BIT_4, BIT_5 = (int(SYNDROMES[0, 0x80 >> bit]) for bit in (1, 2, 3, 4))
"""Remainders that one wrong bit among the five of the format leaves."""


@scalar
def is_format_damage(remainder):
    """Say whether the remainder is that of one wrong bit among the five of the format (bit 1 makes a short format)."""
    return (remainder == BIT_2) | (remainder == BIT_3) | (remainder == BIT_4) | (remainder == BIT_5)


@scalar
def repaired_squitter_bit(row, syndrome):
    """Number of the one wrong bit of what was sent as DF 17 or 18; 0 if it is no such frame.

    A wrong bit among the first five turns DF 17 into 1, 16, 19, 21 or 25; otherwise the format must be 17 or 18.
    """
    bit = repair_bit_long(syndrome)
    df = int(row[0]) >> 3
    if 1 <= bit <= 5:
        return bit if df ^ 16 >> (bit - 1) == 17 else 0
    return bit if df == 17 or df == 18 else 0


@kernel
def fill_envelope(
    data, length, repair, out_status, out_unproven, out_df, out_typecode, out_icao, out_kind, out_repaired_bit
):
    """Downlink format, parity verdict and address of each frame.

    data              (n, 14) uint8    frames, zeros after each one's length
    length            (n,)    uint8    bytes in each: 2, 7 or 14
    repair            bool             correct one wrong bit of DF 11, 17 and 18
    out_status        (n,)    uint8    index into STATUSES
    out_unproven      (n,)    uint8    1 if the address needs to be known already: it is only the parity's remainder,
                                       or the frame was repaired
    out_df            (n,)    uint8    downlink format; 255 for Mode A/C
    out_typecode      (n,)    uint8    of DF 17 and 18, else 255
    out_icao          (n,)    uint32   address, NO_ADDRESS where there is none
    out_kind          (n,)    uint8    index into ADDRESS_KINDS
    out_repaired_bit  (n,)    uint8    1..112, 0 none

    source  ICAO Annex 10 Vol. IV 3.1.2.3.3 (parity), 3.1.2.8.8 (extended squitter)
    """
    for i in range(len(length)):
        row = data[i]
        # Formats come in any order, so branches on them are guessed wrong: but for the length intact frames take none.
        size = 0 | int(length[i])
        long = size == 14
        if not long and size != 7:
            out_status[i] = MODE_AC
            out_unproven[i] = 0
            out_df[i] = 255
            out_typecode[i] = 255
            out_icao[i] = NO_ADDRESS
            out_kind[i] = ICAO
            out_repaired_bit[i] = 0
            continue
        first = 0 | int(row[0])
        df = min(first >> 3, 24)
        sort = 0 | int(CLASSES[1 if long else 0, first >> 3])
        remainder = 0 | int(syndrome_long(row)) if long else 0 | int(syndrome_short(row))
        squitter = SQUITTER <= sort <= RELAYED
        all_call = sort == ALL_CALL
        address_parity = sort == ADDRESS_PARITY
        clear = 0 | int(row[1]) << 16 | int(row[2]) << 8 | int(row[3])
        icao = remainder if address_parity else clear
        wrong = remainder if squitter else (remainder & ~INTERROGATOR_BITS if all_call else 0)
        status = ACCEPTED
        unproven = address_parity or (all_call and remainder != 0)
        typecode = 0 | int(row[4]) >> 3
        kind = ICAO
        repaired_bit = 0
        if not (squitter or all_call or address_parity) or wrong:
            icao = NO_ADDRESS
            status = MILITARY_FORMAT if sort == MILITARY else (PARITY if wrong else UNSUPPORTED_FORMAT)
            if repair and all_call:
                repaired_bit = repair_bit_long(remainder) - 56
            elif repair and long:
                repaired_bit = repaired_squitter_bit(row, remainder)
            if repaired_bit <= 0 or (all_call and repaired_bit <= 5):
                repaired_bit = 0
            else:
                status = REPAIRED
                unproven = True
                icao = clear
                if not all_call:
                    squitter = True
                    df = 17 if repaired_bit <= 5 else df
                if 9 <= repaired_bit <= 32:
                    icao ^= 1 << (32 - repaired_bit)
                elif 33 <= repaired_bit <= 37:
                    typecode ^= 1 << (37 - repaired_bit)
        elif address_parity and is_format_damage(remainder):
            # No aircraft has these addresses by chance: it is DF 17 with its format damaged.
            bit = repaired_squitter_bit(row, remainder) if repair and long else 0
            if bit:
                df = 17
                squitter = True
                repaired_bit = bit
                status = REPAIRED
                icao = clear
        if df == 18 and status <= REPAIRED:
            kind = squitter_address_kind(row)
            if kind < 0:
                kind = ICAO
                icao = NO_ADDRESS
        if first == 0 and clear == 0 and int(row[4]) | int(row[5]) | int(row[6]) == 0:
            status = ALL_ZERO
            icao = NO_ADDRESS
        out_status[i] = status
        out_unproven[i] = unproven
        out_df[i] = df
        out_typecode[i] = typecode if squitter else 255
        out_icao[i] = icao
        out_kind[i] = kind
        out_repaired_bit[i] = repaired_bit
