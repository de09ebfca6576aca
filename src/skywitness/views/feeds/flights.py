"""Legs as a table with one row each: both ends with their evidence, candidates and brackets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from skywitness.batches import END_EVIDENCE, I64, PROVENANCES, SIDES, UNTIMED
from skywitness.errors import ConfigError
from skywitness.journeys.legs import FLAGS, Flights
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.units import NMI_M

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ASSERTED", "FORMATS", "TRACK_FORMATS", "address_text", "format_of", "leg_table", "write_table"]

FORMATS = ("jsonl", "csv", "parquet", "arrow", "geojson", "kml")
"""What rows of flights can be written as."""

TRACK_FORMATS = (*FORMATS, "gpx", "czml", "svg", "png")
"""And their tracks, and maps of them."""

ASSERTED = 0.9
"""Probability from which an airport is named without a question mark."""


def address_text(icao: int, kind: int) -> str:
    """Return an address as it is shown: six hexadecimal digits, with ~ before those that are not ICAO's."""
    return ("~" if kind else "") + f"{icao:06x}"


def format_of(path: str, formats: Sequence[str] = FORMATS) -> str:
    """Return the format by a file's name; JSON lines for standard output. Raises ConfigError for another name."""
    if path == "-":
        return "jsonl"
    suffix = PurePath(path).suffix.lower().removeprefix(".")
    if suffix not in formats:
        raise ConfigError(
            f"{path} does not say in which format to write", hint=f"End its name in .{', .'.join(formats)}."
        )
    return suffix


def leg_table(flights: Flights, names: Mapping[int, tuple[str, str]] | None = None) -> pa.Table:
    """Return one row per leg.

    names  registration and type designator of legs, by row of Legs; empty texts where unknown
    """
    import pyarrow as pa

    legs, count = flights.legs, len(flights)
    names = names or {}
    known = [names.get(i, ("", "")) for i in range(count)]
    columns: dict[str, tuple[pa.Array, str, str]] = {
        "icao24": (
            pa.array(list(map(address_text, legs.icao.tolist(), legs.address_kind.tolist())), pa.string()), "",
            "24-bit address, hexadecimal; ~ before it if it is not ICAO's",
        ),
        "registration": (pa.array([one or None for one, _ in known], pa.string()), "", "of the airframe"),
        "typecode": (pa.array([one or None for _, one in known], pa.string()), "", "ICAO type designator"),
        "callsign": (_callsigns(legs.callsign), "", "the one sent longest"),
        "callsigns": (pa.array(legs.callsigns), "count", "different ones sent"),
        "from": (times(legs.from_ns), "UTC", "first reception of the leg"),
        "until": (times(legs.until_ns), "UTC", "last reception of the leg"),
    }  # fmt: skip
    for side, word in enumerate(SIDES):
        columns |= _end_columns(flights, side, word)
    flags = [[name for bit, name in enumerate(FLAGS) if value >> bit & 1] for value in legs.flags.tolist()]
    columns |= {
        "positions": (pa.array(legs.positions), "count", "rows of the leg"),
        "receivers": (pa.array(legs.receivers), "count", "most receivers behind one position"),
        "longest_silence_s": (pa.array(legs.gap_s), "s", "longest silence between two of its positions"),
        "flown_nmi": (
            pa.array((legs.distance_m / NMI_M).astype(np.float32)), "nmi", "along its positions, silences straight",
        ),
        "max_altitude_ft": (_floats(legs.max_altitude_ft), "ft", "highest pressure altitude"),
        "flags": (pa.array(flags, pa.list_(pa.string())), "", "see FLAGS in the reference of legs"),
        "provenance": (_words(legs.provenance, PROVENANCES), "", "received, imported or simulated"),
        "first_parent": (pa.array(legs.first_parent), "", "reception behind its first position"),
        "last_parent": (pa.array(legs.last_parent), "", "reception behind its last position"),
    }  # fmt: skip
    schema = pa.schema(
        [
            pa.field(name, column.type, metadata={"unit": unit, "doc": doc})
            for name, (column, unit, doc) in columns.items()
        ]
    )
    return pa.Table.from_arrays([column for column, _, _ in columns.values()], schema=schema)


