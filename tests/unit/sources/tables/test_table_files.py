"""Tables of other programs: units, times, addresses, and precise refusals of what is something else."""

from __future__ import annotations

import datetime
import gzip
import io
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skywitness.batches import POSITION_SOURCES, VERDICTS, Positions
from skywitness.errors import FormatError
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.sources.tables.files import TableFile, suffix_of

T0 = 1_553_256_000
ROWS = 60
KT, FT, FPM = 1852 / 3600, 0.3048, 0.3048 / 60


def flight(rows: int = ROWS) -> dict[str, list[float]]:
    """An aircraft that flies 80 degrees at 240 kt and climbs 1,500 ft/min, every 5 s."""
    out: dict[str, list[float]] = {name: [] for name in ("time", "lat", "lon", "ft", "kt", "track", "fpm")}
    lat, lon = 47.0, 8.0
    for row in range(rows):
        moved = 240 * KT * 5 / 6_371_008.8
        lat += math.degrees(moved * math.cos(math.radians(80)))
        lon += math.degrees(moved * math.sin(math.radians(80)) / math.cos(math.radians(lat)))
        values = (T0 + 5 * row, lat, lon, 5000 + 125 * row, 240, 80, 1500)
        for name, value in zip(out, values, strict=True):
            out[name].append(value)
    return out


