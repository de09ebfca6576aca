"""Live deltas: snapshot and changes together are the table, for every filter, area and history of a client."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.errors import QuestionError
from skywitness.identity.table import Entry, IdentityTable
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.tracks.aircraft import AircraftTable, aircraft_table
from skywitness.tracks.picture import Picture
from skywitness.views.live.delta import KEPT_PICTURES, WORLD_EVERY, Deltas
from skywitness.views.live.filters import EVERYTHING, Filter, Subject, parse
from skywitness.views.live.tiles import (
    MOST_IN_WORLD,
    TILES,
    UNPLACED,
    WORLD,
    thinned,
    tile_bounds,
    tile_of,
    tiles_of_area,
)
from skywitness.views.live.wire import HEADER, Part, tick
from tests.aircraft_from import NOW_NS, S, aircraft_from
from tests.oracles.live_wire import Reader, expected

ALL_TILES = tuple(range(UNPLACED + 1))


@functools.cache
def some_aircraft() -> AircraftTable:
    return aircraft_table(*aircraft_from(300))


def pictures(count: int, aircraft: int, seed: int) -> list[Picture]:
    """Aircraft that come, go, move between tiles and change this and that."""
    chance = np.random.default_rng(seed)
    out = []
    table = some_aircraft()
    table = table.take(np.sort(chance.permutation(len(table))[:aircraft]))
    rows = len(table)
    lat, lon = chance.uniform(-90, 90, rows), chance.uniform(-180, 180, rows)
    for number in range(count):
        now_ns = NOW_NS + number * S
        changed: dict[str, Any] = {}
        for name in ("altitude_ft", "groundspeed_kt", "track_deg", "vertical_rate_fpm", "signal_dbfs"):
            values = getattr(table, name).copy()
            some = chance.random(rows) < 0.2
            values[some] = np.round(chance.uniform(-100, 2000, int(some.sum())), 1)
            changed[name] = values
        some = chance.random(rows) < 0.5
        seen = np.where(some, now_ns - chance.integers(0, S, rows), table.seen_time_ns)
        lat = np.where(some, np.clip(lat + chance.normal(0, 3, rows), -90, 90), lat)
        lon = np.where(some, (lon + chance.normal(0, 6, rows) + 180) % 360 - 180, lon)
        placed = ~np.isnan(table.lat_deg)
        changed |= {
            "seen_time_ns": seen,
            "messages": (table.messages + some).astype(np.uint32),
            "lat_deg": np.where(placed, lat, np.nan),
            "lon_deg": np.where(placed, lon, np.nan),
            "position_time_ns": np.where(placed & some, seen, table.position_time_ns),
            "callsign": np.where(chance.random(rows) < 0.05, np.uint64(pack_callsign("KLM1234")), table.callsign),
        }
        table = dataclasses.replace(table, **changed)
        here = np.flatnonzero(chance.random(rows) < 0.9)
        out.append(Picture(number + 1, now_ns, table.take(here), 0))
    return out


def identity_of(table: AircraftTable) -> tuple[IdentityTable, dict[int, tuple[str, str, int]]]:
    known = {icao: (f"N{icao % 99999}", "B738", icao % 2) for icao in table.icao[::2].tolist()}
    entries = [Entry(icao, registration=r, type=t, flags=f) for icao, (r, t, f) in known.items()]
    return IdentityTable.of(entries), known


def rows_of(table: AircraftTable) -> Iterable[dict[str, Any]]:
    columns = {name: getattr(table, name).tolist() for name in AircraftTable.names()}
    for row in range(len(table)):
        yield {name: values[row] for name, values in columns.items()}


def key_of(row: dict[str, Any]) -> int:
    return row["icao"] | row["address_kind"] << 24


def joined(parts: Iterable[Part], codec: str = "none") -> bytes:
    return b"".join(part.encoded(codec) for part in parts)


@settings(max_examples=12)
@given(
    st.integers(0, 1000),
    st.sampled_from(("", "alt:>900", "-callsign:KLM* seen:<20", "mil:yes", "in:-40,100,70,-60")),
    st.sampled_from(("none", "zlib", "zstd")),
    st.integers(1, 5),
)
def test_snapshot_and_deltas_are_the_table(seed, text, codec, late):
    shown = pictures(9, 60, seed)
    identity, known = identity_of(shown[0].table)
    filter = parse(text)
    deltas = Deltas(identity)
    watching = deltas.subscribe(EVERYTHING, (), shown[0])  # somebody else keeps the node busy
    assert watching == (1, [])
    deltas.subscribe(EVERYTHING, (0,), shown[0])
    for picture in shown[1:late]:
        deltas.advance(picture)
    _, parts = deltas.subscribe(filter, ALL_TILES, shown[late - 1])
    reader = Reader()
    reader.feed(joined(parts, codec))
    check(reader, shown[late - 1], identity, known, filter)
    for picture in shown[late:]:
        made = deltas.advance(picture)[filter.text]
        reader.feed(joined(made.values(), codec) + tick(picture.number, 0, 0).encoded("none"))
        assert reader.picture == picture.number
        check(reader, picture, identity, known, filter)


def check(reader: Reader, picture: Picture, identity: IdentityTable, known: Any, filter: Filter) -> None:
    kept = filter.mask(Subject(picture.table, picture.now_ns, identity))
    table = picture.table.take(np.flatnonzero(kept))
    wanted = {key_of(row): expected(row, picture.now_ns, known) for row in rows_of(table)}
    got = {key: aircraft for tile in reader.tiles.values() for key, aircraft in tile.items()}
    assert sum(map(len, reader.tiles.values())) == len(got)  # nobody is in two tiles
    assert got == wanted
    for tile, members in reader.tiles.items():
        for aircraft in members.values():
            if aircraft["lat_e5"] is None:
                assert tile == UNPLACED
                continue
            south, west, north, east = tile_bounds(tile)
            assert south * 1e5 - 1 <= aircraft["lat_e5"] <= north * 1e5 + 1
            assert west * 1e5 - 1 <= aircraft["lon_e5"] <= east * 1e5 + 1


def test_only_what_changed_is_sent():
    shown = pictures(1, 300, 7)
    again = dataclasses.replace(shown[0], number=2)
    deltas = Deltas()
    deltas.subscribe(EVERYTHING, ALL_TILES, shown[0])
    assert deltas.advance(again)[""] == {}
    table = again.table
    messages = table.messages.copy()
    messages[5] += 1
    third = dataclasses.replace(again, number=3, table=dataclasses.replace(table, messages=messages))
    (part,) = deltas.advance(third)[""].values()
    assert (part.rows, part.gone, part.base) == (1, 0, 2)
    assert len(part.body) == 4 + 1 + 9


def test_tiles_nobody_wants_are_not_made():
    shown = pictures(3, 300, 7)
    deltas = Deltas()
    tile = int(tile_of(shown[0].table.lat_deg, shown[0].table.lon_deg)[~np.isnan(shown[0].table.lat_deg)][0])
    deltas.subscribe(EVERYTHING, (tile,), shown[0])
    assert set(deltas.advance(shown[1])[""]) <= {tile}
    nobody = Deltas()
    assert nobody.advance(shown[0]) == {}
    assert nobody.now is None


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(1, 7), st.integers(0, 6))
def test_a_client_that_comes_back_goes_on_where_it_was(seed, left, away):
    shown = pictures(14, 40, seed)
    deltas = Deltas()
    tiles = (*ALL_TILES, WORLD)
    _, parts = deltas.subscribe(EVERYTHING, tiles, shown[0])
    reader = Reader()
    reader.feed(joined(parts))
    for picture in shown[1:left]:
        reader.feed(joined(deltas.advance(picture)[""].values()))
    deltas.release(EVERYTHING, tiles)
    for picture in shown[left : left + away]:
        deltas.advance(picture)
    number, parts = deltas.subscribe(EVERYTHING, tiles, shown[left + away - 1], known=left)
    assert number == left + away
    assert all(part.base for part in parts)  # no snapshot
    reader.feed(joined(parts))
    _, parts = deltas.subscribe(EVERYTHING, tiles, shown[0])
    other = Reader()
    other.feed(joined(parts))
    for picture in shown[left + away :]:
        made = joined(deltas.advance(picture)[""].values())
        reader.feed(made)
        other.feed(made)
    assert reader.tiles == other.tiles


def test_after_long_absence_there_is_a_snapshot():
    shown = pictures(KEPT_PICTURES + 6, 5, 1)
    deltas = Deltas()
    deltas.subscribe(EVERYTHING, (UNPLACED,), shown[0])
    for picture in shown[1:]:
        deltas.advance(picture)
    newest = shown[-1].number
    for known, is_snapshot in ((3, True), (newest - KEPT_PICTURES, False), (newest, False), (newest + 1, True)):
        _, parts = deltas.subscribe(EVERYTHING, (UNPLACED,), shown[-1], known=known)
        assert any(part.base == 0 for part in parts) == is_snapshot


def test_what_nobody_wants_any_more_is_forgotten():
    shown = pictures(KEPT_PICTURES + 4, 5, 1)
    deltas = Deltas()
    deltas.subscribe(EVERYTHING, ALL_TILES, shown[0])
    deltas.release(EVERYTHING, ALL_TILES)
    for picture in shown[1:]:
        deltas.advance(picture)
    assert not deltas.channels
    assert deltas.now is None
    assert deltas._held == 0


def test_filters_are_bounded():
    shown = pictures(1, 5, 1)
    deltas = Deltas()
    for number in range(200):
        deltas.subscribe(parse(f"alt:>{number}"), (UNPLACED,), shown[0])
    with pytest.raises(QuestionError, match="too many"):
        deltas.subscribe(EVERYTHING, (UNPLACED,), shown[0])


def test_the_world_view_comes_every_fifth_picture():
    shown = pictures(2 * WORLD_EVERY + 1, 50, 3)
    deltas = Deltas()
    _, parts = deltas.subscribe(EVERYTHING, (WORLD,), shown[0])
    reader = Reader()
    reader.feed(joined(parts))
    for picture in shown[1:]:
        made = deltas.advance(picture)[""]
        assert (WORLD in made) == ((picture.number - 1) % WORLD_EVERY == 0)
        reader.feed(joined(made.values()))
    newest = shown[-1].table
    assert set(reader.tiles[WORLD]) == {key_of(row) for row in rows_of(newest) if row["lat_deg"] == row["lat_deg"]}


def test_the_world_is_thinned_evenly_and_steadily():
    chance = np.random.default_rng(1)
    count = 12_000
    key = chance.permutation(1 << 24)[:count].astype(np.uint32)
    lat = np.where(np.arange(count) < 10_000, chance.integers(4_900_000, 5_100_000, count), 0)
    lon = np.where(np.arange(count) < 10_000, chance.integers(0, 400_000, count), chance.integers(-9e6, 9e6, count))
    first = np.zeros(count, np.uint8)
    first[:3] = 1
    lat, lon = lat.astype(np.int32), lon.astype(np.int32)
    chosen = thinned(key, lat, lon, first) == 1
    assert 0.4 * MOST_IN_WORLD < chosen.sum() <= MOST_IN_WORLD
    assert chosen[:3].all()
    assert chosen[10_000:].mean() > 0.5  # the many in one place do not crowd out the few elsewhere
    fewer = np.flatnonzero(chance.random(count) < 0.99)
    again = np.zeros(count, np.bool_)
    again[fewer] = thinned(key[fewer], lat[fewer], lon[fewer], first[fewer]) == 1
    assert (chosen & again).sum() > 0.9 * chosen.sum()


def test_tiles():
    places = np.array([[-90.0, -180.0], [90.0, 179.9], [0.0, 0.0], [np.nan, 3.0], [52.3, 4.7], [10.0, 180.0]])
    assert tile_of(places[:, 0], places[:, 1]).tolist() == [0, 287, 156, 288, 228, 144]
    assert tile_bounds(228) == (45.0, 0.0, 60.0, 15.0)
    assert tiles_of_area(46, 1, 47, 2) == {228}
    assert tiles_of_area(46, 178, 47, -178) == {216, 239}
    assert len(tiles_of_area(-90, -180, 90, 180)) == UNPLACED
    assert len(tiles_of_area(46, 2, 47, 1)) == 24  # nearly all the way round
    with pytest.raises(QuestionError):
        tiles_of_area(10, 0, 5, 0)
    assert TILES == WORLD + 1


@given(st.floats(-90, 90), st.floats(-180, 179.999))
def test_an_area_has_the_tiles_of_what_is_in_it(lat, lon):
    (tile,) = tile_of(np.array([lat]), np.array([lon])).tolist()
    assert tile in tiles_of_area(lat, lon, lat, lon)
    south, west, north, east = tile_bounds(tile)
    assert south - 1e-9 <= lat <= north
    assert west - 1e-9 <= lon <= east


def test_the_header_is_36_bytes():
    assert HEADER.size == 36