def _end_columns(flights: Flights, side: int, word: str) -> dict[str, tuple[Any, str, str]]:
    import pyarrow as pa

    ends, gazetteer = flights.ends, flights.gazetteer
    at = np.arange(side, len(ends), 2)
    airport = ends.airport[at].tolist()
    codes = [gazetteer.code(row) if row >= 0 else None for row in airport]
    probability = ends.probability[at]
    said = probability >= ASSERTED
    runways = [gazetteer.runway_ident[row] if row >= 0 else None for row in ends.runway[at].tolist()]
    return {
        f"{word}_airport": (
            pa.array([code if sure else None for code, sure in zip(codes, said, strict=True)], pa.string()), "",
            f"named only where its probability is {ASSERTED} or more",
        ),
        f"{word}_likeliest": (pa.array(codes, pa.string()), "", "most probable airport; a candidate, no fact"),
        f"{word}_probability": (pa.array(probability), "", "of the likeliest"),
        f"{word}_elsewhere": (pa.array(ends.elsewhere[at]), "", "probability that it is none of the candidates"),
        f"{word}_candidates": (_candidates(flights, at), "", "ranked airports"),
        f"{word}_runway": (pa.array(runways, pa.string()), "", "runway end that fits best"),
        f"{word}_evidence": (_words(ends.evidence[at], END_EVIDENCE), "", "what was observed"),
        f"{word}_not_before": (times(ends.not_before_ns[at]), "UTC", "wheels off or on the ground no earlier"),
        f"{word}_not_after": (times(ends.not_after_ns[at]), "UTC", "and no later"),
        f"{word}_time": (times(ends.time_ns[at]), "UTC", "outermost reception on this side"),
        f"{word}_latitude": (pa.array(ends.lat_deg[at]), "deg", "of that reception, WGS-84"),
        f"{word}_longitude": (pa.array(ends.lon_deg[at]), "deg", "of that reception, WGS-84"),
        f"{word}_altitude_ft": (_floats(ends.altitude_ft[at]), "ft", "pressure altitude of the outermost in the air"),
        f"{word}_height_ft": (_floats(ends.height_ft[at]), "ft", "of that above the likeliest airport"),
        f"{word}_vertical_rate_fpm": (_floats(ends.vertical_rate_fpm[at]), "ft/min", "there"),
        f"{word}_groundspeed_kt": (_floats(ends.groundspeed_kt[at]), "kt", "there"),
        f"{word}_track_deg": (_floats(ends.track_deg[at]), "deg", "there, true"),
        f"{word}_distance_nmi": (_floats(ends.distance_nmi[at]), "nmi", "from the reception to the likeliest airport"),
        f"{word}_receivers": (pa.array(ends.receivers[at]), "count", "behind that reception"),
    }  # fmt: skip


def _candidates(flights: Flights, ends: I64) -> pa.Array:
    import pyarrow as pa

    table, gazetteer = flights.candidates, flights.gazetteer
    first = np.searchsorted(table.end, ends, "left").tolist()
    last = np.searchsorted(table.end, ends, "right").tolist()
    values = [
        [
            {
                "airport": gazetteer.code(int(table.airport[row])),
                "name": gazetteer.name[int(table.airport[row])],
                "probability": round(float(table.probability[row]), 4),
                "distance_nmi": round(float(table.distance_nmi[row]), 1),
            }
            for row in range(a, z)
        ]
        for a, z in zip(first, last, strict=True)
    ]
    kind = pa.struct(
        [("airport", pa.string()), ("name", pa.string()), ("probability", pa.float32()), ("distance_nmi", pa.float32())]
    )
    return pa.array(values, pa.list_(kind))


def times(values: I64) -> pa.Array:
    """Return times in UTC to the millisecond and below; null where there is none."""
    import pyarrow as pa

    return pa.array(values // 1000, pa.timestamp("us", "UTC"), mask=values == UNTIMED)


def _floats(values: Any) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, mask=np.isnan(values))


def _words(codes: Any, words: tuple[str, ...]) -> pa.Array:
    import pyarrow as pa

    return pa.array([words[code] for code in codes.tolist()], pa.string())


def _callsigns(codes: Any) -> pa.Array:
    import pyarrow as pa

    return pa.array([callsign_text(code).strip() if code else None for code in codes.tolist()], pa.string())


def write_table(file: BinaryIO, format: str, table: pa.Table) -> None:
    """Write a table as `jsonl`, `csv`, `parquet` or `arrow`. In CSV a list is its items with spaces between them."""
    import pyarrow.ipc
    import pyarrow.parquet

    if format == "parquet":
        pyarrow.parquet.write_table(table, file, compression="zstd")
    elif format == "arrow":
        with pyarrow.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    elif format == "csv":
        _write_csv(file, table)
    else:
        for row in rows_of(table):
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def rows_of(table: pa.Table) -> Iterable[dict[str, Any]]:
    """Yield rows as plain values, times in ISO 8601 with Z, numbers rounded to what they mean."""
    for batch in table.to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            yield {name: plain_value(value) for name, value in row.items()}


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: plain_value(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain_value(one) for one in value]
    return value


def _write_csv(file: BinaryIO, table: pa.Table) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in rows_of(table):
        writer.writerow(["" if value is None else _cell(value) for value in row.values()])
        if text.tell() > 1 << 20:
            file.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
    file.write(text.getvalue().encode())


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(map(_item, value))
    if isinstance(value, bool):
        return str(value).lower()
    return value


def _item(value: Any) -> str:
    """One item of a list: a candidate as LFPG:0.91, a table in a table as JSON."""
    if isinstance(value, dict) and "airport" in value and "probability" in value:
        return f"{value['airport']}:{value['probability']}"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict) else str(value)
