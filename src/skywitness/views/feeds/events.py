"""Events as a table with one row each, and as GeoJSON and KML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.sax.saxutils import escape

import numpy as np

from skywitness.batches import EVENT_KINDS, PROVENANCES, Events
from skywitness.journeys.event_sentences import callsigns_of, event_sentence
from skywitness.journeys.events import MEASURES
from skywitness.journeys.legs import Flights
from skywitness.views.feeds.flights import address_text, rows_of, times

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["event_features", "event_sentences", "event_table", "write_event_kml"]

NO_ICAO = 0xFFFFFFFF


def event_table(flights: Flights, made: Events, names: Mapping[int, str] | None = None) -> pa.Table:
    """Return one row per event.

    names  of airframes by address, such as "RA-82035 (A124)", for the sentences
    """
    import pyarrow as pa

    callsigns = callsigns_of(flights, made)
    kinds = [EVENT_KINDS[code] for code in made.kind.tolist()]
    ident = flights.gazetteer.runway_ident
    others = [
        None if icao == NO_ICAO else address_text(icao, kind)
        for icao, kind in zip(made.other_icao.tolist(), made.other_address_kind.tolist(), strict=True)
    ]
    columns: dict[str, tuple[Any, str, str]] = {
        "icao24": (
            pa.array(list(map(address_text, made.icao.tolist(), made.address_kind.tolist())), pa.string()), "",
            "24-bit address, hexadecimal; ~ before it if it is not ICAO's",
        ),
        "callsign": (pa.array([one or None for one, _ in callsigns], pa.string()), "", "at its first position"),
        "kind": (pa.array(kinds, pa.string()), "", "see EVENT_KINDS"),
        "from": (times(made.from_ns), "UTC", "begin; the moment itself where it is one"),
        "until": (times(made.until_ns), "UTC", "end"),
        "latitude": (pa.array(made.lat_deg), "deg", "the moment's place, or that of the middle position, WGS-84"),
        "longitude": (pa.array(made.lon_deg), "deg", "the moment's place, or that of the middle position, WGS-84"),
        "altitude_ft": (_floats(made.altitude_ft), "ft", "pressure altitude there"),
        "airport": (
            pa.array([flights.gazetteer.code(row) if row >= 0 else None for row in made.airport.tolist()], pa.string()),
            "", "where it was",
        ),
        "runway": (
            pa.array([ident[row] if row >= 0 else None for row in made.runway.tolist()], pa.string()), "", "runway end",
        ),
        "other_icao24": (pa.array(others, pa.string()), "", "the second aircraft"),
        "value": (_floats(made.value), "", "the figure that decided"),
        "threshold": (_floats(made.threshold), "", "what it was compared with"),
        "unit": (pa.array([MEASURES[kind][0] or None for kind in kinds], pa.string()), "", "of value and threshold"),
        "confidence": (pa.array(made.confidence), "", "0 to 1; 1 where it was observed directly"),
        "callsign_after": (
            pa.array([two if kind == "callsign_change" and two else None for kind, (_, two) in
                      zip(kinds, callsigns, strict=True)], pa.string()), "", "of a change",
        ),
        "sentence": (
            pa.array(event_sentences(flights, made, callsigns, names), pa.string()), "", "the event in words",
        ),
        "provenance": (
            pa.array([PROVENANCES[code] for code in made.provenance.tolist()], pa.string()), "",
            "received, imported or simulated",
        ),
        "first_parent": (pa.array(made.first_parent), "", "reception behind its first position"),
        "last_parent": (pa.array(made.last_parent), "", "reception behind its last position"),
    }  # fmt: skip
    schema = pa.schema(
        [
            pa.field(name, column.type, metadata={"unit": unit, "doc": doc})
            for name, (column, unit, doc) in columns.items()
        ]
    )
    return pa.Table.from_arrays([column for column, _, _ in columns.values()], schema=schema)


def event_sentences(
    flights: Flights, made: Events, callsigns: Sequence[tuple[str, str]], names: Mapping[int, str] | None
) -> list[str]:
    """Return each event in words."""
    names = names or {}
    return [
        event_sentence(flights, made, event, callsigns[event], names.get(int(made.icao[event]), ""))
        for event in range(len(made))
    ]


def event_features(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield each event of a table as a point of GeoJSON."""
    for row in rows_of(table):
        where = [round(row.pop("longitude"), 6), round(row.pop("latitude"), 6)]
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": where},
            "properties": {"feature": "event", **row},
        }


def write_event_kml(file: BinaryIO, table: pa.Table) -> None:
    """Write each event of a table as a placemark of KML 2.2, on the ground below it."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
    file.write(head.encode())
    for row in rows_of(table):
        span = f"<TimeSpan><begin>{row['from']}</begin><end>{row['until']}</end></TimeSpan>"
        file.write(
            f"<Placemark><name>{escape(row['kind'])} {escape(row['icao24'])}</name>"
            f"<description>{escape(row['sentence'])}</description>{span}"
            f"<Point><coordinates>{row['longitude']:.6f},{row['latitude']:.6f}</coordinates></Point></Placemark>\n".encode()
        )
    file.write(b"</Document></kml>\n")


def _floats(values: Any) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, mask=np.isnan(values))
