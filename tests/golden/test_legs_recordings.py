"""Legs of real flights: what is proven comes out, and nothing is split or joined that is not."""

from __future__ import annotations

import csv
from datetime import datetime

import numpy as np
import pyarrow.parquet as pq
import pytest

from skywitness.batches import END_EVIDENCE
from skywitness.journeys.columns import positions_of
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import Flights, legs
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.reference.load import load_gazetteer
from skywitness.run.flights import read_positions

LANDED = {"N3423Q": [0, 1, 2, 3], "N359DG": [1, 2]}
"""Ends on the ground in the traces, all at 88NV: two local flights; and a landing, 28 minutes there, a take-off."""

ON_GROUND = END_EVIDENCE.index("on_ground")


def flights_of(data_dir, name) -> Flights:
    """Legs of a track file, without the collector's own labels."""
    table = pq.read_table(data_dir / "flights" / "tracks" / f"{name}.parquet")
    labels = [label for label in ("origin", "destination", "flight_id") if label in table.column_names]
    return legs(histories(positions_of(table.drop_columns(labels))), load_gazetteer())


def test_savan_is_seventeen_flights(data_dir):
    flights = flights_of(data_dir, "collections__savan")
    called = [callsign_text(int(code)).strip() for code in flights.legs.callsign]
    assert sorted(called) == [f"SAVAN{number:02}" for number in range(1, 18)]
    assert flights.legs.gap_s.max() == 1600.0  # at FL220: not the end of a flight


@pytest.mark.parametrize(
    "name",
    [
        "calibration__london_heathrow", "calibration__vancouver", "featured__belevingsvlucht", "featured__turkish_flag",
        "gliders__alpi_italiane", "gliders__alto_adige", "gliders__oxford_cambridge", "military__inflight_refuelling",
        "noisy__noisy_ground", "noisy__noisy_landing", "noisy__noisy_time_issue", "surveillance__border_control",
        "featured__airbus_tree", "tv_relay__vasaloppet", "surveys__mecsek_mountains",
    ],
)  # fmt: skip
def test_approaches_without_a_landing_and_silences_do_not_split(data_dir, name):
    assert len(flights_of(data_dir, name)) == 1


def test_the_glider_of_luberon_landed_at_vinon_on_its_way(data_dir):
    # It stands still at 875 ft on that field, is silent for 33 minutes, and is towed up from there.
    flights = flights_of(data_dir, "gliders__luberon")
    gazetteer = flights.gazetteer
    assert len(flights) == 2
    assert flights.ends.evidence[1] == flights.ends.evidence[2] == ON_GROUND
    assert "LFNF" in [
        gazetteer.code(int(row)) for row in gazetteer.near(flights.ends.lat_deg[1], flights.ends.lon_deg[1], 1.0)
    ]


def test_calfire_keeps_the_two_flights_of_one_together(data_dir):
    table = pq.read_table(data_dir / "flights/tracks/firefighting__calfire.parquet")
    table = table.sort_by([("icao24", "ascending"), ("timestamp", "ascending")])
    flights = legs(histories(positions_of(table.drop_columns(["flight_id"]))), load_gazetteer())
    label = np.array(table["flight_id"].to_pylist())
    assert len(flights.histories.rows) == len(label)
    together = [
        {str(one) for one in label[a : z + 1]}
        for a, z in zip(flights.first_row.tolist(), flights.last_row.tolist(), strict=True)
    ]
    assert {"N439DF_156", "T74_157"} in together


def test_readsb_traces_have_a_leg_between_long_silences(data_dir):
    with (data_dir / "flights/truth_readsb_traces.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        path = data_dir / "flights/readsb_traces" / f"trace_full_{row['icao24']}.json"
        flights = legs(histories(read_positions([str(path)])), load_gazetteer())
        silences = row["gaps_over_30min"].split(";") if row["gaps_over_30min"] else []
        stays = LANDED.get(row["registration"], [])
        assert len(flights) == len(silences) + 1 + (row["registration"] == "N359DG"), row["registration"]
        ground = [end for end in range(len(flights.ends)) if flights.ends.evidence[end] == ON_GROUND]
        assert ground == stays, row["registration"]


@pytest.mark.parametrize("name", ["klm1302_20231024.beasthex.csv.zst", "baw3ak_20240606.jet1090.jsonl.gz"])
def test_take_off_and_landing_of_whole_recordings(data_dir, name):
    with (data_dir / "flights/truth_raw_flights.csv").open() as file:
        truth = next(row for row in csv.DictReader(file) if row["file"].endswith(name))
    positions = read_positions([str(data_dir / "raw" / name)])
    positions = positions.take(positions.icao == int(truth["icao24"], 16))
    flights = legs(histories(positions), load_gazetteer())
    assert len(flights) == 1
    assert flights.ends.evidence.tolist() == [ON_GROUND, ON_GROUND]
    for end, column in ((0, "takeoff_utc"), (1, "landing_utc")):
        told_ns = int(datetime.fromisoformat(truth[column]).timestamp()) * 10**9
        slack_ns = int(truth["time_tolerance_s"]) * 10**9
        assert flights.ends.not_before_ns[end] - slack_ns <= told_ns <= flights.ends.not_after_ns[end] + slack_ns
        assert flights.ends.not_after_ns[end] - flights.ends.not_before_ns[end] < 30 * 10**9
