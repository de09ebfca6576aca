"""Files made of long files: they change no answer, are made again, and their damage costs only time."""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from skywitness.archive.areas import AreaFile, numbered, place_of, places_of
from skywitness.archive.compaction import put_rows
from skywitness.archive.derived import KINDS, Derived, derived_path, read_index
from skywitness.archive.ends import aircraft_at
from skywitness.archive.files import OsFiles
from skywitness.archive.layout import DAY, HOUR, MINUTE_NS, POSITIONS
from skywitness.archive.reader import open_history
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.spool import Spool
from skywitness.batches import Positions
from skywitness.identity.book import Book
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.questions.finding import Finder
from skywitness.questions.language import read_question
from skywitness.questions.names import Names
from skywitness.reference.load import load_gazetteer
from skywitness.run.config import Record
from skywitness.run.finding import ask
from skywitness.run.service import recorder_settings
from tests.positions_from import positions_from
from tests.unit.views.api.test_opensky_flights import S, line

GAZETTEER = load_gazetteer()
T0 = 1_553_212_800  # 2019-03-22T00:00:00Z
ROUTES = (("LFMN", "LFLL"), ("LFLL", "LFPG"), ("EDDF", "EDDM"), ("LFPG", "EDDF"))
QUESTIONS = (
    "show:positions in:FR alt:<8000", 'show:positions near:"EDDF 20nmi" time:2019-03-22', "in:DE", "from:LFPG to:EDDF",
    "to:LFPG", "from:LFMN OR to:EDDM", "-from:LFMN show:legs", "hex:3a00*", "show:aircraft alt:>20000",
    "in:POLYGON((7 43, 8 43, 8 46, 7 46, 7 43)) show:positions", "from:LFPG to:LFMN", "gap:>1h",
    "event:landing at:EDDF", "squawk:7700", "callsign:AFR12*", "-callsign:AFR12* show:legs", "emergency:no",
    "squawk:7700 OR gs:>200", "alt:<9000 gs:<200 show:positions", "show:aircraft gs:150..200 alt:FL240..FL260",
    "callsign:DLH* in:DE", "callsign:DLH1 show:journeys",
)  # fmt: skip


