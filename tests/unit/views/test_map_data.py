"""Airfields and runways for the map: what each area has, and how it is handed out."""

from __future__ import annotations

from typing import Any

import pytest

from skywitness.reference.airports import AIRPORT_KINDS
from skywitness.reference.load import load_gazetteer
from skywitness.views.api.app import create_app
from skywitness.views.api.security import ApiSettings
from skywitness.views.map_data import CELL_DEG, airfields_of_cell, great_airfields
from tests.fake_node import node_with, served


def test_the_great_ones_come_first_and_only_they():
    rows = great_airfields(load_gazetteer())["airfields"]
    by_code = {row[0]: row for row in rows}
    assert 4000 < len(rows) < 8000
    assert len(by_code) == len(rows)
    assert by_code["EHAM"] == [
        "EHAM",
        "Amsterdam Airport Schiphol",
        4.7639,
        52.3086,
        AIRPORT_KINDS.index("large"),
        0,
        1,
    ]
    assert by_code["OSLK"][2:4] == [35.9487, 35.4011]
    assert all(row[4] == AIRPORT_KINDS.index("large") and row[6] == 1 for row in rows[:300])


def test_every_open_airfield_is_in_its_area_and_no_closed_one():
    gazetteer = load_gazetteer()
    areas = [
        airfields_of_cell(gazetteer, south, west)["airfields"]
        for south in range(-90, 90, CELL_DEG)
        for west in range(-180, 180, CELL_DEG)
    ]
    codes = [row[0] for area in areas for row in area]
    open_rows = (gazetteer.kind != AIRPORT_KINDS.index("closed")).nonzero()[0].tolist()
    assert set(codes) == {gazetteer.code(row) for row in open_rows}
    assert len(open_rows) - len(codes) < 200


def test_runways_lie_from_end_to_end():
    area = airfields_of_cell(load_gazetteer(), 50, 0)
    strip = next(row for row in area["runways"] if row[0] == "18R" and abs(row[1] - 4.71193) < 1e-9)
    assert strip == ["18R", 4.71193, 52.3627, 183.2, "36L", 4.70884, 52.3286, 3.2, 60.4]
    military = {row[0] for row in area["airfields"] if row[5]}
    assert "EHVK" not in military | {row[0] for row in area["airfields"]}  # Volkel is an area further east
    assert "EBFN" in military


def test_answers_are_packed_and_kept_by_their_tag():
    async def scenario(client: Any) -> None:
        answer = await client.get("/map/airfields/50,0")
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.json() == airfields_of_cell(load_gazetteer(), 50, 0)
        same = await client.get("/map/airfields/50,0", headers={"if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        plain = await client.get("/map/airfields/50,0", headers={"accept-encoding": "identity"})
        assert plain.json() == answer.json()
        assert plain.headers["etag"] != answer.headers["etag"]
        for name in ("51,0", "90,0", "0,180", "50", "50,0,0", "%00", "-0x5,0", "nan,0", "999,999"):
            assert (await client.get(f"/map/airfields/{name}")).status_code in (400, 404), name

    served(create_app(node_with(3), ApiSettings()), scenario)


@pytest.mark.parametrize("south", [-90, 85])
def test_poles_have_their_areas(south: int):
    assert set(airfields_of_cell(load_gazetteer(), south, -180)) == {"airfields", "runways"}
