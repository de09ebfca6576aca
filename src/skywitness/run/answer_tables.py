"""Tables of answers that no other command has: aircraft that were seen, silences, and receptions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from skywitness.batches import I64, PROVENANCES, STATUSES, Frames, Messages, Positions
from skywitness.geo.sphere import distance_nmi
from skywitness.identity.book import Book
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.questions.hearing import Heard
from skywitness.units import NS_PER_S
from skywitness.views.feeds.flights import address_text, times

__all__ = ["AircraftSeen", "gap_table", "reception_table"]

MOST_CALLSIGNS = 50


class AircraftSeen:
    """Adds up positions by airframe."""

    def __init__(self) -> None:
        self.seen: dict[int, dict[str, Any]] = {}

    def add(self, rows: Positions) -> None:
        """Count rows, of any order."""
        if not len(rows):
            return
        key = rows.address_kind.astype(np.int64) << 24 | rows.icao
        order = np.lexsort((rows.time_ns, key))
        key = key[order]
        starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
        altitude, callsign = rows.altitude_ft[order], rows.callsign[order]
        lows, highs = np.fmin.reduceat(altitude, starts).tolist(), np.fmax.reduceat(altitude, starts).tolist()
        provenances = np.maximum.reduceat(rows.provenance[order], starts).tolist()
        is_new = np.r_[True, (key[1:] != key[:-1]) | (callsign[1:] != callsign[:-1])]
        for k, (a, z) in enumerate(zip(starts.tolist(), [*starts[1:].tolist(), len(key)], strict=True)):
            first, last = int(order[a]), int(order[z - 1])
            one = self.seen.setdefault(
                int(key[a]),
                {"positions": 0, "callsigns": {}, "first": 1 << 62, "last": -(1 << 62), "low": np.nan, "high": np.nan,
                 "provenance": 0},
            )  # fmt: skip
            one["positions"] += z - a
            if rows.time_ns[first] < one["first"]:
                one["first"] = int(rows.time_ns[first])
                one["first_place"] = float(rows.lat_deg[first]), float(rows.lon_deg[first])
                one["first_parent"] = int(rows.parent[first])
            if rows.time_ns[last] >= one["last"]:
                one["last"] = int(rows.time_ns[last])
                one["last_place"] = float(rows.lat_deg[last]), float(rows.lon_deg[last])
                one["last_parent"] = int(rows.parent[last])
            one["low"], one["high"] = float(np.fmin(one["low"], lows[k])), float(np.fmax(one["high"], highs[k]))
            one["provenance"] = max(one["provenance"], provenances[k])
            for code in callsign[a:z][is_new[a:z]].tolist():
                if code and len(one["callsigns"]) < MOST_CALLSIGNS:
                    one["callsigns"][callsign_text(code).strip()] = None

    def table(self, book: Book) -> pa.Table:
        """Return one row per airframe; who it is as of its last position."""
        keys = sorted(self.seen)
        found = [self.seen[key] for key in keys]
        last = [one["last"] for one in found]
        who = [book.who(key, at) if key >> 24 == 0 else None for key, at in zip(keys, last, strict=True)]

        def told(name: str) -> pa.Array:
            return pa.array([(one.value(name) or None) if one else None for one in who], pa.string())

        def places(which: str, axis: int) -> pa.Array:
            return pa.array([round(one[which][axis], 6) for one in found], pa.float64())

        columns: dict[str, tuple[Any, str, str]] = {
            "icao24": (
                pa.array([address_text(key & 0xFFFFFF, key >> 24) for key in keys], pa.string()), "",
                "24-bit address, hexadecimal; ~ before it if it is not ICAO's",
            ),
            "registration": (told("registration"), "", "as of its last position here"),
            "typecode": (told("typecode"), "", "ICAO type designator"),
            "operator": (told("operator"), "", "as lists have it"),
            "military": (
                pa.array([one.value("military") == "yes" if one else None for one in who], pa.bool_()), "", "by lists",
            ),
            "country": (
                pa.array([one.country if one else None for one in who], pa.string()), "", "State of the address",
            ),
            "callsigns": (
                pa.array([sorted(one["callsigns"]) for one in found], pa.list_(pa.string())), "", "sent, the first 50",
            ),
            "first_seen": (times(np.array([one["first"] for one in found], np.int64)), "UTC", "first position"),
            "last_seen": (times(np.array(last, np.int64)), "UTC", "last position"),
            "positions": (
                pa.array([one["positions"] for one in found], pa.int64()), "count", "that the question is true of",
            ),
            "first_latitude": (places("first_place", 0), "deg", "of the first, WGS-84"),
            "first_longitude": (places("first_place", 1), "deg", "of the first, WGS-84"),
            "last_latitude": (places("last_place", 0), "deg", "of the last, WGS-84"),
            "last_longitude": (places("last_place", 1), "deg", "of the last, WGS-84"),
            "lowest_ft": (floats([one["low"] for one in found]), "ft", "lowest pressure altitude of these"),
            "highest_ft": (floats([one["high"] for one in found]), "ft", "highest pressure altitude of these"),
            "provenance": (
                pa.array([PROVENANCES[one["provenance"]] for one in found], pa.string()), "",
                "received, imported or simulated; the least of its rows",
            ),
            "first_parent": (
                pa.array([one["first_parent"] for one in found], pa.int64()), "", "reception behind the first",
            ),
            "last_parent": (
                pa.array([one["last_parent"] for one in found], pa.int64()), "", "reception behind the last",
            ),
        }  # fmt: skip
        return table_of(columns)


def gap_table(rows: Positions, before: I64, names: list[tuple[str, str]]) -> pa.Table:
    """Return one row per silence: the positions on both sides.

    before  rows before the silences
    names   registration and type designator of each
    """
    after = before + 1 if len(before) else before
    far = (
        distance_nmi(rows.lat_deg[before], rows.lon_deg[before], rows.lat_deg[after], rows.lon_deg[after])
        if len(before)
        else np.zeros(0)
    )
    columns: dict[str, tuple[Any, str, str]] = {
        "icao24": (
            pa.array(
                list(map(address_text, rows.icao[before].tolist(), rows.address_kind[before].tolist())), pa.string()
            ),
            "", "24-bit address, hexadecimal; ~ before it if it is not ICAO's",
        ),
        "registration": (pa.array([one or None for one, _ in names], pa.string()), "", "of the airframe"),
        "typecode": (pa.array([one or None for _, one in names], pa.string()), "", "ICAO type designator"),
        "from": (times(rows.time_ns[before]), "UTC", "last position before"),
        "until": (times(rows.time_ns[after]), "UTC", "first position after"),
        "silence_s": (pa.array((rows.time_ns[after] - rows.time_ns[before]) / NS_PER_S, pa.float64()), "s", "between"),
        "distance_nmi": (pa.array(np.round(far, 3), pa.float64()), "nmi", "between these places"),
    }  # fmt: skip
    for word, at in (("from", before), ("until", after)):
        columns |= {
            f"{word}_latitude": (pa.array(rows.lat_deg[at]), "deg", "there, WGS-84"),
            f"{word}_longitude": (pa.array(rows.lon_deg[at]), "deg", "there, WGS-84"),
            f"{word}_altitude_ft": (floats(rows.altitude_ft[at]), "ft", "pressure altitude there"),
            f"{word}_parent": (pa.array(rows.parent[at]), "", "reception behind it"),
        }
    words = [PROVENANCES[code] for code in rows.provenance[before].tolist()]
    columns["provenance"] = (pa.array(words, pa.string()), "", "received, imported or simulated")
    return table_of(columns)


def table_of(columns: dict[str, tuple[Any, str, str]]) -> pa.Table:
    """Return columns with their unit and meaning as a table."""
    schema = pa.schema(
        [
            pa.field(name, column.type, metadata={"unit": unit, "doc": doc})
            for name, (column, unit, doc) in columns.items()
        ]
    )
    return pa.Table.from_arrays([column for column, _, _ in columns.values()], schema=schema)


def floats(values: Any) -> pa.Array:
    """Return numbers; not a number is null."""
    numbers = np.asarray(values, np.float32)
    return pa.array(numbers, mask=np.isnan(numbers))


def reception_table(heard: Heard | None, receivers: dict[int, str]) -> pa.Table:
    """Return one row per reception, as it was received; the table without rows for None."""
    frames = heard.frames if heard is not None else Frames.empty()
    messages = heard.messages if heard is not None else Messages.empty()
    good = messages.status <= STATUSES.index("repaired")
    addresses = zip(messages.icao.tolist(), messages.address_kind.tolist(), good.tolist(), strict=True)
    told = zip(frames.data, frames.length.tolist(), strict=True)
    columns: dict[str, tuple[Any, str, str]] = {
        "time": (times(frames.time_ns), "UTC", "arrival of the frame's first bit, to the microsecond"),
        "time_ns": (pa.array(frames.time_ns, pa.int64()), "ns", "the same since 1970, exactly"),
        "receiver": (
            pa.array([receivers.get(number, str(number)) for number in frames.receiver.tolist()], pa.string()), "",
            "who received it",
        ),
        "icao24": (
            pa.array([address_text(icao, kind) if is_good else None for icao, kind, is_good in addresses], pa.string()),
            "", "24-bit address, hexadecimal; ~ before it if it is not ICAO's",
        ),
        "df": (pa.array(messages.df, pa.uint8(), mask=messages.df == 255), "", "downlink format"),
        "typecode": (
            pa.array(messages.typecode, pa.uint8(), mask=messages.typecode == 255), "", "of extended squitters",
        ),
        "status": (
            pa.array([STATUSES[status] for status in messages.status.tolist()], pa.string()), "",
            "accepted, repaired or why it was rejected",
        ),
        "signal_dbfs": (floats(frames.signal_dbfs.tolist()), "dBFS", "level of the pulses"),
        "ticks": (pa.array(frames.ticks, pa.int64(), mask=frames.ticks < 0), "", "the receiver's own counter as sent"),
        "reception": (pa.array(frames.id, pa.int64()), "", "its id: segment << 32 | row"),
        "transmission": (
            pa.array(messages.transmission, pa.int64()), "",
            "first reception of the same transmission: the `parent` of a position",
        ),
        "frame": (pa.array([row[:length].tobytes().hex() for row, length in told], pa.string()), "", "as received"),
    }  # fmt: skip
    return table_of(columns)
