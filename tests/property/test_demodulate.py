"""However the bytes are cut, whatever they are."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.batches import Frames
from skywitness.frames.demodulate import Demodulator, Details
from tests.oracles import modulator

BLOCK = 4096


def recording(rate_hz: float, sample_format: str) -> bytes:
    rng = np.random.default_rng(9)
    replies = []
    start = 2e-5
    address = 0x3C6444
    for k in range(40):
        frame = modulator.random_squitter(rng, address) if k % 3 else modulator.frame("280217b0", address)
        replies.append((start, frame, 0.3 * rng.uniform(0.5, 1)))
        start += 1.3e-4 + rng.uniform() * 1e-4
    return modulator.quantised(modulator.modulate(rng, rate_hz, start, replies, 0.01), sample_format)


RECORDINGS = {
    (rate_hz, name): recording(rate_hz, name) for rate_hz, name in ((2e6, "uc8"), (2.4e6, "sc16"), (6e6, "sc16"))
}


def run(rate_hz: float, name: str, pieces: list[bytes]) -> tuple[Frames, Details, Demodulator]:
    demodulator = Demodulator(rate_hz, name, repair="one", block_samples=BLOCK, start_ns=0)
    frames, details = [], []
    for piece in pieces:
        frames.append(demodulator.push(piece))
        details.append(demodulator.details)
    frames.append(demodulator.flush())
    details.append(demodulator.details)
    return Frames.concat(frames), Details.concat(details), demodulator


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(RECORDINGS)), st.lists(st.integers(0, 60_000), max_size=12))
def test_cutting_the_stream_changes_nothing(kind: tuple[float, str], cuts: list[int]):
    raw = RECORDINGS[kind]
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    pieces = [raw[a:b] for a, b in itertools.pairwise(places)]
    whole, whole_details, _ = run(*kind, [raw])
    cut, cut_details, demodulator = run(*kind, pieces)
    assert len(whole) >= 35
    assert whole.same_as(cut)
    np.testing.assert_array_equal(whole_details.start_samples, cut_details.start_samples)
    np.testing.assert_array_equal(whole_details.confidence, cut_details.confidence)
    # No reply begins before the one before it has ended.
    rate_hz, _ = kind
    ends = whole_details.start_samples + (8 + 8.0 * whole.length) * rate_hz / 1e6
    assert (whole_details.start_samples[1:] > ends[:-1]).all()
    counts = demodulator.counts
    refused = counts["parity"] + counts["unknown_address"] + counts["no_reply"]
    assert counts["preambles"] == counts["accepted"] + counts["repaired"] + refused


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(2e6, "uc8"), (2.4e6, "sc16"), (3.2e6, "sc16q11"), (9e6, "uc8")]),
    st.lists(st.binary(max_size=600), max_size=6),
    st.integers(0, 40),
)
def test_arbitrary_bytes_never_raise(kind: tuple[float, str], pieces: list[bytes], times: int):
    demodulator = Demodulator(*kind, repair="one", block_samples=BLOCK)
    for _ in range(times):
        for piece in pieces:
            frames = demodulator.push(piece)
            assert (frames.length % 7 == 0).all()
    demodulator.flush()
    assert demodulator.counts["samples"] <= sum(map(len, pieces)) * times // 2
