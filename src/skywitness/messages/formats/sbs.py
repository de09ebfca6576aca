"""SBS/BaseStation lines, read: what port 30003 of somebody's decoder gave, as positions.

A line says what one message said, so a position's speed, callsign and squawk come from earlier lines of the same
aircraft, as long as they are fresh. Times are taken for UTC, the date "generated" before the date "logged". Lines of a
multilateration server, which put the number of receivers where the alert flag is, and logs that put nanoseconds before
each line are understood. See docs/guide/formats.md.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from skywitness.batches import ADDRESS_KINDS, POSITION_SOURCES, Positions
from skywitness.frames.formats.lines import LineCutter
from skywitness.frames.formats.log_date import log_start_ns
from skywitness.messages.formats.imported import (
    LARGEST_ALTITUDE_FT,
    LARGEST_RATE_FPM,
    LARGEST_SPEED_KT,
    ImportedRow,
    packed_callsign,
    packed_squawk,
    positions_of,
)
from skywitness.units import NS_PER_S

__all__ = ["FRESH_NS", "NAMED_NS", "SbsReader"]

FRESH_NS = 30 * NS_PER_S
"""Altitude, speed, track, rate and air/ground state are not carried over longer than that."""
NAMED_NS = 600 * NS_PER_S
"""Callsign and squawk are not carried over longer than that."""

MOST_AIRCRAFT = 1 << 16
"""Above it, those not heard for NAMED_NS are forgotten."""

FIELDS = 22
LONGEST_LINE = 512
(KIND, TYPE, HEX, DATE, TIME, LOGGED_DATE, LOGGED_TIME, CALLSIGN, ALTITUDE, SPEED, TRACK, LAT, LON, RATE, SQUAWK, ALERT,
 ON_GROUND) = 0, 1, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21  # fmt: skip
SURFACE_TYPE, AIRBORNE_TYPE = "2", "3"

OTHER_KINDS = ("SEL", "ID", "AIR", "STA", "CLK")
NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,12})?")
CLOCK = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?")
DAY = re.compile(r"([0-9]{4})[/-]([0-9]{2})[/-]([0-9]{2})")
ADDRESS = re.compile(r"(~?)([0-9A-Fa-f]{6})")
LEAST_MLAT_RECEIVERS, MOST_RECEIVERS = 2, 1000

OTHER, MLAT = POSITION_SOURCES.index("other"), POSITION_SOURCES.index("mlat")
ANONYMOUS = ADDRESS_KINDS.index("anonymous")
NEVER = -(1 << 62)
NAN = math.nan
UNKNOWN = 255
NO_SQUAWK = 0xFFFF


@dataclass(slots=True)
class _Known:
    """What earlier lines said of an aircraft, and when."""

    heard_ns: int = NEVER
    altitude_ft: float = NAN
    altitude_geom_ft: float = NAN
    altitude_ns: int = NEVER
    groundspeed_kt: float = NAN
    track_deg: float = NAN
    motion_ns: int = NEVER
    rate_fpm: float = NAN
    rate_ns: int = NEVER
    on_ground: int = UNKNOWN
    ground_ns: int = NEVER
    callsign: int = 0
    callsign_ns: int = NEVER
    squawk: int = NO_SQUAWK
    squawk_ns: int = NEVER


class SbsReader:
    """Fold lines into positions; any cutting of the text gives the same rows.

    receiver  not used: a line does not say which receiver heard it
    segment   index of the input in the run; a row's `parent` is segment << 32 | number of the line, counted from 0
    counts    lines without a row by reason: `no_position` (what they say is kept for the rows that follow), `no_time`,
              `bad_position`, `bad_line`, `heartbeat` (blank) and, in lower case, the kinds that tell no message
    """

    def __init__(self, receiver: int = 0, segment: int = 0) -> None:
        self.receiver = receiver
        self.counts: Counter[str] = Counter()
        self.bytes_read = 0
        self._line = segment << 32
        self._lines = LineCutter(self.counts)
        self._aircraft: dict[int, _Known] = {}
        self._start_ns: int | None = None
        self._forget_at = MOST_AIRCRAFT

    def push(self, chunk: bytes | bytearray | memoryview) -> Positions:
        """Return the positions of the lines completed by these bytes."""
        self.bytes_read += len(chunk)
        return self._read(self._lines.push(bytes(chunk)))

    def flush(self) -> Positions:
        """Return the position of a last line without a line end."""
        return self._read(self._lines.flush())

    def _read(self, lines: list[bytes]) -> Positions:
        rows = []
        for line in lines:
            row = self._read_line(line, self._line)
            self._line += 1
            if row is not None:
                rows.append(row)
        return positions_of(rows)

    def _read_line(self, line: bytes, parent: int) -> ImportedRow | None:
        if not line.strip():
            self.counts["heartbeat"] += 1
            return None
        fields = [field.strip() for field in line[:LONGEST_LINE].decode("ascii", "replace").split(",")]
        logged_ns = None
        if fields[0] == "START":
            self._start_ns = log_start_ns(line)
            self.counts["start"] += 1
            return None
        if len(fields[0]) <= 18 and fields[0].isdigit():
            logged_ns = None if self._start_ns is None else self._start_ns + int(fields[0])
            fields = fields[1:]
        if fields and fields[KIND] in OTHER_KINDS:
            self.counts[fields[KIND].lower()] += 1
            return None
        fields += [""] * (FIELDS - len(fields))
        address = ADDRESS.fullmatch(fields[HEX])
        if fields[KIND] != "MSG" or fields[TYPE] not in tuple("12345678") or address is None:
            self.counts["bad_line"] += 1
            self.counts["skipped"] += len(line)
            return None
        time_ns = _time_ns(fields[DATE], fields[TIME])
        if time_ns is None:
            time_ns = _time_ns(fields[LOGGED_DATE], fields[LOGGED_TIME])
        if time_ns is None:
            time_ns = logged_ns
        if time_ns is None:
            self.counts["no_time"] += 1
            return None
        kind = ANONYMOUS if address[1] else 0
        return self._read_message(fields, int(address[2], 16), kind, time_ns, parent)

    def _read_message(
        self, fields: Sequence[str], icao: int, kind: int, time_ns: int, parent: int
    ) -> ImportedRow | None:
        known = self._aircraft.get(kind << 24 | icao)
        if known is None:
            known = self._aircraft[kind << 24 | icao] = _Known()
            if len(self._aircraft) > self._forget_at:
                self._forget(time_ns)
        receivers = _mlat_receivers(fields)
        _take_in(known, fields, time_ns)
        if not fields[LAT] and not fields[LON]:
            self.counts["no_position"] += 1
            return None
        lat, lon = _number(fields[LAT], -90.0, 90.0), _number(fields[LON], -180.0, 180.0)
        if lat != lat or lon != lon:
            self.counts["bad_position"] += 1
            return None
        fresh, named = time_ns - FRESH_NS, time_ns - NAMED_NS
        on_ground = known.on_ground if known.ground_ns >= fresh else UNKNOWN
        has_altitude = known.altitude_ns >= fresh and on_ground != 1
        has_motion = known.motion_ns >= fresh
        return ImportedRow(
            time_ns=time_ns,
            icao=icao,
            address_kind=kind,
            lat_deg=lat,
            lon_deg=lon,
            parent=parent,
            on_ground=on_ground,
            altitude_ft=known.altitude_ft if has_altitude else NAN,
            altitude_geom_ft=known.altitude_geom_ft if has_altitude else NAN,
            groundspeed_kt=known.groundspeed_kt if has_motion else NAN,
            track_deg=known.track_deg if has_motion else NAN,
            vertical_rate_fpm=known.rate_fpm if known.rate_ns >= fresh else NAN,
            callsign=known.callsign if known.callsign_ns >= named else 0,
            squawk=known.squawk if known.squawk_ns >= named else NO_SQUAWK,
            source=MLAT if receivers else OTHER,
            receivers=receivers,
        )

    def _forget(self, time_ns: int) -> None:
        kept = {key: known for key, known in self._aircraft.items() if known.heard_ns >= time_ns - NAMED_NS}
        if len(kept) > MOST_AIRCRAFT:  # all at once: no sky holds so many
            kept = {}
        self._aircraft = kept
        self._forget_at = max(MOST_AIRCRAFT, 2 * len(kept))


def _take_in(known: _Known, fields: Sequence[str], time_ns: int) -> None:
    """Note what a line says."""
    known.heard_ns = time_ns
    if fields[ALTITUDE]:
        is_geometric = fields[ALTITUDE][-1] in "Hh"
        altitude_ft = _number(fields[ALTITUDE].rstrip("Hh"), -LARGEST_ALTITUDE_FT, LARGEST_ALTITUDE_FT)
        if altitude_ft == altitude_ft:
            known.altitude_ft = NAN if is_geometric else altitude_ft
            known.altitude_geom_ft = altitude_ft if is_geometric else NAN
            known.altitude_ns = time_ns
    if fields[SPEED] or fields[TRACK]:
        known.groundspeed_kt = _number(fields[SPEED], 0.0, LARGEST_SPEED_KT)
        known.track_deg = _number(fields[TRACK], -360.0, 360.0)
        known.motion_ns = time_ns
    if fields[RATE]:
        known.rate_fpm = _number(fields[RATE], -LARGEST_RATE_FPM, LARGEST_RATE_FPM)
        known.rate_ns = time_ns
    if fields[ON_GROUND] in ("-1", "1", "0") or fields[TYPE] == SURFACE_TYPE:
        known.on_ground = int(fields[ON_GROUND] != "0")
        known.ground_ns = time_ns
    if callsign := packed_callsign(fields[CALLSIGN]):
        known.callsign = callsign
        known.callsign_ns = time_ns
    if (squawk := packed_squawk(fields[SQUAWK])) != NO_SQUAWK:
        known.squawk = squawk
        known.squawk_ns = time_ns


def _mlat_receivers(fields: Sequence[str]) -> int:
    """Number of receivers of a multilateration server's line; 0 for any other line."""
    if fields[TYPE] != AIRBORNE_TYPE or not fields[ALERT].isdigit():
        return 0
    receivers = int(fields[ALERT]) if len(fields[ALERT]) < 5 else 0
    return receivers if LEAST_MLAT_RECEIVERS <= receivers <= MOST_RECEIVERS else 0


def _number(text: str, low: float, high: float) -> float:
    if NUMBER.fullmatch(text):
        value = float(text)
        if low <= value <= high:
            return value
    return NAN


@functools.lru_cache(maxsize=64)
def _day_ns(text: str) -> int | None:
    match = DAY.fullmatch(text)
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    days = day.toordinal() - date(1970, 1, 1).toordinal()
    return days * 86_400 * NS_PER_S if 1900 <= day.year <= 2200 else None


def _time_ns(day: str, clock: str) -> int | None:
    day_ns = _day_ns(day)
    match = CLOCK.fullmatch(clock)
    if day_ns is None or match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return day_ns + (3600 * hours + 60 * minutes + seconds) * NS_PER_S + int((match[4] or "").ljust(9, "0"))
