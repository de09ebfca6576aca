"""Files through the pipeline: nothing is lost, nothing comes twice, and everybody is counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import skywitness
from skywitness.batches import PROVENANCES, VERDICTS, Frames, Positions
from skywitness.errors import FormatError
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.pipeline import Settings
from skywitness.run.track import Tracking
from skywitness.simulate.marks import simulated_uuid
from skywitness.simulate.scenario import Scenario
from skywitness.simulate.simulate import simulate
from skywitness.tracks.aircraft import aircraft_key
from tests.frames_from import frames_from

SCENARIO = """
name = "pair"
duration_s = 12
[[receiver]]
name = "one"
lat_deg = 47.0
lon_deg = 8.0
[[receiver]]
name = "two"
lat_deg = 47.1
lon_deg = 8.0
[[fleet]]
count = 40
area = [46.9, 7.9, 47.1, 8.1]
"""
CONFIRMED = VERDICTS.index("confirmed")
IDENTITIES = (bytes.fromhex("8d406b902015a678d4d220aa4bda"), bytes.fromhex("8d4840d6202cc371c32ce0576098"))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What two simulated receivers hear, as Beast files."""
    directory = tmp_path_factory.mktemp("pair")
    simulation = simulate(Scenario.parse(SCENARIO))
    paths = []
    for receiver, name in enumerate(simulation.receivers):
        path = directory / f"{name}.beast"
        mark = b"\x1a\xe4" + simulated_uuid(receiver).encode("ascii")
        path.write_bytes(mark + BeastWriter().write(simulation.frames(receiver)))
        paths.append(str(path))
    return paths


def tracked(paths: list[str], settings: Settings | None = None) -> tuple[Tracking, Positions]:
    tracking = Tracking(paths, settings=settings)
    return tracking, Positions.concat(tracking.positions())


def test_two_receivers_confirm_each_other(pair: list[str]):
    alone, one = tracked(pair[:1])
    both, two = tracked(pair)
    assert (one.receivers == 1).all()
    assert not (one.verdict == CONFIRMED).any()
    several = two.receivers > 1
    assert several.mean() > 0.5
    assert (two.verdict[several & (two.verdict != VERDICTS.index("contradicted"))] == CONFIRMED).all()
    assert (two.revision[several] > 0).all()
    assert both.frames > alone.frames
    assert both.census.found().receivers.max() == 2


def test_each_reception_has_its_last_word_once(pair: list[str]):
    tracking, found = tracked(pair)
    assert len(np.unique(found.parent)) == len(found)
    assert int(tracking.verdicts.sum()) == len(found)
    expected = skywitness.track(pair, rejected=True)
    order = np.argsort(found.parent)
    assert found.take(order).same_as(expected)


def test_rows_and_their_order_do_not_depend_on_shards(pair: list[str]):
    _, one = tracked(pair)
    for shards in (2, 5):
        tracking, several = tracked(pair, Settings(shards=shards))
        assert several.same_as(one)
        assert tracking.aircraft().same_as(tracked(pair)[0].aircraft())


def test_every_message_is_counted_to_an_aircraft(pair: list[str]):
    tracking, found = tracked(pair)
    everybody = tracking.census.found()
    assert int(everybody.aircraft.messages.sum()) == tracking.messages
    assert int(everybody.positions.sum()) == len(found)
    keys = aircraft_key(everybody.aircraft.icao, everybody.aircraft.address_kind)
    assert (np.diff(keys) > 0).all()
    assert everybody.aircraft.same_as(tracking.aircraft())  # nobody has been forgotten in 12 s


def test_the_forgotten_are_found_all_the_same(tmp_path: Path):
    """One aircraft is heard, then for two hours another, then the first again, twice."""
    first, other = IDENTITIES
    s = 1_000_000_000
    heard = [(0, 0, first)] + [(t * s, 0, other) for t in range(1, 7201)] + [(7300 * s, 0, first)] * 2
    file = tmp_path / "long.csv"
    lines = (f"{time // s}.000000000,{data.hex()}\n" for time, _, data in heard)
    file.write_text("".join(lines))
    tracking, _ = tracked([str(file)])
    everybody = tracking.census.found().aircraft
    assert dict(zip(everybody.icao.tolist(), everybody.messages.tolist(), strict=True)) == {
        0x406B90: 3,
        0x4840D6: 7200,
    }
    assert len(tracking.aircraft()) == 2


