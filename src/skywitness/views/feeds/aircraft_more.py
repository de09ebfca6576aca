"""What aircraft.json says beyond the table of aircraft: courses by two places, advisories, and where one was heard.

Each is made of what others may know: pictures that have passed `views.privacy`, and public places of receivers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from skywitness.batches import F64, I64, STATUSES, UNTIMED
from skywitness.geo.sphere import bearing_deg, distance_nmi
from skywitness.messages.mode_s.acas import read_advisory
from skywitness.pipeline import Output
from skywitness.tracks.aircraft import AircraftTable, aircraft_key
from skywitness.tracks.picture import Picture
from skywitness.units import NS_PER_S
from skywitness.views.feeds.aircraft_json import FRESH_NS, PLACE
from skywitness.views.feeds.text_rows import Texts, scaled

__all__ = ["Advisories", "Courses", "More"]

REPAIRED = STATUSES.index("repaired")

LEAST_NMI = 0.3
"""A course is told over at least so far: a position is known to a tenth of that."""
COURSE_NS = FRESH_NS

VDS_ADVISORY = 0x30  # first byte of an MV or MB field that holds an advisory
BROADCAST = 28 << 3 | 2  # first byte of an ME field of type code 28, subtype 2
MOST_ADVISORIES = 1000
SHOWN_NS = 60 * NS_PER_S


class Courses:
    """Fold from pictures to the courses of airborne aircraft that do not tell their own, from place to place."""

    def __init__(self) -> None:
        none, nowhere = np.zeros(0, np.int64), np.zeros(0)
        self._known: tuple[I64, I64, F64, F64, F64] = none, none, nowhere, nowhere, nowhere
        """Sorted keys; of each when and where it was when its course was last taken, and the course, NaN at first."""

    def push(self, picture: Picture) -> None:
        """Take in the places of a picture."""
        table = picture.table
        rows = np.flatnonzero(
            (picture.now_ns - table.position_time_ns < FRESH_NS)
            & ((picture.now_ns - table.velocity_time_ns >= FRESH_NS) | np.isnan(table.track_deg))
            & (table.on_ground != 1)
            & ~np.isnan(table.lat_deg)
        )
        key = aircraft_key(table.icao, table.address_kind)[rows]
        time_ns, lat, lon = table.position_time_ns[rows], table.lat_deg[rows], table.lon_deg[rows]
        course = np.full(len(rows), np.nan)
        keys, then_ns, then_lat, then_lon, then_course = self._known
        if len(keys) and len(rows):
            at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
            same = (keys[at] == key) & (time_ns - then_ns[at] < COURSE_NS)
            far = distance_nmi(then_lat[at], then_lon[at], lat, lon) >= LEAST_NMI
            course = np.where(same, then_course[at], np.nan)
            moved = same & far
            course[moved] = bearing_deg(then_lat[at], then_lon[at], lat, lon)[moved]
            stays = same & ~far
            time_ns = np.where(stays, then_ns[at], time_ns)
            lat, lon = np.where(stays, then_lat[at], lat), np.where(stays, then_lon[at], lon)
        self._known = key, time_ns, lat, lon, course

    def of(self, table: AircraftTable) -> F64:
        """Course of each row in degrees; NaN where none is known, or it tells one itself."""
        keys, _, _, _, courses = self._known
        out = np.full(len(table), np.nan)
        if len(keys) and len(table):
            key = aircraft_key(table.icao, table.address_kind)
            at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
            out = np.where(keys[at] == key, courses[at], np.nan)
        return out


@dataclass(frozen=True, slots=True)
class Told:
    """The newest advisory of an aircraft."""

    time_ns: int
    body: bytes


class Advisories:
    """A sink of the core: the newest resolution advisory of each aircraft, for a minute."""

    def __init__(self) -> None:
        self._told: dict[int, Told] = {}
        self._lock = threading.Lock()

    def push(self, output: Output, now_ns: int) -> None:
        """Look for advisories; in the core's thread, so that there is next to nothing to do where there are none."""
        frames, messages = output.frames, output.messages
        if not len(frames):
            return
        first = frames.data[:, 4]
        rows = np.flatnonzero((first == VDS_ADVISORY) | (first == BROADCAST))
        if not len(rows):
            return
        df = messages.df[rows]
        said = np.where(
            first[rows] == BROADCAST,
            (df == 17) & (messages.typecode[rows] == 28),
            (df == 16) | ((df >= 20) & (df <= 21) & (messages.bds[rows] == VDS_ADVISORY)),
        )
        good = said & (messages.status[rows] <= REPAIRED) & (messages.time_ns[rows] != UNTIMED)
        for row in rows[good].tolist():
            self._take(output, row)

    def _take(self, output: Output, row: int) -> None:
        wrong = int(output.messages.repaired_bit[row])  # counted from 1; 0 none
        frame = int.from_bytes(output.frames.data[row].tobytes(), "big") ^ (1 << (112 - wrong) if wrong else 0)
        data = frame.to_bytes(14, "big")
        message = int.from_bytes(data[4:11], "big")
        advisory = read_advisory(message)
        if not advisory.is_active and not advisory.is_terminated:
            return
        df, time_ns = int(output.messages.df[row]), int(output.messages.time_ns[row])
        # Whole seconds: a finer time of arrival would tell how far the receiver is.
        second = time_ns // NS_PER_S
        out = {
            "utc": datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "unix_timestamp": second,
            "df_type": df,
            "full_bytes": data.hex(),
            "bytes": data[4:11].hex(),
            "ARA": f"{advisory.ara >> 7:07b}",
            "RAT": int(advisory.is_terminated),
            "MTE": int(advisory.has_multiple_threats),
            "RAC": f"{advisory.rac:04b}",
            "advisory_complement": advisory.complement,
            "advisory": advisory.text,
            "TTI": f"{advisory.threat_type:02b}",
        }
        if advisory.threat.icao is not None:
            out["threat_id_hex"] = f"{advisory.threat.icao:06x}"
        key = int(output.messages.icao[row]) | int(output.messages.address_kind[row]) << 24
        with self._lock:
            self._told.pop(key, None)
            self._told[key] = Told(time_ns, json.dumps(out, ensure_ascii=False).encode())
            while len(self._told) > MOST_ADVISORIES:
                del self._told[next(iter(self._told))]

    def of(self, now_ns: int) -> dict[int, bytes]:
        """Objects by key of the aircraft, those of the last minute."""
        with self._lock:
            return {key: told.body for key, told in self._told.items() if 0 <= now_ns - told.time_ns < SHOWN_NS}


