"""aircraft.json of readsb and its relatives: what one receiver showed on its map, as positions.

Whole documents one after the other, or the line for each position that the receiver's JSON port sends. A position's
time is `now` less `seen_pos`; the other values are those known at `now`. See docs/guide/formats.md.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from skywitness.batches import UNTIMED, Positions
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
from skywitness.positions.formats.readsb_fields import address_of, microseconds, source_of, vertical_rate

__all__ = ["SAME_POSITION_NS", "AircraftJsonReader"]

SAME_POSITION_NS = 2_000_000
"""`now` and `seen_pos` are rounded to milliseconds each, so one position's time may be told two milliseconds apart."""

LONGEST_AGE_S = 366 * 86_400.0


class AircraftJsonReader:
    """Fold aircraft.json into positions; any cutting of the text gives the same rows.

    receiver  not used: a row does not say which receiver heard it
    segment   index of the input in the run; a row's `parent` is segment << 32 | running number of the aircraft's entry
    counts    `documents`; entries without a row by reason: `no_position`, `no_address`, `no_time`, `bad_position`,
              `repeated` (a snapshot shows the position of the one before); see ObjectCutter for the rest
    """

    def __init__(self, receiver: int = 0, segment: int = 0) -> None:
        self.receiver = receiver
        self.counts: Counter[str] = Counter()
        self.bytes_read = 0
        self.now_ns = UNTIMED
        """`now` of the latest document; UNTIMED if it told none."""
        self._entry = segment << 32
        self._objects = ObjectCutter(self.counts)
        self._previous: dict[tuple[int, int], ImportedRow] = {}

    def push(self, chunk: bytes | bytearray | memoryview) -> Positions:
        """Return the positions of the documents completed by these bytes."""
        self.bytes_read += len(chunk)
        return self._read(self._objects.push(chunk))

    def flush(self) -> Positions:
        """Return the positions of the complete entries of a last document that is cut off."""
        return self._read(self._objects.flush())

    def _read(self, documents: list[dict[str, Any]]) -> Positions:
        rows: list[ImportedRow] = []
        for document in documents:
            self.counts["documents"] += 1
            now_us = microseconds(document.get("now"))
            self.now_ns = UNTIMED if now_us is None else now_us * 1000
            entries = document.get("aircraft")
            if isinstance(entries, list):
                rows.extend(self._read_snapshot(entries, now_us))
            elif "hex" in document and (row := self._read_entry(document, now_us)) is not None:
                rows.append(row)
        return positions_of(rows)

    def _read_snapshot(self, entries: list[Any], now_us: int | None) -> list[ImportedRow]:
        rows = []
        current: dict[tuple[int, int], ImportedRow] = {}
        for entry in entries:
            row = self._read_entry(entry, now_us)
            if row is None:
                continue
            key = row.icao, row.address_kind
            before = self._previous.get(key)
            if before is not None and _is_same(before, row):
                self.counts["repeated"] += 1
                current[key] = before
            else:
                rows.append(row)
                current[key] = row
        self._previous = current
        return rows

    def _read_entry(self, entry: Any, now_us: int | None) -> ImportedRow | None:
        parent = self._entry
        self._entry += 1
        if not isinstance(entry, dict):
            self.counts["no_address"] += 1
            return None
        kind = entry.get("type")
        address = address_of(entry.get("hex"), kind)
        if address is None:
            self.counts["no_address"] += 1
            return None
        if entry.get("lat") is None or entry.get("lon") is None:
            self.counts["no_position"] += 1
            return None
        lat, lon = number(entry["lat"], -90.0, 90.0), number(entry["lon"], -180.0, 180.0)
        if lat != lat or lon != lon:
            self.counts["bad_position"] += 1
            return None
        age_us = microseconds(entry.get("seen_pos", 0.0))
        if now_us is None or age_us is None or not 0 <= age_us <= LONGEST_AGE_S * 1_000_000:
            self.counts["no_time"] += 1
            return None
        altitude = entry.get("alt_baro")
        altitude_ft = number(altitude, -LARGEST_ALTITUDE_FT, LARGEST_ALTITUDE_FT)
        return ImportedRow(
            time_ns=(now_us - age_us) * 1000,
            icao=address[0],
            address_kind=address[1],
            lat_deg=lat,
            lon_deg=lon,
            parent=parent,
            on_ground=1 if altitude == "ground" else 0 if altitude_ft == altitude_ft else 255,
            altitude_ft=altitude_ft,
            altitude_geom_ft=number(entry.get("alt_geom"), -LARGEST_ALTITUDE_FT, LARGEST_ALTITUDE_FT),
            groundspeed_kt=number(entry.get("gs"), 0.0, LARGEST_SPEED_KT),
            track_deg=number(entry.get("track"), 0.0, 360.0),
            vertical_rate_fpm=number(vertical_rate(entry), -LARGEST_RATE_FPM, LARGEST_RATE_FPM),
            callsign=packed_callsign(entry.get("flight")),
            squawk=packed_squawk(entry.get("squawk")),
            nic=category(entry.get("nic")),
            nac_p=category(entry.get("nac_p")),
            source=source_of("uat" if "uat_version" in entry else kind, entry),
            signal_dbfs=number(entry.get("rssi"), -200.0, 0.0),
        )


def _is_same(before: ImportedRow, row: ImportedRow) -> bool:
    return (
        before.lat_deg == row.lat_deg
        and before.lon_deg == row.lon_deg
        and abs(before.time_ns - row.time_ns) <= SAME_POSITION_NS
    )