def csv_of(columns: dict[str, list[object]]) -> bytes:
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join("" if v is None else str(v) for v in row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def read(data: bytes, name: str, **options: object) -> tuple[Positions, TableFile]:
    table = TableFile(io.BytesIO(data), name, **options)  # type: ignore[arg-type]
    return Positions.concat([positions for positions, _ in table.positions()]), table


def refusal(data: bytes, name: str, **options: object) -> str:
    with pytest.raises(FormatError) as caught:
        read(data, name, **options)
    assert name in str(caught.value)
    return str(caught.value)


def traffic(**changes: list[object]) -> dict[str, list[object]]:
    f = flight()
    times = [datetime.datetime.fromtimestamp(t, datetime.UTC).isoformat() for t in f["time"]]
    return {
        "timestamp": times, "icao24": ["154073"] * ROWS, "callsign": ["RFF7013"] * ROWS, "latitude": f["lat"],
        "longitude": f["lon"], "altitude": f["ft"], "groundspeed": f["kt"], "track": f["track"],
        "vertical_rate": f["fpm"], "squawk": ["7700"] * ROWS, "onground": ["False"] * ROWS,
    } | changes  # type: ignore[return-value]  # fmt: skip


def opensky(**changes: list[object]) -> dict[str, list[object]]:
    f = flight()
    return {
        "time": [t + 3 for t in f["time"]], "icao24": ["154073"] * ROWS, "lat": f["lat"], "lon": f["lon"],
        "velocity": [kt * KT for kt in f["kt"]], "heading": f["track"], "vertrate": [v * FPM for v in f["fpm"]],
        "callsign": ["RFF7013 "] * ROWS, "onground": ["False"] * ROWS, "alert": ["False"] * ROWS,
        "squawk": ["7700"] * ROWS, "baroaltitude": [a * FT for a in f["ft"]],
        "geoaltitude": [a * FT + 30.48 for a in f["ft"]], "lastposupdate": [t + 0.25 for t in f["time"]],
    } | changes  # type: ignore[return-value]  # fmt: skip


def is_the_flight(found: Positions) -> None:
    f = flight()
    assert len(found) == ROWS
    assert set(found.icao.tolist()) == {0x154073}
    np.testing.assert_allclose(found.lat_deg, f["lat"], atol=6e-7)
    np.testing.assert_allclose(found.lon_deg, f["lon"], atol=6e-7)
    np.testing.assert_allclose(found.altitude_ft, f["ft"], atol=0.6)
    np.testing.assert_allclose(found.groundspeed_kt, f["kt"], atol=0.06)
    np.testing.assert_allclose(found.vertical_rate_fpm, f["fpm"], atol=0.6)
    assert callsign_text(int(found.callsign[0])).strip() == "RFF7013"
    assert set(found.squawk.tolist()) == {0o7700}
    assert set(found.on_ground.tolist()) == {0}


def test_traffic_in_csv():
    found, table = read(csv_of(traffic()), "t.csv")
    is_the_flight(found)
    assert table.dialect is not None
    assert table.dialect.name == "traffic"
    assert found.time_ns.tolist() == [t * 1_000_000_000 for t in flight()["time"]]


def test_traffic_in_parquet_compressed_csv_and_json_lines():
    columns = traffic()
    f = flight()
    times = pa.array([int(t * 1e6) for t in f["time"]], pa.timestamp("us", "UTC"))
    table = pa.table({**columns, "timestamp": times, "squawk": [7700.0] * ROWS, "onground": [False] * ROWS})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    is_the_flight(read(sink.getvalue(), "t.parquet")[0])
    is_the_flight(read(gzip.compress(csv_of(columns)), "t.csv.gz")[0])
    import json

    lines = "\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True))
    is_the_flight(read(lines.encode(), "t.jsonl")[0])


def test_opensky_is_converted_and_its_time_is_that_of_the_position():
    found, table = read(csv_of(opensky()), "states.csv")
    is_the_flight(found)
    assert table.dialect is not None
    assert table.dialect.name == "opensky"
    assert found.time_ns[0] == T0 * 1_000_000_000 + 250_000_000
    np.testing.assert_allclose(found.altitude_geom_ft, np.array(flight()["ft"]) + 100, atol=0.6)


def fr24(**changes: list[object]) -> bytes:
    f = flight()
    columns: dict[str, list[object]] = {
        "Timestamp": f["time"],
        "UTC": [datetime.datetime.fromtimestamp(t, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for t in f["time"]],
        "Callsign": ["RFF7013"] * ROWS,
        "Position": [f'"{a},{b}"' for a, b in zip(f["lat"], f["lon"], strict=True)],
        "Altitude": f["ft"], "Speed": f["kt"], "Direction": f["track"],
    } | changes  # type: ignore[assignment]  # fmt: skip
    return csv_of(columns)


def test_flightradar24_needs_an_address():
    found, table = read(fr24(), "RFF7013.csv", icao=0x154073)
    assert table.dialect is not None
    assert table.dialect.name == "flightradar24"
    assert len(found) == ROWS
    np.testing.assert_allclose(found.lat_deg, flight()["lat"], atol=6e-7)
    np.testing.assert_allclose(found.altitude_ft, flight()["ft"])
    assert "--icao" in refusal(fr24(), "RFF7013.csv")


def test_flightradar24_in_local_time_is_found():
    said = refusal(fr24(Timestamp=[t + 10_800 for t in flight()["time"]]), "x.csv", icao=0x154073)
    assert "row 1" in said
    assert "-3.0 h" in said


def kml(times: list[str] | None = None) -> bytes:
    f = flight()
    times = times or [f"2019-03-22T12:{n // 12:02d}:{n * 5 % 60:02d}Z" for n in range(ROWS)]
    whens = "".join(f"<when>{t}</when>" for t in times)
    coords = "".join(
        f"<gx:coord>{b} {a} {c * FT:.1f}</gx:coord>" for a, b, c in zip(f["lat"], f["lon"], f["ft"], strict=True)
    )
    return (
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2" '
        'xmlns:gx="http://www.google.com/kml/ext/2.2"><Document><Placemark><name>FlightAware RFF7013</name>'
        f"<gx:Track>{whens}{coords}</gx:Track></Placemark></Document></kml>"
    ).encode()


def test_flightaware_kml():
    found, _ = read(kml(), "flight.kml", icao=0x154073)
    assert len(found) == ROWS
    np.testing.assert_allclose(found.altitude_ft, flight()["ft"], atol=0.6)
    assert callsign_text(int(found.callsign[0])).strip() == "RFF7013"
    assert "59 times and 60 places" in refusal(kml(["2019-03-22T12:00:00Z"] * 59), "flight.kml", icao=1)
    assert "without a zone" in refusal(kml(["2019-03-22T12:00:00"] * 60), "flight.kml", icao=1)
    assert "no whole KML" in refusal(kml()[:-20], "flight.kml", icao=1)
    assert "entities" in refusal(b'<!DOCTYPE a [<!ENTITY b "c">]><kml/>', "flight.kml", icao=1)
    assert "no gx:Track" in refusal(b'<kml xmlns="http://www.opengis.net/kml/2.2"/>', "flight.kml", icao=1)


def test_flightaware_tables_are_in_hundreds_of_feet_and_projections_are_estimates():
    f = flight()
    columns: dict[str, list[object]] = {
        "timestamp": [datetime.datetime.fromtimestamp(t, datetime.UTC).isoformat() for t in f["time"]],
        "latitude": f["lat"], "longitude": f["lon"], "altitude": [a // 100 for a in f["ft"]],
        "groundspeed": f["kt"], "heading": f["track"], "update_type": ["A"] * 40 + ["M"] * 10 + ["P"] * 10,
    }  # type: ignore[dict-item]  # fmt: skip
    found, _ = read(csv_of(columns), "x.csv", icao=0x154073)
    np.testing.assert_allclose(found.altitude_ft, f["ft"], atol=100)
    assert (found.verdict == VERDICTS.index("estimated")).tolist() == [False] * 50 + [True] * 10
    assert found.source[45] == POSITION_SOURCES.index("mlat")
    assert "cannot be hundreds of feet" in refusal(csv_of(columns | {"altitude": f["ft"]}), "x.csv", icao=1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"groundspeed": [240 * KT] * ROWS}, "metres a second, not in knots"),
        ({"groundspeed": [240 * 1.852] * ROWS}, "kilometres an hour, not in knots"),
        ({"altitude": [a * FT for a in flight()["ft"]]}, "altitude is in metres, not in feet"),
        (
            {"altitude": [a * FT for a in flight()["ft"]], "vertical_rate": [1500 * FPM] * ROWS},
            "metres, and the rate in metres a second",
        ),
        ({"latitude": flight()["lon"], "longitude": flight()["lat"]}, "swapped"),
        ({"latitude": [97.5] * ROWS}, "row 1, column 'latitude': 97.5 is beyond 90 degrees"),
        ({"timestamp": ["2019-03-22 12:00:00"] * ROWS}, "row 1, column 'timestamp'"),
        ({"timestamp": ["soon"] * ROWS}, "'soon' is no time"),
        ({"timestamp": ["1970-01-01T00:00:05Z"] * ROWS}, "the year 1970"),
        ({"longitude": [*flight()["lon"][:6], "east", *flight()["lon"][7:]]}, "row 7, column 'longitude': 'east'"),
        ({"altitude_m": [3000] * ROWS}, "'altitude_m' tells of metres"),
        ({"altitude": [900_000] * ROWS}, "cannot be ft"),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(changes: dict[str, list[object]], words: str):
    assert words in refusal(csv_of(traffic(**changes)), "t.csv")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"velocity": [240] * ROWS}, "knots, not in metres a second"),
        ({"baroaltitude": flight()["ft"]}, "feet, and the rate in metres a second"),
        ({"baroaltitude": [39_000] * ROWS}, "cannot be m"),
        ({"lat": [None] * 5 + flight()["lat"][5:], "lon": ["x"] * ROWS}, "row 1, column 'lon'"),
    ],
)
def test_opensky_in_other_units_is_refused(changes: dict[str, list[object]], words: str):
    assert words in refusal(csv_of(opensky(**changes)), "s.csv")


