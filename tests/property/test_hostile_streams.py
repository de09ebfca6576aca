"""Streams that no honest receiver sends: clocks set back, receivers seldom heard, poles, addresses that come back."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.batches import REASONS, Frames
from skywitness.kernel import plain
from skywitness.messages.mode_s.encode import encode_cpr
from skywitness.pipeline import Pipeline, Settings
from skywitness.tracks.aircraft import aircraft_table
from skywitness.tracks.rows import OPEN_AT_MOST
from tests.frames_from import frames_from
from tests.property.test_pipeline import S, position, run

START = 10**18
CONSISTENT, CONTRADICTED = 1, 3
Row = tuple[int, int, bytes]


def flight(
    icao: int, count: int, *, start: int = START, lat: float = 50.0, step: int = S // 2, odd: int | None = None,
    north: float = 0.0005,
) -> list[Row]:  # fmt: skip
    """Position messages of one aircraft flying north, even and odd by turns or of one parity only."""
    rows = []
    for k in range(count):
        parity = k & 1 if odd is None else odd
        yz, xz = plain(encode_cpr)(lat + north * k, 8.0, parity, False)
        rows.append((start + k * step, 0, position(icao, parity, yz, xz)))
    return rows


def test_a_message_that_lies_beyond_the_pole_has_no_place() -> None:
    rows = flight(0x400000, 20, lat=89.95)
    rows += [(rows[-1][0] + S, 0, position(0x400000, 0, yz, 5)) for yz in range(0, 1 << 17, 1 << 13)]
    positions, _ = run(frames_from(rows), [])
    assert len(positions) > 20
    assert (np.abs(positions.lat_deg) <= 90.0).all()
    assert (np.abs(positions.lon_deg) <= 180.0).all()


@pytest.mark.parametrize("ahead_s", [700, 1800, 3000, 7200])
@pytest.mark.parametrize("wrong", [1, 10])
def test_stamps_from_far_ahead_do_not_silence_an_aircraft(ahead_s: int, wrong: int) -> None:
    rows = flight(0x400000, 200)
    rows[20 : 20 + wrong] = [(t + ahead_s * S, r, data) for t, r, data in rows[20 : 20 + wrong]]
    positions, _ = run(frames_from(rows), [])
    assert len(positions) >= 190
    assert (positions.verdict == CONSISTENT).sum() >= 180


@pytest.mark.parametrize("back_s", [700, 1800, 3000, 7200])
def test_a_clock_set_back_loses_a_pair_at_most(back_s: int) -> None:
    rows = flight(0x400000, 200)
    rows[100:] = [(t - back_s * S, r, data) for t, r, data in rows[100:]]
    positions, _ = run(frames_from(rows), [])
    assert len(positions) >= 198


@pytest.mark.parametrize("gap_min", [5, 9, 12, 20, 29])
def test_a_message_long_before_the_first_place_is_not_put_into_another_zone(gap_min: int) -> None:
    north = 470 / 60 / 3600  # degrees a second at 470 kt
    later = START + gap_min * 60 * S
    rows = flight(0x400000, 10, lat=40.0, north=north, step=S, odd=0)
    rows += flight(0x400000, 6, lat=40.0 + north * gap_min * 60, north=north, step=S, start=later)
    positions, _ = run(frames_from(rows), [])
    early = positions.time_ns < later
    assert (np.abs(positions.lat_deg[early] - 40.0) < 0.1).all()
    assert early.sum() == (10 if gap_min < 10 else 0)
    assert (~early).sum() == 6


def seldom_heard() -> Frames:
    """The second receiver is heard once before, by another aircraft, and then with the last transmission."""
    rows = [(START - 1, 1, flight(0x400001, 1)[0][2]), *flight(0x400000, 6)]
    time_ns, _, data = rows[-1]
    return frames_from([*rows, (time_ns + 1000, 1, data)])


@pytest.mark.parametrize("shards", [1, 2, 3, 7])
def test_a_receiver_seldom_heard_confirms_all_the_same(shards: int) -> None:
    frames = seldom_heard()
    for cuts in ([], [len(frames) - 1], list(range(1, len(frames)))):
        positions, _ = run(frames, cuts, shards)
        assert positions.revision.tolist().count(1) == 1


def test_a_clock_a_day_ahead_does_not_keep_every_row_open() -> None:
    pipeline = Pipeline(Settings())
    pipeline.push(frames_from([*flight(0x400000, 10), (START + 86_400 * S, 1, flight(0x400001, 1)[0][2])]))
    thousand = frames_from(flight(0x400002, 1000, north=1e-5))
    for k in range(300):
        frames = thousand.take(np.arange(1000))
        frames.id[:] += 1000 * k + 100
        frames.time_ns[:] = START + 5 * S + (1000 * k + np.arange(1000)) * (S // 100)
        pipeline.push(frames)
    tracker = pipeline.shards[0].tracker
    assert tracker.ring_span[1] > OPEN_AT_MOST  # so many were opened,
    assert tracker.ring_span[1] - tracker.ring_span[0] <= OPEN_AT_MOST  # and are not all open


@pytest.mark.parametrize("shards", [1, 2, 7])
def test_an_aircraft_that_comes_back_is_in_the_table_once(shards: int) -> None:
    rows = flight(0x400000, 4)
    rows += [row for k in range(600) for row in flight(0x500000 + k, 1, start=START + 1860 * S)]
    rows += flight(0x400000, 4, start=START + 1920 * S, lat=51.0)
    pipeline = Pipeline(Settings(shards=shards))
    pipeline.push(frames_from(rows))
    tables = [aircraft_table(shard.tracker.aircraft, shard.tracker.pairs) for shard in pipeline.shards]
    icao = np.concatenate([table.icao for table in tables])
    assert len(icao) == len(set(icao.tolist())) == 601
    newest = np.concatenate([table.seen_time_ns for table in tables])[icao == 0x400000]
    assert newest.tolist() == [rows[-1][0]]


def test_a_place_beyond_the_horizon_of_the_receiver_is_contradicted() -> None:
    """The receiver stands at 50 N 8 E by its operator's word; 61 N is 660 NM away, 57 N is 420."""
    settings = Settings(places=((50.0, 8.0),))
    for lat, verdicts in ((61.0, {CONTRADICTED}), (57.0, {2, CONSISTENT})):
        positions = Pipeline(settings).push(frames_from(flight(0x400000, 30, lat=lat))).positions
        assert len(positions) >= 28
        assert set(positions.verdict.tolist()) == verdicts
        assert set(positions.reason.tolist()) == ({REASONS.index("range")} if lat > 60 else {0})
    anywhere = Pipeline().push(frames_from(flight(0x400000, 30, lat=61.0))).positions
    assert CONTRADICTED not in anywhere.verdict


def test_a_far_place_does_not_replace_a_near_one() -> None:
    near = flight(0x400000, 60)
    far = flight(0x400000, 40, lat=70.0, start=START + 10 * S + S // 10)
    rows = sorted(near + far)
    positions = Pipeline(Settings(places=((50.0, 8.0),))).push(frames_from(rows)).positions
    believed = positions.take(positions.verdict != CONTRADICTED)
    assert len(believed) >= 55
    assert (believed.lat_deg < 52.0).all()
