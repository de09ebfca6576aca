"""Foreign tables: whatever the bytes, rows or a refusal; our own tables come back as they were."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.batches import PROVENANCES, Positions
from skywitness.errors import SkywitnessError
from skywitness.run.import_inputs import ImportOptions, inputs_of
from skywitness.sources.tables.files import TableFile
from skywitness.views.feeds.tracks import track_writer
from tests.rows_from import positions_from

SUFFIXES = ("csv", "csv.gz", "parquet", "arrow", "jsonl", "kml", "pkl")
HEADS = (
    b"timestamp,icao24,latitude,longitude,altitude,groundspeed,track,vertical_rate,squawk,onground,callsign\n",
    b"time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,baroaltitude,lastposupdate\n",
    b"Timestamp,UTC,Callsign,Position,Altitude,Speed,Direction\n",
    b'{"time": 1553256000, "icao24": "154073", "latitude": 1, "longitude": 2}\n',
    b'<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Placemark><gx:Track>',
    b"PAR1",
    b"ARROW1\0\0",
    b"",
)
CELLS = st.sampled_from(
    ["", "1553256000", "2019-03-22T12:00:00Z", "154073", "~a", "47.5", "-8", "NaN", "inf", "1e400", "true", "7700", "x",
     "9" * 30, '"1,2"', '"', "\x00", "ground", "2019-03-22 12:00", "-0"]
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    head = draw(st.sampled_from(HEADS))
    if draw(st.booleans()):
        return head + draw(st.binary(max_size=200))
    width = head.count(b",") + draw(st.integers(0, 2))
    rows = draw(st.lists(st.lists(CELLS, min_size=max(width, 1), max_size=width + 1), max_size=6))
    return head + "\n".join(",".join(row) for row in rows).encode()


@settings(max_examples=300)
@given(tables(), st.sampled_from(SUFFIXES), st.sampled_from([None, 0x154073]), st.booleans())
def test_any_bytes_give_rows_or_a_refusal(data: bytes, suffix: str, icao: int | None, assume_utc: bool):
    table = TableFile(io.BytesIO(data), f"file.{suffix}", icao=icao, assume_utc=assume_utc)
    try:
        rows = Positions.concat([positions for positions, _ in table.positions()])
    except SkywitnessError as error:
        assert str(error).startswith("file.")  # noqa: PT017, a refusal is one of two good ends
        return
    assert bool((np.abs(rows.lat_deg) <= 90).all())
    assert bool((np.abs(rows.lon_deg) <= 180).all())
    assert bool((rows.icao > 0).all())
    assert bool((rows.time_ns > 0).all())


@settings(max_examples=60)
@given(st.binary(max_size=2000), st.sampled_from(["day.tar", "trace_full_a.json", "day.tar.gz", "x.tar.aa"]))
def test_any_tar_or_trace_gives_rows_or_a_refusal(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str):
    path: Path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(data)
    for one in inputs_of([str(path)], ImportOptions(), skipped := Counter()):
        try:
            for part in one.parts(ImportOptions(), lambda _: None):
                for rows in part.rows():
                    assert bool((rows.icao > 0).all())
        except SkywitnessError as error:
            assert str(path) in str(error)  # noqa: PT017
    assert not skipped


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "arrow"])
@pytest.mark.parametrize("seed", range(3))
def test_our_own_tables_come_back(suffix: str, seed: int):
    rows = positions_from(400, seed, seconds=3600)
    rows = rows.replaced(
        lat_deg=np.round(np.clip(rows.lat_deg / 100 + 47, -90, 90), 6), lon_deg=np.round(rows.lon_deg / 100, 6),
        groundspeed_kt=np.full(400, np.nan, np.float32), track_deg=np.full(400, np.nan, np.float32),
        vertical_rate_fpm=np.full(400, np.nan, np.float32), address_kind=rows.address_kind % 2,
        time_ns=rows.time_ns // 1000 * 1000, icao=np.maximum(rows.icao, 1),
    )  # fmt: skip
    file = io.BytesIO()
    file.close = lambda: None  # type: ignore[method-assign]
    with track_writer(file, suffix) as writer:
        writer.write(rows)
    table = TableFile(io.BytesIO(file.getvalue()), f"ours.{suffix}")
    found = Positions.concat([positions for positions, _ in table.positions()])
    assert len(found) == len(rows)
    simulated = rows.provenance == PROVENANCES.index("simulated")
    assert (found.provenance == np.where(simulated, 2, 1)).all()
    for name in ("time_ns", "icao", "address_kind", "lat_deg", "lon_deg", "squawk", "nic", "nac_p", "verdict", "reason",
                 "source", "receivers", "revision"):  # fmt: skip
        np.testing.assert_array_equal(getattr(found, name), getattr(rows, name), err_msg=name)
