"""First reading of a frame: format, parity, address; nothing here remembers anything.

What needs a memory, whether an address is known, is decided by `address_table`.
"""

from __future__ import annotations

from skywitness.codes.parity import repair_bit_long, syndrome_long, syndrome_short
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


@kernel
def fill_envelope(
    data, length, repair, out_status, out_unproven, out_df, out_typecode, out_icao, out_kind, out_repaired_bit
):
    """Downlink format, parity verdict and address of each frame.

    data              (n, 14) uint8    frames
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
        first = int(row[0])
        df = first >> 3
        if df > 24:
            df = 24
        status = ACCEPTED
        unproven = 0
        typecode = 255
        icao = NO_ADDRESS
        kind = ICAO
        repaired_bit = 0
        if length[i] == 14:
            syndrome = int(syndrome_long(row))
            if df == 17 or df == 18:
                if syndrome != 0:
                    repaired_bit = repair_bit_long(syndrome) if repair else 0
                    status = REPAIRED if repaired_bit > 5 else PARITY
            elif df >= 16 and df != 22 and df != 23:
                # A wrong bit among the first five turns DF 17 into 1, 16, 19, 21 or 25.
                bit = repair_bit_long(syndrome) if repair else 0
                if 1 <= bit <= 5 and first >> 3 ^ 16 >> (bit - 1) == 17:
                    df = 17
                    status = REPAIRED
                    repaired_bit = bit
                elif df == 19:
                    status = MILITARY_FORMAT
                else:
                    unproven = 1
                    icao = syndrome
            elif df == 22:
                status = MILITARY_FORMAT
            elif df == 1 and repair and repair_bit_long(syndrome) == 1:
                df = 17
                status = REPAIRED
                repaired_bit = 1
            else:
                status = UNSUPPORTED_FORMAT
            if status == REPAIRED:
                unproven = 1
            if (df == 17 or df == 18) and status <= REPAIRED:
                icao = int(row[1]) << 16 | int(row[2]) << 8 | int(row[3])
                typecode = int(row[4]) >> 3
                if 33 <= repaired_bit <= 37:
                    typecode ^= 1 << (37 - repaired_bit)
                elif 9 <= repaired_bit <= 32:
                    icao ^= 1 << (32 - repaired_bit)
                if df == 18:
                    control = squitter_address_kind(row)
                    if control < 0:
                        icao = NO_ADDRESS
                    else:
                        kind = control
        elif length[i] == 7:
            if df == 11:
                syndrome = int(syndrome_short(row))
                icao = int(row[1]) << 16 | int(row[2]) << 8 | int(row[3])
                if syndrome & ~INTERROGATOR_BITS:
                    bit = repair_bit_long(syndrome) - 56 if repair else 0
                    if bit > 5:
                        status = REPAIRED
                        unproven = 1
                        repaired_bit = bit
                        if 9 <= bit <= 32:
                            icao ^= 1 << (32 - bit)
                    else:
                        status = PARITY
                        icao = NO_ADDRESS
                elif syndrome:
                    unproven = 1
            elif df == 0 or df == 4 or df == 5:
                unproven = 1
                icao = int(syndrome_short(row))
            else:
                status = UNSUPPORTED_FORMAT
        else:
            status = MODE_AC
            df = 255
        if status <= REPAIRED and first == 0:
            if int(row[1]) | int(row[2]) | int(row[3]) | int(row[4]) | int(row[5]) | int(row[6]) == 0:
                status = ALL_ZERO
                icao = NO_ADDRESS
        out_status[i] = status
        out_unproven[i] = unproven
        out_df[i] = df
        out_typecode[i] = typecode
        out_icao[i] = icao
        out_kind[i] = kind
        out_repaired_bit[i] = repaired_bit