def test_rows_say_that_they_are_simulated(pair: list[str], tmp_path: Path):
    _, found = tracked(pair)
    assert (found.provenance == PROVENANCES.index("simulated")).all()
    plain = tmp_path / "plain.beast"
    plain.write_bytes(Path(pair[1]).read_bytes()[38:])  # without its mark
    _, mixed = tracked([pair[0], str(plain)])
    assert ((mixed.provenance == PROVENANCES.index("simulated")) == (mixed.parent >> 32 == 0)).all()


def test_damage_ends_one_file_only(pair: list[str], tmp_path: Path):
    cut = tmp_path / "cut.beast"
    whole = Path(pair[0]).read_bytes()
    cut.write_bytes(whole[: len(whole) // 2 + 1])
    tracking, found = tracked([str(cut), pair[1]])
    assert [type(failure) for failure in tracking.failures] == [FormatError]
    assert len(found) > len(tracked(pair[1:])[1]) * 0.9
    assert tracking.recordings[1].rows == tracked(pair[1:])[0].frames
    with pytest.raises(FormatError, match=r"cut\.beast"):
        skywitness.track([str(cut)])


def test_python_takes_files_and_frames(pair: list[str]):
    one = skywitness.track(pair[0])
    assert one.same_as(skywitness.track(Path(pair[0])))
    frames = skywitness.track(skywitness.read(pair[0]))
    assert np.array_equal(one.lat_deg, frames.lat_deg)
    assert len(skywitness.track(frames_from([]))) == 0


def test_tables_share_their_memory(pair: list[str]):
    found = skywitness.track(pair[0])
    address = found.lat_deg.ctypes.data
    assert found.to_arrow()["lat_deg"].chunk(0).buffers()[1].address == address
    frame = found.to_pandas()
    assert frame["lat_deg"].array.__arrow_array__().chunk(0).buffers()[1].address == address
    assert int(frame["altitude_ft"].isna().sum()) == int(np.isnan(found.altitude_ft).sum())
    other = found.to_polars()
    assert other["lat_deg"].to_arrow().buffers()[1].address == address
    assert other["squawk"].null_count() == int((found.squawk == 0xFFFF).sum())


def test_positions_of_others_come_with_their_aircraft(pair: list[str], tmp_path: Path):
    snapshot = {
        "now": 1_700_000_000.5,
        "messages": 1,
        "aircraft": [
            {"hex": "4d0117", "type": "adsb_icao", "flight": "CLX5161 ", "alt_baro": 33000, "gs": 533.7,
             "lat": 36.4, "lon": -108.9, "seen_pos": 0.5, "seen": 0.1, "messages": 7, "mlat": [], "tisb": []},
        ],
    }  # fmt: skip
    file = tmp_path / "aircraft.json"
    file.write_text(json.dumps(snapshot))
    tracking, found = tracked([pair[0], str(file)])
    alone, own = tracked(pair[:1])
    assert len(found) == len(own) + 1
    assert found.provenance[-1] == PROVENANCES.index("imported")
    assert tracking.messages == alone.messages + 1
    assert 0x4D0117 in tracking.aircraft().icao.tolist()
    assert len(tracking.census.found().aircraft) == len(alone.census.found().aircraft) + 1
    only, _ = tracked([str(file)])
    assert only.aircraft().callsign.tolist() != [0]


def test_a_stream_with_stations_is_several_receivers(tmp_path: Path):
    """Station ids within a file number its receivers after those of all files."""
    frames = Frames.concat([frames_from([(k * 1000, 0, IDENTITIES[k % 2]) for k in range(4)])])
    body = BeastWriter().write(frames)
    file = tmp_path / "stations.beast"
    file.write_bytes(body + b"\x1a\xe3" + bytes(7) + b"\x05" + body)
    tracking = Tracking([str(file), str(file)])
    seen = [int(r) for stream in range(2) for f in tracking._frames(stream, tracking.recordings[stream])
            for r in np.unique(f.receiver)]  # fmt: skip
    assert seen == [0, 2, 1, 3]
