"""Traces of readsb: the places of one aircraft, a day (`trace_full`) or the last minutes (`trace_recent`).

A row is a list of 14 values (older programs: fewer). Callsign, squawk and accuracy come with about every fourth row
and hold for the rows after it, but not over the beginning of a leg and not over a silence. See
docs/guide/formats.md.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from skywitness.batches import Positions
from skywitness.messages.formats.imported import (
    LARGEST_ALTITUDE_FT,
    LARGEST_RATE_FPM,
    LARGEST_SPEED_KT,
    ImportedRow,
    category,
    number,
    packed_callsign,
    packed_squawk,
    positions_of,
)
from skywitness.positions.formats.json_objects import ObjectCutter
from skywitness.positions.formats.readsb_fields import TIME_LIMIT_S, address_of, microseconds, source_of

__all__ = ["LEG_START", "SILENCE_US", "TraceReader"]

OFFSET_S, LAT, LON, ALTITUDE, SPEED, TRACK, FLAGS, RATE, DETAIL, SOURCE, GEOMETRIC = range(11)
LEAST_COLUMNS = 4

LEG_START = 2
ALTITUDE_IS_GEOMETRIC = 8

SILENCE_US = 300_000_000
"""After five minutes without a position a callsign is no longer taken to be the same."""


class TraceReader:
    """Fold traces, one after the other, into positions; any cutting of the text gives the same rows.

    receiver  not used: a row does not say which receiver heard it
    segment   index of the input in the run; a row's `parent` is segment << 32 | running number of the row
    counts    `documents`; rows that are no position by reason: `bad_row`, `no_address`, `no_time`, `bad_position`;
              see ObjectCutter for the rest
    """

    def __init__(self, receiver: int = 0, segment: int = 0) -> None:
        self.receiver = receiver
        self.counts: Counter[str] = Counter()
        self.bytes_read = 0
        self._row = segment << 32
        self._objects = ObjectCutter(self.counts)

    def push(self, chunk: bytes | bytearray | memoryview) -> Positions:
        """Return the positions of the traces completed by these bytes."""
        self.bytes_read += len(chunk)
        return self._read(self._objects.push(chunk))

    def flush(self) -> Positions:
        """Return the positions of the complete rows of a last trace that is cut off."""
        return self._read(self._objects.flush())

    def _read(self, documents: list[dict[str, Any]]) -> Positions:
        rows: list[ImportedRow] = []
        for document in documents:
            self.counts["documents"] += 1
            trace = document.get("trace")
            if isinstance(trace, list):
                rows.extend(self._read_trace(document, trace))
        return positions_of(rows)

    def _read_trace(self, document: dict[str, Any], trace: list[Any]) -> list[ImportedRow]:
        day_us = microseconds(document.get("timestamp"))
        detail: dict[str, Any] = {}
        latest_us: int | None = None
        rows = []
        for values in trace:
            parent = self._row
            self._row += 1
            if not isinstance(values, list) or len(values) < LEAST_COLUMNS:
                self.counts["bad_row"] += 1
                continue
            offset_us = microseconds(values[OFFSET_S])
            if day_us is None or offset_us is None or abs(day_us + offset_us) > TIME_LIMIT_S * 1_000_000:
                self.counts["no_time"] += 1
                continue
            values = values + [None] * (GEOMETRIC + 1 - len(values))
            flags = values[FLAGS] if isinstance(values[FLAGS], int) else 0
            if flags & LEG_START or (latest_us is not None and offset_us - latest_us > SILENCE_US):
                detail = {}
            if isinstance(values[DETAIL], dict):
                detail = values[DETAIL]
            latest_us = offset_us
            row = self._read_row(document, values, flags, detail, (day_us + offset_us) * 1000, parent)
            if row is not None:
                rows.append(row)
        return rows

    def _read_row(
        self, document: dict[str, Any], values: list[Any], flags: int, detail: dict[str, Any], time_ns: int, parent: int
    ) -> ImportedRow | None:
        kind = detail.get("type") if values[SOURCE] is None else values[SOURCE]
        address = address_of(document.get("icao"), kind)
        if address is None:
            self.counts["no_address"] += 1
            return None
        lat, lon = number(values[LAT], -90.0, 90.0), number(values[LON], -180.0, 180.0)
        if lat != lat or lon != lon:
            self.counts["bad_position"] += 1
            return None
        altitude_ft = number(values[ALTITUDE], -LARGEST_ALTITUDE_FT, LARGEST_ALTITUDE_FT)
        geometric_ft = number(values[GEOMETRIC], -LARGEST_ALTITUDE_FT, LARGEST_ALTITUDE_FT)
        is_airborne = altitude_ft == altitude_ft
        if flags & ALTITUDE_IS_GEOMETRIC:
            if geometric_ft != geometric_ft:
                geometric_ft = altitude_ft
            altitude_ft = float("nan")
        return ImportedRow(
            time_ns=time_ns,
            icao=address[0],
            address_kind=address[1],
            lat_deg=lat,
            lon_deg=lon,
            parent=parent,
            on_ground=1 if values[ALTITUDE] == "ground" else 0 if is_airborne else 255,
            altitude_ft=altitude_ft,
            altitude_geom_ft=geometric_ft,
            groundspeed_kt=number(values[SPEED], 0.0, LARGEST_SPEED_KT),
            track_deg=number(values[TRACK], 0.0, 360.0),
            vertical_rate_fpm=number(values[RATE], -LARGEST_RATE_FPM, LARGEST_RATE_FPM),
            callsign=packed_callsign(detail.get("flight")),
            squawk=packed_squawk(detail.get("squawk")),
            nic=category(detail.get("nic")),
            nac_p=category(detail.get("nac_p")),
            source=source_of(kind),
        )