SENT = (
    {},
    {"squawk": 0o7700, "callsign": pack_callsign("DLH1"), "groundspeed_kt": 231.4},
    {"callsign": 0, "squawk": 0o1000},
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two days of flights in files of days, and some hours of a third day."""
    directory = tmp_path_factory.mktemp("store")
    rows = [
        row
        for day in range(3)
        for number in range(6 if day == 2 else 12)
        for row in line(0x3A0000 + number, T0 + day * 86_400 + number * 5_000, ROUTES[number % 4], **SENT[number % 3])
    ]
    batch = positions_from(rows)
    recorder = Recorder(directory, RecorderSettings(seal=False, reserve_bytes=0), threaded=False)
    manifest = recorder.spool.manifest
    order = np.lexsort((batch.time_ns, batch.icao))
    batch = batch.take(order)
    for span in (DAY, HOUR):
        unit = batch.time_ns // MINUTE_NS // span * span
        for minute in np.unique(unit).tolist():
            part = batch.take(unit == minute)
            if (minute // DAY * DAY == minute - minute % DAY) and (minute >= T0 // 60 + 2 * DAY) == (span == HOUR):
                entry = put_rows(directory, recorder.files, POSITIONS, minute, span, manifest.number(), [part])
                manifest.append([entry])
                manifest.enter([entry])
    recorder.close()
    return directory


def answers(directory):
    finder = Finder.of(open_history(directory), Names(Book()), GAZETTEER)
    return {text: ask(finder, text, now_ns=T0 * S).to_arrow().to_pylist() for text in QUESTIONS}


def derived(directory):
    from skywitness.archive.manifest import Manifest

    return Derived(Manifest(directory, OsFiles()), OsFiles())


@pytest.fixture(scope="module")
def plain(store):
    """What is answered without any of them."""
    assert not (store / "areas").exists()
    return answers(store)


@pytest.fixture
def made(store, plain):
    """With all of them."""
    worker = derived(store)
    while worker.run(10):
        pass
    return store


def test_they_are_made_of_days_and_indexes_of_hours_too(made):
    found = {kind: sorted(path.name.split(".")[0] for path in (made / kind).glob("*/*")) for kind in KINDS}
    assert found["areas"] == found["ends"]
    assert len(found["areas"]) == 2
    assert all(name.startswith("day-") for name in found["areas"])
    assert any(name[2] == "h" for name in found["index"])
    assert list(derived(made).missing()) == []


def test_they_change_no_answer(made, plain):
    assert answers(made) == plain
    assert all(len(rows) for text, rows in plain.items() if text != "from:LFPG to:LFMN")


@pytest.mark.parametrize(
    ("text", "most"), [("squawk:7700", 10), ("callsign:DLH1", 10), ("callsign:XYZ*", 6), ("gs:>220 alt:>9000", 10)]
)
def test_aircraft_are_told_apart_by_what_they_sent(made, text, most):
    finder = Finder.of(open_history(made), Names(Book()), GAZETTEER)
    aircraft = finder.plan(read_question(text, T0 * S)).aircraft
    assert aircraft <= most  # the third day is of hours, which have no such files: its six aircraft may all be


def test_an_operator_may_do_without_the_copy_by_area(tmp_path, store):
    shutil.copytree(store, tmp_path / "store", ignore=shutil.ignore_patterns(*KINDS))
    settings = recorder_settings(Record(areas=False))
    spool = Spool(tmp_path / "store", settings.spool)
    assert {kind for kind, _ in spool.derived.missing()} == {"index", "ends", "values"}
    spool.close()
    assert "areas" in recorder_settings(Record()).spool.derived


def test_less_is_read(made, monkeypatch):
    read = []
    original = pq.ParquetFile.read_row_groups

    def counted(self, groups, columns=None, **more):
        read.extend(groups)
        return original(self, groups, columns, **more)

    history = open_history(made)
    icao, _ = history.aircraft(0, 1 << 62)
    assert len(icao) == 12
    fields = np.array(GAZETTEER.find("EDDM", 1), np.int32)
    arrived, _ = history.visitors(fields, 1, T0 * S, (T0 + 2 * 86_400) * S)
    assert set(arrived.tolist()) == {0x3A0002, 0x3A0006, 0x3A000A}
    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", counted)
    rows = list(history.positions_within(((11.0, 48.0, 12.0, 49.0),), T0 * S, (T0 + 86_400) * S))
    assert sum(map(len, rows)) > 100
    assert all(((part.lat_deg >= 48.0) & (part.lat_deg <= 49.0)).all() for part in rows)


def test_what_is_damaged_is_answered_from_the_positions(made, plain):
    for kind in KINDS:
        for path in (made / kind).glob("*/*"):
            data = bytearray(path.read_bytes())
            data[-20] ^= 0xFF
            path.write_bytes(bytes(data))
    assert answers(made) == plain
    for kind in KINDS:
        for path in (made / kind).glob("*/*"):
            path.unlink()
    assert answers(made) == plain


def one_bit(path, rng):
    """Flip a bit of a file, but not of its end; return what it was. What is at the end, readers of Parquet notice."""
    data = path.read_bytes()
    footer = int.from_bytes(data[-8:-4], "little") + 8
    at = int(rng.integers(4, len(data) - footer))
    changed = bytearray(data)
    changed[at] ^= 1 << int(rng.integers(8))
    path.write_bytes(changed)
    return data


def some_answers(directory):
    finder = Finder.of(open_history(directory), Names(Book()), GAZETTEER)
    texts = ("show:positions in:FR alt:<8000", "squawk:7700", "from:LFPG to:EDDF")
    found = [ask(finder, text, now_ns=T0 * S) for text in texts]
    return [answer.to_arrow().to_pylist() for answer in found], getattr(finder.history, "damaged", {})


def test_a_flipped_bit_anywhere_in_them_changes_no_answer(made):
    plain, _ = some_answers(made)
    rng = np.random.default_rng(11)
    paths = sorted(path for kind in KINDS for path in (made / kind).glob("*/*"))
    for path in paths:
        was = one_bit(path, rng)
        assert some_answers(made)[0] == plain, path
        path.write_bytes(was)


def test_a_flipped_bit_in_positions_is_a_hole_and_never_another_value(made):
    (plain, _, _), _ = some_answers(made)
    shutil.rmtree(made / "areas")
    rng = np.random.default_rng(12)
    paths = sorted((made / "positions").glob("*/*.parquet"))
    told = 0
    for path in [*paths, *paths]:
        was = one_bit(path, rng)
        (found, _, _), damaged = some_answers(made)
        assert all(row in plain for row in found), path
        assert damaged or found == plain, path
        told += bool(damaged)
        path.write_bytes(was)
    assert told > len(paths)


def test_those_of_files_that_are_gone_are_deleted(made):
    path = derived_path(made, "index", next(iter(derived(made).manifest.entries.values())))
    assert path is not None
    stray = path.with_name("day-999.0123456789abcdef.parquet")
    stray.write_bytes(b"?")
    half = path.with_name("day-1.tmp")
    half.write_bytes(b"?")
    derived(made).sweep()
    assert not stray.exists()
    assert not half.exists()
    assert path.exists()


def test_an_index_tells_the_rows_of_each_aircraft(made):
    entry = next(e for e in derived(made).manifest.entries.values() if e.span == DAY)
    path = derived_path(made, "index", entry)
    index = read_index(path)
    assert int(index["rows"].sum()) == entry.rows
    keys = pq.read_table(made / entry.path, columns=["icao"])["icao"].to_pylist()
    for key, first, rows in zip(index["key"], index["first_row"], index["rows"], strict=True):
        assert set(keys[first : first + rows]) == {int(key)}


def test_ends_of_another_gazetteer_are_not_asked(made):
    entry = next(e for e in derived(made).manifest.entries.values() if e.span == DAY)
    path = derived_path(made, "ends", entry)
    fields = np.array(GAZETTEER.find("LFMN", 1), np.int32)
    assert len(aircraft_at(path, fields, 0, GAZETTEER.content_hash)) > 0
    assert aircraft_at(path, fields, 0, "another") is None


def test_places_are_numbered_by_square_and_quarter():
    lat = np.array([-90_000_000, 0, 89_999_999, 90_000_000, 250_000], np.int64)
    lon = np.array([-180_000_000, 0, 179_999_999, 180_000_000, -250_000], np.int64)
    place = place_of(lat, lon)
    assert place[0] == 0
    assert place[1] == (90 * 360 + 180) * 16
    assert place[2] == 179 * 360 * 16 + 359 * 16 + 15
    assert place.max() < 180 * 360 * 16
    rows, columns = np.meshgrid(np.arange(720), np.arange(1440))
    assert len(np.unique(numbered(rows.ravel(), columns.ravel()))) == 720 * 1440


def test_boxes_touch_the_places_of_what_lies_in_them():
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(-90, 90, 500), rng.uniform(-180, 180, 500)
    place = place_of(np.floor(lat * 1e6).astype(np.int64), np.floor(lon * 1e6).astype(np.int64))
    for west, south, east, north in (
        (-180.0, -90.0, 180.0, 90.0),
        (-10.3, 40.1, 20.7, 60.0),
        (179.9, -1.0, 180.0, 1.0),
    ):
        inside = (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)
        assert np.isin(place[inside], places_of(((west, south, east, north),))).all()


def test_nothing_is_found_in_an_area_file_where_nothing_was(made):
    entry = next(e for e in derived(made).manifest.entries.values() if e.span == DAY)
    area = AreaFile(derived_path(made, "areas", entry))
    assert list(area.positions(((100.0, -50.0, 110.0, -40.0),), 0, 1 << 60)) == []
    whole = Positions.concat(list(area.positions(((-180.0, -90.0, 180.0, 90.0),), 0, 1 << 60)))
    assert len(whole) == entry.rows
