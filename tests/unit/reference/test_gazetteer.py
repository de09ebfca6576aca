"""The gazetteer: what it finds by code, name and place, and how it settles what lists disagree on."""

from __future__ import annotations

import csv
import gzip
import io
import json

import numpy as np
import pytest
import shapely

from skywitness.cli import main
from skywitness.geo.sphere import distance_nmi
from skywitness.reference.borders import airports_in, country_at, load_outlines
from skywitness.reference.load import gazetteer_hash, load_gazetteer
from skywitness.reference.tables import read_header

GAZETTEER = load_gazetteer()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("UUMU", "UUMU"), ("Chkalovsky", "UUMU"), ("Khmeimim", "OSLK"), ("Hmeimim", "OSLK"), ("OSDI", "OSDI"),
        ("Bassel Al-Assad", "OSLK"), ("SVMI", "SVMI"), ("Maiquetía", "SVMI"), ("Maiquetia", "SVMI"),
        ("CCS", "SVMI"), ("GOBD", "GOBD"), ("GOOY", "GOOY"), ("Heathrow", "EGLL"), ("lfpg", "LFPG"),
        ("Schiphol", "EHAM"),
    ],
)  # fmt: skip
def test_an_airport_is_found_by_code_and_by_every_name(text, code):
    assert GAZETTEER.code(GAZETTEER.find(text)[0]) == code


def test_dakar_is_two_airports():
    assert {"GOBD", "GOOY"} <= {GAZETTEER.code(row) for row in GAZETTEER.find("Dakar")}


@pytest.mark.parametrize("text", ["", "   ", "qqqqqqq", "Ω" * 50, "a" * 10_000, "OR 1=1", "\x00"])
def test_nonsense_is_not_found_and_hurts_nothing(text):
    assert GAZETTEER.find(text) == []


def test_near_is_by_distance():
    rows = GAZETTEER.near(49.0, 2.5, 20.0)
    far = distance_nmi(49.0, 2.5, GAZETTEER.lat_deg[rows], GAZETTEER.lon_deg[rows])
    assert (np.diff(far) >= 0).all()
    assert far.max() <= 20.0
    every = distance_nmi(49.0, 2.5, GAZETTEER.lat_deg, GAZETTEER.lon_deg)
    assert set(rows.tolist()) == set(np.flatnonzero(every <= 20.0).tolist())
    assert "LFPG" in {GAZETTEER.code(int(row)) for row in rows}


@pytest.mark.parametrize("place", [(0.0, 179.95), (-16.7, -179.9), (89.9, 0.0), (-89.9, 100.0)])
def test_near_at_the_antimeridian_and_the_poles(place):
    rows = GAZETTEER.near(*place, 120.0)
    every = distance_nmi(*place, GAZETTEER.lat_deg, GAZETTEER.lon_deg)
    assert set(rows.tolist()) == set(np.flatnonzero(every <= 120.0).tolist())


def test_columns_fit_and_values_are_possible():
    assert len(GAZETTEER) > 50_000
    assert (np.abs(GAZETTEER.lat_deg) <= 90).all()
    assert (np.abs(GAZETTEER.lon_deg) <= 180).all()
    known = GAZETTEER.elevation_ft[np.isfinite(GAZETTEER.elevation_ft)]
    assert known.min() > -1_400  # the Dead Sea
    assert known.max() < 23_000  # a helipad in the Himalaya
    assert GAZETTEER.runway_first[-1] == len(GAZETTEER.runway_ident)
    headings = GAZETTEER.runway_heading_deg
    both = headings[0::2], headings[1::2]
    opposite = np.abs((both[0] - both[1] + 360.0) % 360.0 - 180.0)
    assert np.nanmax(opposite) < 5.0