def test_missing_columns_are_named():
    columns = traffic()
    del columns["timestamp"]
    assert "no column timestamp" in refusal(csv_of(columns), "t.csv")
    columns = opensky()
    del columns["lat"]
    assert "no column lat_deg or latitude or lat" in refusal(csv_of(columns), "s.csv")
    assert "known" in refusal(b"a,b\n1,2\n", "x.csv")
    assert "local times" in refusal(b"Time (EDT),Latitude,Longitude\nFri 09:00:00 AM,1,2\n", "x.csv")


def test_times_without_a_zone_are_taken_for_utc_if_somebody_says_so():
    naive = [t.removesuffix("+00:00") for t in map(str, traffic()["timestamp"])]
    is_the_flight(read(csv_of(traffic(timestamp=naive)), "t.csv", assume_utc=True)[0])


def test_addresses_that_became_numbers_are_refused():
    times = pa.array([int(t * 1e6) for t in flight()["time"]], pa.timestamp("us", "UTC"))
    sink = io.BytesIO()
    pq.write_table(pa.table({**traffic(), "timestamp": times, "icao24": [154073] * ROWS}), sink)
    assert "hexadecimal digits" in refusal(sink.getvalue(), "t.parquet")


def test_rows_without_place_time_or_address_are_counted():
    f = flight()
    columns = traffic(
        latitude=[None, *f["lat"][1:]], icao24=["154073"] * 2 + ["zzz"] + ["154073"] * (ROWS - 3),
        altitude=["high", *f["ft"][1:]],
    )  # fmt: skip
    columns["timestamp"][1] = None
    found, table = read(csv_of(columns), "t.csv")
    assert len(found) == ROWS - 3
    assert {k: v for k, v in table.refused.items() if v} == {
        "no_position": 1, "no_time": 1, "no_address": 1, "bad_value": 1,
    }  # fmt: skip


def test_pickles_are_refused():
    assert "any program" in refusal(b"\x80\x04.", "frame.pkl")


def test_names_say_what_a_table_is():
    assert [suffix_of(n) for n in ("a.csv", "A.CSV.gz", "a.parquet", "a.beast", "a.gz")] == [
        ".csv", ".csv", ".parquet", "", "",
    ]  # fmt: skip
