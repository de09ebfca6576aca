"""Journeys as a table with one row each: both outer ends, legs and stops with their candidates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from skywitness.batches import PROVENANCES, STOP_KINDS
from skywitness.journeys.journeys import Undertakings
from skywitness.journeys.sentences import journey_sentence
from skywitness.views.feeds.flights import ASSERTED, address_text, leg_table, plain_value, times
from skywitness.views.feeds.flights_geojson import leg_features

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["journey_features", "journey_table"]

OUTER = ("airport", "likeliest", "probability", "evidence", "not_before", "not_after", "time", "candidates")


def journey_table(made: Undertakings, names: Mapping[int, tuple[str, str]] | None = None) -> pa.Table:
    """Return one row per journey.

    names  registration and type designator of legs, by row of Legs
    """
    import pyarrow as pa

    table, legs = made.journeys, leg_table(made.flights, names)
    first = pa.array(table.first_leg)
    last = pa.array(table.first_leg + table.legs - 1)
    addresses = list(map(address_text, table.icao.tolist(), table.address_kind.tolist()))
    columns: dict[str, tuple[Any, str, str]] = {
        "icao24": (
            pa.array(addresses, pa.string()),
            "",
            "24-bit address, hexadecimal; ~ before it if it is not ICAO's",
        ),
        "registration": (legs["registration"].take(first), "", "of the airframe"),
        "typecode": (legs["typecode"].take(first), "", "ICAO type designator"),
        "from": (times(table.from_ns), "UTC", "first reception"),
        "until": (times(table.until_ns), "UTC", "last reception"),
        "legs": (pa.array(table.legs), "count", "flights that were told apart"),
    }
    for side, rows in (("departure", first), ("arrival", last)):
        for name in OUTER:
            column = legs[f"{side}_{name}"]
            field = legs.schema.field(f"{side}_{name}")
            about = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
            columns[f"{side}_{name}"] = (column.take(rows), about.get("unit", ""), about.get("doc", ""))
    columns["stops"] = (pa.array([_stops(made, j) for j in range(len(made))], _stop_type()), "", "in order of time")
    known = [(names or {}).get(leg, ("", "")) for leg in table.first_leg.tolist()]
    titles = [f"{one} ({kind})" if one and kind else one or kind for one, kind in known]
    sentences = [journey_sentence(made, j, title) for j, title in enumerate(titles)]
    columns["sentence"] = (pa.array(sentences, pa.string()), "", "the journey in words")
    words = [PROVENANCES[code] for code in table.provenance.tolist()]
    columns["provenance"] = (pa.array(words, pa.string()), "", "received, imported or simulated")
    schema = pa.schema(
        [
            pa.field(name, column.type, metadata={"unit": unit, "doc": doc})
            for name, (column, unit, doc) in columns.items()
        ]
    )
    return pa.Table.from_arrays([_one(column) for column, _, _ in columns.values()], schema=schema)


def _one(column: Any) -> Any:
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column


def _stop_type() -> Any:
    import pyarrow as pa

    moment = pa.timestamp("us", "UTC")
    candidate = pa.struct([("airport", pa.string()), ("name", pa.string()), ("probability", pa.float32())])
    return pa.list_(
        pa.struct(
            [
                ("kind", pa.string()), ("not_before", moment), ("not_after", moment), ("happened", pa.float32()),
                ("airport", pa.string()), ("candidates", pa.list_(candidate)),
            ]
        )
    )  # fmt: skip


def _stops(made: Undertakings, journey: int) -> list[dict[str, Any]]:
    table, gazetteer = made.stops, made.flights.gazetteer
    start = int(made.journeys.first_stop[journey])
    found = []
    for stop in range(start, start + int(made.journeys.stops[journey])):
        a = int(table.first_candidate[stop])
        candidates = [
            {
                "airport": gazetteer.code(int(made.candidates.airport[row])),
                "name": gazetteer.name[int(made.candidates.airport[row])],
                "probability": round(float(made.candidates.probability[row]), 4),
            }
            for row in range(a, a + int(table.candidates[stop]))
        ]
        sure = table.probability[stop] >= ASSERTED
        found.append(
            {
                "kind": STOP_KINDS[table.kind[stop]],
                "not_before": int(table.not_before_ns[stop]) // 1000,
                "not_after": int(table.not_after_ns[stop]) // 1000,
                "happened": float(table.happened[stop]),
                "airport": gazetteer.code(int(table.airport[stop])) if sure else None,
                "candidates": candidates,
            }
        )
    return found


def journey_features(
    made: Undertakings, names: Mapping[int, tuple[str, str]] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the GeoJSON features of all journeys: those of their legs, and a point for each candidate of each stop."""
    gazetteer = made.flights.gazetteer
    journey_of: dict[int, int] = {}
    for number in range(len(made)):
        first = int(made.journeys.first_leg[number])
        journey_of |= dict.fromkeys(range(first, first + int(made.journeys.legs[number])), number)
    for feature in leg_features(made.flights, names):
        feature["properties"]["journey"] = journey_of.get(feature["properties"]["leg"])
        yield feature
    for number in range(len(made)):
        for place, stop in enumerate(_stops(made, number)):
            row = int(made.journeys.first_stop[number]) + place
            for k, candidate in enumerate(stop["candidates"]):
                field = int(made.candidates.airport[int(made.stops.first_candidate[row]) + k])
                where = [round(float(axis[field]), 6) for axis in (gazetteer.lon_deg, gazetteer.lat_deg)]
                yield {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": where},
                    "properties": {
                        "feature": "stop_candidate", "journey": number, "kind": stop["kind"],
                        "happened": plain_value(stop["happened"]), **candidate,
                    },
                }  # fmt: skip
