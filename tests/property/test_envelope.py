"""Format, parity and address of any bytes: the kernel against a slow reading of the rules."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from skywitness.batches import STATUSES
from skywitness.messages.mode_s.downlink_format import NO_ADDRESS, fill_envelope, squitter_address_kind
from tests.oracles.parity import remainder, with_parity


def flipped(frame: bytes, bit: int) -> bytes:
    changed = bytearray(frame)
    changed[(bit - 1) // 8] ^= 0x80 >> (bit - 1) % 8
    return bytes(changed)


def only_wrong_bit(frame: bytes, bits: range, accept: int = 0) -> int:
    found = [bit for bit in bits if remainder(flipped(frame, bit)) & ~accept == 0]
    return found[0] if found else 0


def expected(frame: bytes, repair: bool) -> tuple[str, bool, int, int, int]:
    """Status, unproven, downlink format, address, repaired bit; written from decoding rules, not from the kernel."""
    if len(frame) == 2:
        return "mode_ac", False, 255, NO_ADDRESS, 0
    df = min(frame[0] >> 3, 24)
    clear = int.from_bytes(frame[1:4], "big")
    if not any(frame[:7]):
        return "all_zero", True, 0, NO_ADDRESS, 0
    rest = remainder(frame)
    if len(frame) == 14:
        fixed_df = None
        if repair and df not in (17, 18):
            bit = only_wrong_bit(frame, range(1, 6))
            if bit and flipped(frame, bit)[0] >> 3 == 17:
                fixed_df = bit
        if fixed_df:
            return "repaired", True, 17, clear, fixed_df
        if df in (17, 18):
            if rest == 0:
                named = df == 17 or squitter_address_kind.py_func(frame) >= 0
                return "accepted", False, df, clear if named else NO_ADDRESS, 0
            bit = only_wrong_bit(frame, range(6, 113)) if repair else 0
            if bit:
                mended = flipped(frame, bit)
                named = df == 17 or squitter_address_kind.py_func(frame) >= 0
                return "repaired", True, df, int.from_bytes(mended[1:4], "big") if named else NO_ADDRESS, bit
            return "parity", False, df, NO_ADDRESS, 0
        if df in (16, 20, 21, 24):
            return "accepted", True, df, rest, 0
        return "military_format" if df in (19, 22) else "unsupported_format", False, df, NO_ADDRESS, 0
    if df == 11:
        if rest & ~0x7F == 0:
            return "accepted", rest != 0, 11, clear, 0
        bit = only_wrong_bit(frame, range(6, 57)) if repair else 0
        if bit:
            return "repaired", True, 11, int.from_bytes(flipped(frame, bit)[1:4], "big"), bit
        return "parity", False, 11, NO_ADDRESS, 0
    if df in (0, 4, 5):
        return "accepted", True, df, rest, 0
    return "unsupported_format", False, df, NO_ADDRESS, 0


def found(frames: list[bytes], repair: bool) -> list[tuple[str, bool, int, int, int]]:
    rows = len(frames)
    data = np.zeros((rows, 14), np.uint8)
    for i, frame in enumerate(frames):
        data[i, : len(frame)] = list(frame)
    length = np.array([len(frame) for frame in frames], np.uint8)
    status, unproven, df, typecode, kind, bit = (np.empty(rows, np.uint8) for _ in range(6))
    icao = np.empty(rows, np.uint32)
    fill_envelope(data, length, repair, status, unproven, df, typecode, icao, kind, bit)
    return [
        (STATUSES[s], bool(u), int(d), int(a), int(b))
        for s, u, d, a, b in zip(status, unproven, df, icao, bit, strict=True)
    ]


def sent() -> st.SearchStrategy[bytes]:
    """Frames as they come: intact, with a wrong bit or two, and plain noise."""
    long = st.binary(min_size=11, max_size=11).map(with_parity)
    short = st.tuples(st.binary(min_size=4, max_size=4), st.integers(0, 127)).map(lambda t: with_parity(*t))
    squitter = st.tuples(st.sampled_from([0x8D, 0x90, 0x92, 0x94, 0x96]), st.binary(min_size=10, max_size=10)).map(
        lambda t: with_parity(bytes([t[0]]) + t[1])
    )
    all_call = st.tuples(st.binary(min_size=3, max_size=3), st.integers(0, 300)).map(
        lambda t: with_parity(b"\x5d" + t[0], t[1])
    )
    intact = st.one_of(long, short, squitter, all_call)
    damaged = st.tuples(intact, st.lists(st.integers(1, 56), max_size=2)).map(
        lambda t: (
            flipped(flipped(t[0], t[1][0]), t[1][-1] + len(t[1]) % 2)
            if len(t[1]) == 2
            else (flipped(t[0], t[1][0]) if t[1] else t[0])
        )
    )
    noise = st.one_of(st.binary(min_size=n, max_size=n) for n in (2, 7, 14))
    return st.one_of(intact, damaged, noise)


@given(st.lists(sent(), min_size=1, max_size=20), st.booleans())
@example([bytes(7), bytes(14), with_parity(bytes(4), 0x123456)], True)
@example([flipped(with_parity(b"\x8d" + bytes(range(10))), bit) for bit in range(1, 57)], True)
def test_kernel_reads_frames_as_the_rules_say(frames: list[bytes], repair: bool) -> None:
    for frame, mine, rule in zip(frames, found(frames, repair), [expected(f, repair) for f in frames], strict=True):
        if rule[0] in ("parity", "unsupported_format", "military_format", "all_zero"):
            assert mine[0] == rule[0], frame.hex()
            assert mine[3] == NO_ADDRESS
        else:
            assert mine == rule, frame.hex()
