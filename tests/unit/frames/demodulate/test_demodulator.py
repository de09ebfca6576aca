"""The demodulator on replies whose truth is known."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from skywitness.batches import TIMINGS, UNTIMED, Frames
from skywitness.errors import ConfigError
from skywitness.frames.demodulate import Demodulator, Details
from skywitness.frames.demodulate.recognise import recognise
from tests.oracles import modulator

NOISE = 0.02
Replies = list[tuple[float, bytes, float]]


def demodulate(demodulator: Demodulator, pieces: Sequence[bytes]) -> tuple[Frames, Details]:
    frames, details = [], []
    for piece in pieces:
        frames.append(demodulator.push(piece))
        details.append(demodulator.details)
    frames.append(demodulator.flush())
    details.append(demodulator.details)
    return Frames.concat(frames), Details.concat(details)


def bytes_of(frames: Frames) -> list[bytes]:
    return [bytes(row[:length]) for row, length in zip(frames.data, frames.length, strict=True)]


def squitters(seed: int, rate_hz: float, count: int, snr_db: float, sample_format: str) -> tuple[Replies, bytes]:
    """Replies 0.3 to 0.4 ms apart at any phase, and their samples."""
    rng = np.random.default_rng(seed)
    replies: Replies = []
    start = 1e-4
    for k in range(count):
        frame = modulator.random_squitter(rng, 0x400000 + k)
        replies.append((start, frame, NOISE * 10 ** (snr_db / 20)))
        start += 3e-4 + rng.uniform() * 1e-4
    samples = modulator.modulate(rng, rate_hz, start + 1e-4, replies, NOISE)
    return replies, modulator.quantised(samples, sample_format)


@pytest.mark.parametrize(
    ("rate_hz", "sample_format"),
    [
        (2e6, "sc16"),
        (2.4e6, "uc8"),
        pytest.param(2.4e6, "sc16q11", marks=pytest.mark.compiled),
        pytest.param(3.2e6, "uc8", marks=pytest.mark.compiled),
        pytest.param(4e6, "sc16", marks=pytest.mark.compiled),
        pytest.param(6e6, "sc16", marks=pytest.mark.compiled),
        (12e6, "uc8"),
    ],
)
def test_strong_replies_are_all_found_with_their_time_and_level(rate_hz: float, sample_format: str):
    replies, raw = squitters(7, rate_hz, 30, 28, sample_format)
    demodulator = Demodulator(rate_hz, sample_format, receiver=3, segment=5, start_ns=1_700_000_000_000_000_000)
    frames, details = demodulate(demodulator, [raw])
    assert bytes_of(frames) == [frame for _, frame, _ in replies]
    starts = np.array([start for start, _, _ in replies])
    late = details.start_samples - starts * rate_hz
    assert np.abs(late).max() < 0.25 * max(1, rate_hz / 6e6)
    # Of the first data bit, rounded to a tick.
    np.testing.assert_allclose(frames.ticks, (starts + 8e-6) * 12e6, atol=0.5 + 0.25 * 12e6 / min(rate_hz, 6e6))
    np.testing.assert_allclose(frames.time_ns - 1_700_000_000_000_000_000, frames.ticks / 12e-3, atol=60)
    assert set(frames.timing) == {TIMINGS.index("counter_12mhz")}
    assert set(frames.receiver) == {3}
    assert list(frames.id) == [5 << 32 | k for k in range(30)]
    np.testing.assert_allclose(frames.signal_dbfs, 20 * math.log10(NOISE) + 28 - 1.2, atol=1.2)
    assert abs(demodulator.noise_dbfs - 20 * math.log10(NOISE)) < 1.5 or rate_hz > 4.8e6
    assert (details.confidence > 0).all()
    assert not details.repaired_bit.any()
    assert demodulator.counts["accepted"] == 30


@pytest.mark.compiled
@pytest.mark.parametrize("rate_hz", [2e6, 2.4e6])
def test_more_signal_finds_more(rate_hz: float):
    found = []
    for snr_db in (6, 10, 14, 18, 26):
        replies, raw = squitters(11, rate_hz, 40, snr_db, "sc16")
        frames, _ = demodulate(Demodulator(rate_hz, "sc16"), [raw])
        assert set(bytes_of(frames)) <= {frame for _, frame, _ in replies}
        found.append(len(frames))
    assert found == sorted(found)
    assert found[0] < 5
    assert found[-1] == 40
    assert found[2] >= (25 if rate_hz == 2e6 else 35)


def test_times_are_unknown_without_a_start():
    _, raw = squitters(1, 2.4e6, 2, 30, "uc8")
    frames, _ = demodulate(Demodulator(2.4e6, "uc8"), [raw])
    assert set(frames.time_ns) == {UNTIMED}


def reply(df: int, address: int, *, interrogator: int = 0) -> bytes:
    """A short reply of an aircraft: DF 11 names it, the others have it over their parity."""
    if df == 11:
        return modulator.frame(f"{11 << 3 | 5:02x}{address:06x}", interrogator)
    return modulator.frame(f"{df << 3:02x}0217b0", address)


def heard(frames: Sequence[bytes], repair: str = "none", change: Sequence[int] = ()) -> tuple[list[bytes], Demodulator]:
    """What is found of replies 0.5 ms apart; `change` lists bits (from 1) of the last one sent wrong and weakly."""
    rng = np.random.default_rng(5)
    replies = [(1e-4 + 5e-4 * k, frame, 0.4) for k, frame in enumerate(frames)]
    samples = modulator.modulate(rng, 2.4e6, 1e-4 + 5e-4 * len(frames), replies, 0.005)
    start = replies[-1][0]
    for bit in change:
        # Swap the halves of the bit, and leave little difference between them.
        first = round((start + (7.0 + bit) * 1e-6) * 2.4e6)
        samples[first - 1 : first + 3] = 0.17
    demodulator = Demodulator(2.4e6, "sc16", repair=repair)
    found, _ = demodulate(demodulator, [modulator.quantised(samples, "sc16")])
    return bytes_of(found), demodulator


@pytest.mark.compiled
def test_address_parity_replies_need_a_checked_frame():
    squitter = modulator.frame("8d4840d6202cc371c32ce0")
    known, stranger = reply(4, 0x4840D6), reply(4, 0x123456)
    assert heard([known, stranger])[0] == []
    assert heard([squitter, known, stranger])[0] == [squitter, known]
    found, demodulator = heard([known, squitter, stranger])  # the look-ahead
    assert found == [known, squitter]
    assert demodulator.counts["unknown_address"] >= 1


def test_an_interrogators_code_needs_a_known_address():
    plain, coded = reply(11, 0x4840D6), reply(11, 0x4840D6, interrogator=0x3C)
    assert heard([coded])[0] == []
    assert heard([plain, coded])[0] == [plain, coded]
    assert heard([plain, reply(11, 0x4840D6, interrogator=0x80)])[0] == [plain]


def test_a_mode_s_reply_without_power_is_no_frame():
    assert heard([bytes(7)])[0] == []
    assert demodulate(Demodulator(2e6, "uc8"), [bytes(200_000)])[0].length.tolist() == []
    assert demodulate(Demodulator(2e6, "uc8"), [b"\xff" * 200_000])[0].length.tolist() == []


@pytest.mark.compiled
def test_one_weak_bit_is_mended_when_asked():
    squitters_ = [modulator.frame("8d4840d6202cc371c32ce0"), modulator.frame("8d4840d6994409940838175b284f"[:22])]
    for bit in (40, 70, 85):
        assert heard(squitters_, change=[bit])[0] in (squitters_, squitters_[:1])
        found, demodulator = heard(squitters_, "one", [bit])
        assert found == squitters_
        assert demodulator.counts["accepted"] + demodulator.counts["repaired"] == 2
    mended = [heard(squitters_, "one", [bit])[1].counts["repaired"] for bit in range(34, 112, 7)]
    assert sum(mended) >= 3


def test_a_changed_address_needs_a_witness():
    stranger = [modulator.frame("8d4840d6202cc371c32ce0"), modulator.frame("8da1b2c3202cc371c32ce0")]
    for bit in range(10, 32, 3):
        found, _ = heard(stranger, "one", [bit])
        assert set(found) <= set(stranger)


@pytest.mark.compiled
def test_samples_are_recognised_by_what_they_give():
    for rate_hz, sample_format in ((2e6, "uc8"), (2.4e6, "sc16")):
        replies, raw = squitters(2, rate_hz, 10, 28, sample_format)
        reading = recognise(raw)
        assert reading is not None
        assert (reading.sample_format, reading.rate_hz) == (sample_format, rate_hz)
        assert reading.frames == len(replies)
    assert recognise(np.random.default_rng(0).bytes(100_000)) is None
    assert recognise(b"") is None


@pytest.mark.parametrize("wrong", [{"repair": "two"}, {"block_samples": 1000}, {"block_samples": 0}])
def test_wrong_settings_are_named(wrong: dict[str, object]):
    with pytest.raises(ConfigError):
        Demodulator(2e6, "uc8", **wrong)  # type: ignore[arg-type]


PLAIN = """
import numpy as np
from skywitness.frames.demodulate import Demodulator

raw = np.fromfile({path!r}, np.uint8).tobytes()
demodulator = Demodulator(2.4e6, "uc8", repair="one", block_samples=1024)
frames = [*demodulator.push(raw).data, *demodulator.flush().data]
print([bytes(row).hex() for row in frames], sorted(demodulator.counts.items()))
"""


def test_kernels_say_the_same_as_plain_python(tmp_path: Path):
    _, raw = squitters(3, 2.4e6, 2, 30, "uc8")
    path = tmp_path / "two.uc8"
    path.write_bytes(raw)
    said = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", PLAIN.format(path=str(path))],
            env=os.environ | {"NUMBA_DISABLE_JIT": off},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in ("0", "1")
    ]
    assert said[0] == said[1]
    assert said[0].count("8d4000") == 2