class More:
    """Fills those fields of aircraft.json.

    receiver_places  gives latitude and longitude of a receiver by its number as others may know them; None if the table
                     does not tell receivers or the place is not known
    """

    def __init__(
        self,
        courses: Courses | None = None,
        advisories: Advisories | None = None,
        receiver_place: Callable[[int], tuple[float, float] | None] = lambda number: None,
    ) -> None:
        self.courses = courses
        self.advisories = advisories
        self.receiver_place = receiver_place

    def __call__(self, out: I64, table: AircraftTable, now_ns: int) -> dict[int, Texts]:
        """Fill rows of the fields; return the texts of those that have any."""
        if self.courses is not None:
            scaled(self.courses.of(table), 0, out[PLACE["calc_track"]])
            np.mod(out[PLACE["calc_track"]], 360, out=out[PLACE["calc_track"]], where=out[PLACE["calc_track"]] > 0)
        nowhere = np.flatnonzero(np.isnan(table.lat_deg))
        for number in np.unique(table.receiver[nowhere]).tolist():
            if (place := self.receiver_place(number)) is not None:
                heard = nowhere[table.receiver[nowhere] == number]
                out[PLACE["rr_lat"], heard] = round(place[0] * 10)
                out[PLACE["rr_lon"], heard] = round(place[1] * 10)
        told = self.advisories.of(now_ns) if self.advisories is not None else {}
        if not told:
            return {}
        key = aircraft_key(table.icao, table.address_kind)
        rows = np.flatnonzero(np.isin(key, np.array(list(told), np.int64)))
        bodies = [told[k] for k in key[rows].tolist()]
        out[PLACE["acas_ra"], rows] = np.arange(len(rows))
        ends = np.cumsum([0, *map(len, bodies)], dtype=np.int32)
        return {PLACE["acas_ra"]: (ends, np.frombuffer(b"".join(bodies), np.uint8))} if bodies else {}
