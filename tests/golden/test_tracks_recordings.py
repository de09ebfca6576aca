"""Whole recordings through the core: what must come out of real flights."""

from __future__ import annotations

import datetime
import functools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import zstandard

from skywitness.batches import STATUSES, VERDICTS, Messages, Positions
from skywitness.pipeline import Pipeline, Settings
from skywitness.sources.readers import open_recording

CONTRADICTED = VERDICTS.index("contradicted")
KLM1302, BAW3AK = 0x486257, 0x400F99
NMI_DEG = 1.0 / 60.0
TAKE_OFF_AND_LANDING = {
    KLM1302: ("2023-10-24T10:10:44", "2023-10-24T11:38:14"),
    BAW3AK: ("2024-06-06T09:34:30", "2024-06-06T11:08:04"),
}


@functools.cache
def tracked(path: Path, start_ns: int | None = None) -> tuple[Positions, Messages]:
    recording = open_recording(str(path), start_ns=start_ns)
    pipeline = Pipeline(Settings())
    outputs = [pipeline.push(frames) for frames in recording.frames()]
    outputs.append(pipeline.flush())
    positions = Positions.concat([output.positions for output in outputs])
    return positions, Messages.concat([output.messages for output in outputs])


def of(positions: Positions, icao: int) -> Positions:
    """Rows of one aircraft that are not contradicted, in time."""
    mine = positions.take((positions.icao == icao) & (positions.verdict != CONTRADICTED))
    return mine.take(np.argsort(mine.time_ns, kind="stable"))


def from_line(before: np.ndarray, here: np.ndarray, after: np.ndarray) -> float:
    """Distance of a point from the segment between its neighbours, in the unit of the points."""
    along = after - before
    squared = float(along @ along)
    share = 0.0 if squared == 0.0 else float(np.clip((here - before) @ along / squared, 0.0, 1.0))
    return math.dist(here, before + share * along)


@pytest.fixture(scope="module")
def klm1302(data_dir: Path) -> tuple[Positions, Messages]:
    return tracked(data_dir / "raw/klm1302_20231024.beasthex.csv.zst")


def test_klm1302_places_nearly_every_position_message(klm1302: tuple[Positions, Messages]) -> None:
    positions, messages = klm1302
    accepted = messages.status <= STATUSES.index("repaired")
    sent = accepted & (messages.typecode >= 5) & (messages.typecode <= 22) & (messages.typecode != 19)
    assert int(sent.sum()) == 12_964
    assert int((positions.verdict != CONTRADICTED).sum()) >= 12_350
    assert len(of(positions, KLM1302)) >= 12_000


def test_klm1302_moves_on_a_line(klm1302: tuple[Positions, Messages]) -> None:
    track = of(klm1302[0], KLM1302)
    east = (track.lon_deg - track.lon_deg[0]) * np.cos(np.radians(track.lat_deg))
    points = np.column_stack([east, track.lat_deg]) / NMI_DEG
    seconds = track.time_ns / 1e9
    off = [
        from_line(points[i - 1], points[i], points[i + 1])
        for i in range(1, len(points) - 1)
        if seconds[i] - seconds[i - 1] <= 10.0 and seconds[i + 1] - seconds[i] <= 10.0
    ]
    assert len(off) > 11_000
    assert max(off) < 0.3


def test_klm1302_publishes_no_absurd_altitude(klm1302: tuple[Positions, Messages]) -> None:
    assert np.nanmax(klm1302[0].altitude_ft) <= 60_000


@pytest.mark.parametrize(
    ("name", "icao"),
    [("klm1302_20231024.beasthex.csv.zst", KLM1302), ("baw3ak_20240606.jet1090.jsonl.gz", BAW3AK)],
)
def test_take_off_and_landing_are_visible(data_dir: Path, name: str, icao: int) -> None:
    track = of(tracked(data_dir / "raw" / name)[0], icao)
    changes = np.flatnonzero(np.diff(track.on_ground.astype(int)))
    assert track.on_ground[changes].tolist() == [1, 0]
    for change, truth in zip(changes, TAKE_OFF_AND_LANDING[icao], strict=True):
        expected = datetime.datetime.fromisoformat(truth).replace(tzinfo=datetime.UTC).timestamp()
        assert abs(track.time_ns[change] / 1e9 - expected) <= 15


def test_baw3ak_agrees_with_the_positions_printed_beside_the_frames(data_dir: Path) -> None:
    """jet1090 places by pairs and by the last position as we do; both decode the same 17 bits."""
    import gzip

    path = data_dir / "raw/baw3ak_20240606.jet1090.jsonl.gz"
    positions, _ = tracked(path)
    ours = {int(parent): row for row, parent in enumerate(positions.parent)}
    compared, apart = 0, []
    with gzip.open(path, "rt") as file:
        for line, text in enumerate(file):
            printed = json.loads(text)
            if printed.get("latitude") is None or line not in ours:
                continue
            row = ours[line]
            if positions.verdict[row] == CONTRADICTED:
                continue
            compared += 1
            off = max(
                abs(positions.lat_deg[row] - printed["latitude"]), abs(positions.lon_deg[row] - printed["longitude"])
            )
            if off > 2e-6:
                apart.append((line, printed["icao24"], off))
    assert compared > 5_000
    assert apart == []


def test_ulss7_agrees_with_its_sbs_file(data_dir: Path) -> None:
    """Every position of the other decoder is one of ours; it needs a pair first, so we have a few more."""
    start_ns = 1_522_782_148_136_310_917
    positions, _ = tracked(data_dir / "raw/ulss7_20180403.beast.zst", start_ns)
    text = zstandard.ZstdDecompressor().stream_reader((data_dir / "raw/ulss7_20180403.sbs.csv.zst").read_bytes())
    lines = [line.split(",") for line in text.read().decode("ascii").splitlines()]
    placed = [line for line in lines if len(line) > 15 and line[1] in ("2", "3") and line[14]]
    assert len(placed) == 1_456
    for line in placed:
        mine = positions.icao == int(line[4], 16)
        near = np.abs(positions.lat_deg[mine] - float(line[14])) <= 6e-6
        near &= np.abs(positions.lon_deg[mine] - float(line[15])) <= 6e-6
        assert near.any(), line
        hour, minute, second = line[7].split(":")
        at = int(hour) * 3600 + int(minute) * 60 + float(second)
        apart_s = np.abs(positions.time_ns[mine][near] / 1e9 % 86_400 - at)
        assert apart_s.min() < 0.2, line
    assert int((positions.verdict != CONTRADICTED).sum()) == 1_496
    assert not (positions.verdict == CONTRADICTED).any()