def third_list(data_dir):
    """Places of fields with a location indicator of four letters, by a list that the gazetteer is not made of."""
    with gzip.open(data_dir / "reference" / "vrs_airports.csv.gz", "rt", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if len(row["ICAO"]) == 4 and row["ICAO"].isalpha()]
    return {row["ICAO"]: (float(row["Latitude"]), float(row["Longitude"])) for row in rows}


def off_nmi(truth, codes):
    """How far the gazetteer has each of these fields from that list."""
    by_code = {code: row for row, code in enumerate(GAZETTEER.icao) if code}
    found = [code for code in codes if code in truth and code in by_code]
    rows = [by_code[code] for code in found]
    places = np.array([truth[code] for code in found])
    far = distance_nmi(GAZETTEER.lat_deg[rows], GAZETTEER.lon_deg[rows], places[:, 0], places[:, 1])
    return dict(zip(found, far.tolist(), strict=True))


def test_fields_that_one_list_writes_as_degrees_and_minutes_are_where_they_are(data_dir):
    with (data_dir / "reference" / "airport_position_conflicts.csv").open(encoding="utf-8") as file:
        codes = [row["icao"] for row in csv.DictReader(file) if row["icao"].startswith("EB")]
    off = off_nmi(third_list(data_dir), codes)
    assert len(off) >= 3
    assert max(off.values()) < 2.0


def test_positions_agree_with_a_third_list(data_dir):
    truth = third_list(data_dir)
    off = off_nmi(truth, truth)
    by_code = {code: row for row, code in enumerate(GAZETTEER.icao) if code}
    used = np.array([far for code, far in off.items() if GAZETTEER.kind[by_code[code]] in (1, 2)])  # medium and large
    assert len(used) > 4_000
    assert (used < 2.0).mean() > 0.98
    assert (np.array([*off.values()]) < 2.0).mean() > 0.94  # code collisions among small fields remain


@pytest.mark.parametrize(
    ("place", "country"),
    [((55.75, 37.6), "RU"), ((35.4, 36.0), "SY"), ((10.2, -67.0), "VE"), ((14.75, -17.2), "SN"), ((0.0, -30.0), ""),
     ((48.86, 2.35), "FR"), ((4.9, -52.3), "GF"), ((78.2, 15.6), "SJ"), ((-43.5, 172.6), "NZ"), ((64.1, -21.9), "IS")],
)  # fmt: skip
def test_which_country_a_place_is_in(place, country):
    assert country_at(*place) == country


def test_airports_of_a_country_by_its_outline_and_by_their_own_word():
    outline = load_outlines().polygon("SY")
    inside = {GAZETTEER.code(int(row)) for row in airports_in(GAZETTEER, outline)}
    said = {GAZETTEER.code(int(row)) for row in GAZETTEER.in_country("SY")}
    assert {"OSDI", "OSLK"} <= said
    assert len(inside & said) > 0.8 * len(said)
    square = shapely.box(2.0, 48.5, 3.0, 49.2)
    assert "LFPG" in {GAZETTEER.code(int(row)) for row in airports_in(GAZETTEER, square)}


def test_the_command(capsys):
    assert main(["airport", "Khmeimim"]) == 0
    assert capsys.readouterr().out.startswith("OSLK ")
    assert main(["airport", "55.88,38.06", "--json", "--rows", "1"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["code"] == "UUMU"
    assert facts["distance_nmi"] < 1.5
    assert len(facts["runways"]) >= 2
    assert main(["airport", "Chkalovskiyy"]) != 0
    assert "Did you mean" in capsys.readouterr().err
    assert main(["airport", "0.0,-30.0"]) != 0
    assert "no airfield within 30 nmi" in capsys.readouterr().err


def test_the_hash_is_read_without_the_tables():
    assert gazetteer_hash() == GAZETTEER.content_hash
    for damaged in (b"", b"SKYREF1\n", b"SKYREF2\n\x02\x00\x00\x00{}", b"SKYREF1\n\x02\x00\x00\x00[]"):
        with pytest.raises(ValueError, match=r".+"):
            read_header(io.BytesIO(damaged))
