"""What aircraft.json says beyond the table: courses from places, advisories, where one without a place was heard."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any

import numpy as np
import pytest

from skywitness.batches import UNTIMED, Frames, Messages
from skywitness.pipeline import Output, Pipeline
from skywitness.tracks.aircraft import AircraftTable, aircraft_table
from skywitness.tracks.picture import Picture
from skywitness.tracks.state import NEVER
from skywitness.views.api.clients import Clients
from skywitness.views.feeds.aircraft_json import AircraftWriter
from skywitness.views.feeds.aircraft_more import Advisories, Courses, More
from skywitness.views.privacy import Blur, Privacy
from tests.aircraft_from import NOW_NS, S, aircraft_from
from tests.fake_node import PLACE, receiver_at, report_of
from tests.node_from import node_of, picture_of

NOWHERE: dict[str, Any] = {"lat_deg": np.nan, "lon_deg": np.nan, "position_time_ns": NEVER}


@functools.cache
def some_aircraft() -> AircraftTable:
    return aircraft_table(*aircraft_from(60))


def table_of(rows: list[dict[str, Any]]) -> AircraftTable:
    """Aircraft heard just now, airborne, without a track of their own; rows tell what is different."""
    table = some_aircraft().take(np.arange(len(rows)))
    columns = {name: getattr(table, name).copy() for name in table.names()}
    for k, row in enumerate(rows):
        same = {
            "icao": 0x400000 + k, "address_kind": 0, "seen_time_ns": NOW_NS, "messages": 9, "position_time_ns": NOW_NS,
            "velocity_time_ns": NEVER, "on_ground": 0, "lat_deg": 50.0, "lon_deg": 8.0, "receiver": 0,
        }  # fmt: skip
        for name, value in (same | row).items():
            columns[name][k] = value
    return AircraftTable(**columns)


def written(table: AircraftTable, more: More) -> list[dict[str, Any]]:
    return json.loads(AircraftWriter(more=more).file(table, NOW_NS, 0))["aircraft"]


def flown(courses: Courses, steps: int, **row: Any) -> dict[str, Any]:
    """Push pictures of one aircraft that flies north-east, 0.05 nautical miles a second; return the last row."""
    for k in range(steps):
        time_ns = NOW_NS - (steps - 1 - k) * S
        here = {"lat_deg": 50.0 + k * 0.000589, "lon_deg": 8.0 + k * 0.000917, "position_time_ns": time_ns} | row
        last = table_of([here])
        courses.push(Picture(k + 1, time_ns, last, 0))
    return written(last, More(courses))[0]


def test_a_course_is_told_from_place_to_place():
    assert flown(Courses(), 30)["calc_track"] in (44, 45, 46)
    assert "calc_track" not in flown(Courses(), 5)  # a quarter of a mile says nothing


@pytest.mark.parametrize("row", [{"on_ground": 1}, {"velocity_time_ns": NOW_NS, "track_deg": 7.0}])
def test_not_on_the_ground_and_not_beside_a_track_of_its_own(row):
    assert "calc_track" not in flown(Courses(), 30, **row)


def test_a_course_ends_with_its_places():
    courses = Courses()
    flown(courses, 30)
    late = table_of([{"lat_deg": 51.0, "position_time_ns": NOW_NS + 61 * S, "seen_time_ns": NOW_NS + 61 * S}])
    courses.push(Picture(31, NOW_NS + 61 * S, late, 0))
    assert np.isnan(courses.of(late)).all()
    courses.push(Picture(32, NOW_NS + 200 * S, late, 0))
    assert np.isnan(courses.of(late)).all()
    assert len(Courses().of(late)) == 1


def test_courses_are_those_of_each_aircraft():
    courses = Courses()
    bearings = np.arange(0, 360, 7)
    for k in range(3):
        rows = [
            {
                "lat_deg": 0.01 * k * np.cos(np.radians(b)), "lon_deg": 0.01 * k * np.sin(np.radians(b)),
                "position_time_ns": NOW_NS - (2 - k) * S,
            }
            for b in bearings
        ]  # fmt: skip
        table = table_of(rows)
        courses.push(Picture(k + 1, NOW_NS - (2 - k) * S, table, 0))
    found = written(table, More(courses))
    assert [one["calc_track"] for one in found] == bearings.tolist()


def output_of(frames: list[bytes], **columns: Any) -> Output:
    rows = len(frames)
    out, messages = Frames.allocate(rows), Messages.allocate(rows)
    for k, frame in enumerate(frames):
        out.data[k] = np.frombuffer(frame, np.uint8)
    out.id[:] = np.arange(rows)
    said = {"status": 0, "df": out.data[:, 0] >> 3, "typecode": out.data[:, 4] >> 3, "bds": 0x30, "icao": 0x400001}
    said |= {"address_kind": 0, "time_ns": NOW_NS, "repaired_bit": 0}
    for name, value in (said | columns).items():
        getattr(messages, name)[:] = value
    return Output(out, messages, Pipeline().push(Frames.empty()).positions)


def advisory_of(first: int, threat: int, *, terminated: int = 0) -> int:
    """56 bits: climb, do not pass below, a threat with an address."""
    bits = first << 48 | 0b1110000_0000000 << 34 | 0b1000 << 30 | terminated << 29 | 1 << 26 | threat << 2
    assert bits < 1 << 56
    return bits


def frame(df: int, field: int) -> bytes:
    return bytes([df << 3, 0x40, 0, 1]) + field.to_bytes(7, "big") + bytes(3)


BROADCAST, REPLY = 28 << 3 | 2, 0x30


@pytest.mark.parametrize(("df", "first"), [(17, BROADCAST), (16, REPLY), (20, REPLY), (21, REPLY)])
def test_an_advisory_is_told_with_its_bytes(df, first):
    advisories = Advisories()
    field = advisory_of(first, 0xABCDEF)
    advisories.push(output_of([frame(df, field)]), NOW_NS)
    found = written(table_of([{"icao": 0x400000}, {"icao": 0x400001}]), More(advisories=advisories))
    assert "acas_ra" not in found[0]
    told = found[1]["acas_ra"]
    assert told["unix_timestamp"] == NOW_NS // S
    assert told["utc"] == "2023-11-14 22:13:20"
    assert (told["df_type"], told["bytes"]) == (df, field.to_bytes(7, "big").hex())
    assert told["full_bytes"] == frame(df, field).hex()
    assert (told["ARA"], told["RAC"], told["TTI"], told["RAT"], told["MTE"]) == ("1110000", "1000", "01", 0, 0)
    assert told["advisory"]
    assert told["advisory_complement"] == "do not pass below"
    assert told["threat_id_hex"] == "abcdef"
    assert not Advisories().of(NOW_NS)


@pytest.mark.parametrize(
    "columns",
    [{"status": 2}, {"time_ns": UNTIMED}, {"bds": 0}, {"time_ns": NOW_NS - 61 * S}, {"df": 11}],
)
def test_what_is_no_advisory_or_old_is_not_told(columns):
    advisories = Advisories()
    advisories.push(output_of([frame(20, advisory_of(REPLY, 1))], **columns), NOW_NS)
    assert not advisories.of(NOW_NS)


def test_an_empty_register_is_no_advisory_and_an_ended_one_is():
    advisories = Advisories()
    advisories.push(output_of([frame(20, REPLY << 48)]), NOW_NS)
    assert not advisories.of(NOW_NS)
    advisories.push(output_of([frame(20, advisory_of(REPLY, 1, terminated=1))]), NOW_NS)
    assert json.loads(advisories.of(NOW_NS)[0x400001])["RAT"] == 1


def test_a_repaired_message_is_told_put_right():
    good = frame(20, advisory_of(REPLY, 0xABCDEF))
    wrong = bytearray(good)
    wrong[10] ^= 0x40  # bit 82
    advisories = Advisories()
    advisories.push(output_of([bytes(wrong)], repaired_bit=82), NOW_NS)
    assert json.loads(advisories.of(NOW_NS)[0x400001])["full_bytes"] == good.hex()


def test_advisories_are_bounded():
    advisories = Advisories()
    frames = [frame(20, advisory_of(REPLY, 1))] * 1500
    advisories.push(output_of(frames, icao=np.arange(1500)), NOW_NS)
    assert sorted(advisories.of(NOW_NS)) == list(range(500, 1500))


def test_an_aircraft_without_a_place_is_where_its_receiver_is():
    table = table_of([{**NOWHERE, "receiver": 4}, {"receiver": 4}, {**NOWHERE, "receiver": 5}])
    more = More(receiver_place=lambda number: (52.26, -4.75) if number == 4 else None)
    first, second, third = written(table, more)
    assert (first["rr_lat"], first["rr_lon"]) == (52.3, -4.8)
    assert "rr_lat" not in second
    assert "rr_lat" not in third


@pytest.mark.parametrize(("is_public", "receivers", "told"), [(False, 2, True), (True, 1, True), (True, 2, False)])
def test_it_is_told_only_as_far_as_others_may_know(is_public, receivers, told):
    """On a public node the table does not say which receiver it was; the only one has a public place."""
    privacy = Privacy(Blur(b"s" * 32), is_public=is_public)
    reports = [report_of(receiver_at(PLACE, f"r{k}")) for k in range(receivers)]
    reports = [
        dataclasses.replace(report, receiver=dataclasses.replace(report.receiver, number=k))
        for k, report in enumerate(reports)
    ]
    node = dataclasses.replace(node_of(), receivers=lambda: reports)
    clients = Clients(node, privacy=privacy)
    picture = picture_of(table_of([NOWHERE]), NOW_NS)
    privacy.update(reports, picture)
    found = json.loads(clients.writer.file(privacy.picture(picture).table, NOW_NS, 0))["aircraft"]
    assert ("rr_lat" in found[0]) is told
    if told:
        public = privacy.place(0)
        assert public is not None
        assert found[0]["rr_lat"] == pytest.approx(public.lat_deg, abs=0.051)
        assert found[0]["rr_lat"] != pytest.approx(PLACE.lat_deg, abs=0.01)
