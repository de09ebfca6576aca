"""Aircraft, positions and receivers as rows of our own interface."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import (
    ADDRESS_KINDS,
    I64,
    POSITION_SOURCES,
    PROVENANCES,
    REASONS,
    UNTIMED,
    VERDICTS,
    Positions,
)
from skywitness.coverage.report import ReceiverReport
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.pipeline import Output
from skywitness.tracks.aircraft import AircraftTable, aircraft_key
from skywitness.units import NS_PER_S
from skywitness.views.api.columns import Column, Rows, iso, texts
from skywitness.views.feeds.aircraft_json import EMERGENCIES, FRESH_NS, KEPT_NS, NAV_MODES
from skywitness.views.privacy import Privacy

__all__ = [
    "AIRCRAFT",
    "ONE_AIRCRAFT",
    "POSITIONS",
    "RECEIVERS",
    "SAID",
    "Behind",
    "Latest",
    "aircraft_rows",
    "one_aircraft_rows",
    "position_rows",
    "receiver_rows",
]

MOST_RECENT = 200_000
"""Position rows of the last seconds that are kept to tell what is behind an aircraft's place."""

EVIDENCE = (
    Column("verdict", "text", "How far the position is supported.", VERDICTS),
    Column("reason", "text", "Why it is contradicted; none if it is not.", REASONS),
    Column("source", "text", "Who determined the position.", POSITION_SOURCES),
    Column("provenance", "text", "Where the row came from.", PROVENANCES),
    Column("receivers", "integer", "Receivers that heard this transmission."),
    Column("revision", "integer", "0 at first; the highest one is final."),
    Column("parent", "integer", "Newest reception behind it: segment << 32 | row."),
)

NAMING = (
    Column("icao24", "text", "24-bit address, six hexadecimal digits in lower case.", always=True),
    Column(
        "address_kind", "text", "Part of the key: the same digits of another kind are another.", ADDRESS_KINDS, True
    ),
)

AIRCRAFT = (
    *NAMING,
    Column("callsign", "text", "As sent, without spaces at the end."),
    Column("seen_time", "time", "Newest message, UTC.", always=True),
    Column("seen_s", "number", "Seconds from then to the time of the picture.", always=True),
    Column("messages", "integer", "Messages of it since it was last new.", always=True),
    Column("position_time", "time", "Time of the place, UTC."),
    Column("lat_deg", "number", "WGS-84, north positive."),
    Column("lon_deg", "number", "WGS-84, east positive."),
    Column("on_ground", "boolean", "On the ground by its own report."),
    Column("altitude_ft", "number", "Pressure altitude, 1013.25 hPa."),
    Column("altitude_geom_ft", "number", "Height above the WGS-84 ellipsoid."),
    Column("groundspeed_kt", "number", "Ground speed."),
    Column("track_deg", "number", "True track over ground."),
    Column("vertical_rate_fpm", "number", "Positive up."),
    Column("ias_kt", "number", "Indicated airspeed."),
    Column("tas_kt", "number", "True airspeed."),
    Column("mach", "number", "Mach number."),
    Column("heading_deg", "number", "Heading, see heading_is_magnetic."),
    Column("heading_is_magnetic", "boolean", "Magnetic, not true."),
    Column("roll_deg", "number", "Positive right wing down."),
    Column("selected_altitude_ft", "number", "Set on the mode control panel."),
    Column("selected_heading_deg", "number", "Set on the mode control panel."),
    Column("qnh_hpa", "number", "Altimeter setting."),
    Column("modes", "text", f"Engaged, with spaces between: {', '.join(NAV_MODES)}."),
    Column("wind_speed_kt", "number", "Wind speed."),
    Column("wind_direction_deg", "number", "Where the wind comes from."),
    Column("sat_c", "number", "Static air temperature."),
    Column("squawk", "text", "Mode A code, four octal digits."),
    Column("emergency", "text", "Emergency state.", EMERGENCIES),
    Column("category", "text", "Emitter category, A0 to D7."),
    Column("version", "integer", "ADS-B version."),
    Column("nic", "integer", "Navigation integrity category."),
    Column("nac_p", "integer", "Navigation accuracy category for position."),
    Column("nac_v", "integer", "Navigation accuracy category for velocity."),
    Column("sil", "integer", "Source integrity level."),
    Column("signal_dbfs", "number", "Mean level; absent on public nodes, where it would tell a receiver's place."),
    *EVIDENCE,
)

SAID = {
    "altitude": "altitude_ft", "altitude_geom": "altitude_geom_ft", "velocity": "groundspeed_kt and track_deg",
    "rate": "vertical_rate_fpm", "callsign": "callsign", "squawk": "squawk", "emergency": "emergency",
    "quality": "nac_p, nac_v and sil", "air": "airspeed and heading", "turn": "roll_deg",
    "selected": "what is set on the mode control panel", "weather": "wind and temperature",
}  # fmt: skip
"""What is said at one time, by the name of that time in the table, and the columns it is the time of."""
ONE_AIRCRAFT = (
    *AIRCRAFT,
    *(
        Column(f"{name}_age_s", "number", f"Seconds from when {what} was said to the picture.")
        for name, what in SAID.items()
    ),
)

POSITIONS = (
    Column("time", "time", "Time of applicability, UTC.", always=True),
    Column("time_s", "number", "The same in seconds since 1970.", always=True),
    *NAMING,
    Column("lat_deg", "number", "WGS-84, north positive.", always=True),
    Column("lon_deg", "number", "WGS-84, east positive.", always=True),
    Column("on_ground", "boolean", "On the ground by its own report."),
    Column("altitude_ft", "number", "Pressure altitude, 1013.25 hPa."),
    Column("altitude_geom_ft", "number", "Height above the WGS-84 ellipsoid."),
    Column("groundspeed_kt", "number", "Ground speed."),
    Column("track_deg", "number", "True track over ground."),
    Column("vertical_rate_fpm", "number", "Positive up."),
    Column("callsign", "text", "As sent, without spaces at the end."),
    Column("squawk", "text", "Mode A code, four octal digits."),
    Column("nic", "integer", "Navigation integrity category."),
    Column("nac_p", "integer", "Navigation accuracy category for position."),
    Column("signal_dbfs", "number", "Level of the first reception; absent on public nodes."),
    *EVIDENCE,
)

RECEIVERS = (
    Column("name", "text", "What people call it.", always=True),
    Column("number", "integer", "What receptions are marked with, for ever.", always=True),
    Column("id", "text", "What the evidence calls it, 64 hexadecimal digits.", always=True),
    Column("connected", "boolean", "Whether it is here now.", always=True),
    Column("since", "time", "When it came or was lost, UTC."),
    Column("seen_time", "time", "Its newest frame, UTC."),
    Column("lat_deg", "number", "Where it is shown; see place_is_exact."),
    Column("lon_deg", "number", "Where it is shown; see place_is_exact."),
    Column("place_is_exact", "boolean", "False: shown at a fixed wrong place, once to twice blur_nmi off."),
    Column("blur_nmi", "number", "Least distance from the shown to the true place."),
    Column("own", "boolean", "The operator's own; a feeder's otherwise.", always=True),
    Column("bytes_in", "integer", "Bytes since the node's start.", always=True),
    Column("frames", "integer", "Frames since then.", always=True),
    Column("accepted", "integer", "Good ones.", always=True),
    Column("rejected", "integer", "The others.", always=True),
    Column("unique", "integer", "Transmissions that only it heard.", always=True),
    Column("shared", "integer", "Transmissions that others heard too.", always=True),
    Column("positions", "integer", "Positions from its receptions.", always=True),
    Column("rate_frames_s", "number", "Frames a second, mean of the last minute.", always=True),
    Column("clock", "text", "What its times rest on.", always=True),
    Column("clock_offset_ms", "number", "Network delay of its stamps."),
    Column("clock_jumps", "integer", "Times its counter jumped.", always=True),
    Column("rtt_ms", "number", "Round trip."),
    Column("quarantined", "boolean", "Its stamps are too far off; its frames are kept without time.", always=True),
    Column("health", "text", "In one word.", ("good", "silent", "quarantined", "lost"), True),
    Column("last_error", "text", "Why it was lost or slowed."),
    Column("watermark_connection", "integer", "Connection of the last reception that is safe on disk."),
    Column(
        "watermark_sequence", "integer", "Its number within this receiver; what is up to it survives a loss of power."
    ),
    Column("watermark_time", "time", "When that was so, UTC."),
)

SILENT_NS = 30 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Behind:
    """Newest accepted position row of each aircraft."""

    key: I64
    rows: Positions


class Latest:
    """The position rows of the last seconds, so that an aircraft's row can say what is behind its place.

    `push` is a sink of the core: it only keeps the batch; the work is done when somebody asks.
    """

    def __init__(self, most: int = MOST_RECENT) -> None:
        self.most = most
        self._batches: deque[Positions] = deque()
        self._rows = 0
        self._lock = threading.Lock()
        self._made: tuple[int, Behind] | None = None

    def push(self, output: Output, now_ns: int) -> None:
        """Keep the positions of one push."""
        if not len(output.positions):
            return
        with self._lock:
            self._batches.append(output.positions)
            self._rows += len(output.positions)
            while self._rows > self.most and len(self._batches) > 1:
                self._rows -= len(self._batches.popleft())

    def behind(self, picture_number: int) -> Behind:
        """Newest row by aircraft, of the highest revision; made once a picture."""
        made = self._made
        if made is not None and made[0] == picture_number:
            return made[1]
        with self._lock:
            rows = Positions.concat(self._batches)
        rows = rows.take(rows.verdict != VERDICTS.index("contradicted"))
        key = aircraft_key(rows.icao, rows.address_kind)
        order = np.lexsort((rows.revision, rows.parent, rows.time_ns, key))
        last = order[np.r_[key[order][1:] != key[order][:-1], True][: len(order)]]
        behind = Behind(key[last], rows.take(last))
        self._made = picture_number, behind
        return behind


def aircraft_rows(table: AircraftTable, now_ns: int, behind: Behind | None, simulated: bool) -> Rows:
    """Rows of the live picture; values said too long ago are left out, as in aircraft.json."""
    out = naming(table.icao, table.address_kind)
    out["callsign"] = callsigns(table.callsign)
    out["seen_time"] = iso(table.seen_time_ns, np.ones(len(table), np.bool_))
    out["seen_s"] = np.round(np.maximum(0, now_ns - table.seen_time_ns) / NS_PER_S, 3).tolist()
    out["messages"] = table.messages.tolist()
    placed = ~np.isnan(table.lat_deg) & (now_ns - table.position_time_ns < FRESH_NS)
    out["position_time"] = iso(table.position_time_ns, placed)
    out["lat_deg"] = numbers(table.lat_deg, placed, 6)
    out["lon_deg"] = numbers(table.lon_deg, placed, 6)
    out["on_ground"] = flags(table.on_ground)
    for name, of, decimals in (
        ("altitude_ft", "altitude", 0), ("altitude_geom_ft", "altitude_geom", 0), ("groundspeed_kt", "velocity", 1),
        ("track_deg", "velocity", 1), ("vertical_rate_fpm", "rate", 0), ("ias_kt", "air", 0), ("tas_kt", "air", 0),
        ("mach", "air", 3), ("heading_deg", "air", 2), ("roll_deg", "turn", 2), ("qnh_hpa", "selected", 1),
        ("selected_heading_deg", "selected", 2), ("wind_speed_kt", "weather", 0), ("wind_direction_deg", "weather", 0),
        ("sat_c", "weather", 2),
    ):  # fmt: skip
        fresh = now_ns - getattr(table, f"{of}_time_ns") < FRESH_NS
        out[name] = numbers(getattr(table, name), fresh, decimals)
    selected = now_ns - table.selected_time_ns < FRESH_NS
    altitude = np.where(np.isnan(table.mcp_altitude_ft), table.fms_altitude_ft, table.mcp_altitude_ft)
    out["selected_altitude_ft"] = numbers(altitude, selected, 0)
    out["heading_is_magnetic"] = [
        None if heading is None else bool(flag)
        for heading, flag in zip(out["heading_deg"], table.heading_is_magnetic.tolist(), strict=True)
    ]
    out["modes"] = [
        " ".join(word for bit, word in enumerate(NAV_MODES) if modes >> bit & 1) if modes < 64 and is_fresh else None
        for modes, is_fresh in zip(table.modes.tolist(), selected.tolist(), strict=True)
    ]
    kept = now_ns - table.quality_time_ns < KEPT_NS
    out["squawk"] = octal(table.squawk, now_ns - table.squawk_time_ns < KEPT_NS)
    said = now_ns - table.emergency_time_ns < KEPT_NS
    out["emergency"] = texts(np.where(said, table.emergency, 255), EMERGENCIES)
    out["category"] = [f"{code:02X}" if code != 255 else None for code in table.category.tolist()]
    out["version"] = integers(table.version, table.version != 255)
    out["nic"] = integers(table.nic, placed & (table.nic != 255))
    for name in ("nac_p", "nac_v", "sil"):
        values = getattr(table, name)
        out[name] = integers(values, kept & (values != 255))
    out["signal_dbfs"] = numbers(table.signal_dbfs, np.ones(len(table), np.bool_), 1)
    out.update(evidence(table, placed, behind, simulated))
    return Rows(AIRCRAFT, out)


def one_aircraft_rows(table: AircraftTable, now_ns: int, behind: Behind | None, simulated: bool) -> Rows:
    """Rows of the live picture, and how old each of their values is; of what counts no more there is no age."""
    rows = aircraft_rows(table, now_ns, behind, simulated)
    ages: dict[str, Any] = {}
    for name in SAID:
        time_ns = getattr(table, f"{name}_time_ns")
        is_told = now_ns - time_ns < KEPT_NS
        ages[f"{name}_age_s"] = numbers(np.where(is_told, np.maximum(0, now_ns - time_ns), 0) / NS_PER_S, is_told, 1)
    return Rows(ONE_AIRCRAFT, {**rows.values, **ages})


def evidence(table: AircraftTable, placed: NDArray[np.bool_], behind: Behind | None, simulated: bool) -> dict[str, Any]:
    """What is behind each aircraft's place, if its row is still at hand."""
    names = ("verdict", "reason", "receivers", "revision", "parent")
    out: dict[str, Any] = {name: [None] * len(table) for name in names}
    out["source"] = texts(np.where(placed, table.position_source, 255), POSITION_SOURCES)
    provenance = PROVENANCES[2] if simulated else PROVENANCES[0]
    out["provenance"] = [provenance] * len(table)
    if behind is None or not len(behind.key):
        return out
    key = aircraft_key(table.icao, table.address_kind)
    at = np.minimum(np.searchsorted(behind.key, key), len(behind.key) - 1)
    found = np.flatnonzero(placed & (behind.key[at] == key))
    rows = behind.rows.take(at[found])
    for name, values in (
        ("verdict", texts(rows.verdict, VERDICTS)), ("reason", texts(rows.reason, REASONS)),
        ("receivers", rows.receivers.tolist()), ("revision", rows.revision.tolist()), ("parent", rows.parent.tolist()),
        ("provenance", texts(rows.provenance, PROVENANCES)),
    ):  # fmt: skip
        for row, value in zip(found.tolist(), values, strict=True):
            out[name][row] = value
    return out


def position_rows(rows: Positions) -> Rows:
    """Rows of the record."""
    every = np.ones(len(rows), np.bool_)
    out = naming(rows.icao, rows.address_kind)
    out["time"] = iso(rows.time_ns, every)
    out["time_s"] = np.round(rows.time_ns // 1000 / 1e6, 6).tolist()
    out["lat_deg"] = numbers(rows.lat_deg, every, 6)
    out["lon_deg"] = numbers(rows.lon_deg, every, 6)
    out["on_ground"] = flags(rows.on_ground)
    for name, decimals in (
        ("altitude_ft", 0), ("altitude_geom_ft", 0), ("groundspeed_kt", 1), ("track_deg", 1),
        ("vertical_rate_fpm", 0), ("signal_dbfs", 1),
    ):  # fmt: skip
        out[name] = numbers(getattr(rows, name), every, decimals)
    out["callsign"] = callsigns(rows.callsign)
    out["squawk"] = octal(rows.squawk, every)
    out["nic"] = integers(rows.nic, rows.nic != 255)
    out["nac_p"] = integers(rows.nac_p, rows.nac_p != 255)
    out["verdict"] = texts(rows.verdict, VERDICTS)
    out["reason"] = texts(rows.reason, REASONS)
    out["source"] = texts(rows.source, POSITION_SOURCES)
    out["provenance"] = texts(rows.provenance, PROVENANCES)
    out["receivers"] = rows.receivers.tolist()
    out["revision"] = rows.revision.tolist()
    out["parent"] = rows.parent.tolist()
    return Rows(POSITIONS, out)


def receiver_rows(reports: Sequence[ReceiverReport], privacy: Privacy, now_ns: int, *, exact: bool = False) -> Rows:
    """Receivers with their health and watermark; ranges about the exact place are not among it.

    now_ns  the node's present, in replay the replay's
    exact   for who may know where they stand
    """
    rows = []
    for report in reports:
        receiver, mark = report.receiver, report.watermark
        place = receiver.place if exact else privacy.place(receiver.number)
        is_exact = exact or receiver.place_public
        row: dict[str, Any] = {
            "name": receiver.name, "number": receiver.number, "id": receiver.id.hex(), "connected": report.connected,
            "since": moment(report.since_ns), "seen_time": moment(report.seen_ns), "own": receiver.own,
            "bytes_in": report.bytes_in, "frames": report.frames, "accepted": report.accepted,
            "rejected": sum(report.rejected.values()), "unique": report.unique, "shared": report.shared,
            "positions": report.positions, "rate_frames_s": round(report.rate_frames_s, 1), "clock": report.clock,
            "clock_offset_ms": known(report.clock_offset_ms), "clock_jumps": report.clock_jumps,
            "rtt_ms": known(report.rtt_ms), "quarantined": report.quarantined, "health": health(report, now_ns),
            "last_error": report.last_error or None,
        }  # fmt: skip
        if privacy.is_strict and not is_exact:
            # A round trip bounds the distance to the node, whose address is public.
            row["rtt_ms"] = row["clock_offset_ms"] = None
        if place is not None:
            row |= {"lat_deg": place.lat_deg, "lon_deg": place.lon_deg, "place_is_exact": is_exact}
            row["blur_nmi"] = None if is_exact else privacy.blur.radius_nmi
        if mark is not None:
            row |= {"watermark_connection": mark.connection, "watermark_sequence": mark.sequence}
            row["watermark_time"] = moment(mark.time_ns)
        rows.append(row)
    return Rows(RECEIVERS, {column.name: [row.get(column.name) for row in rows] for column in RECEIVERS})


def health(report: ReceiverReport, now_ns: int) -> str:
    """A receiver's state in one word."""
    if not report.connected:
        return "lost"
    if report.quarantined:
        return "quarantined"
    return "good" if report.seen_ns != UNTIMED and now_ns - report.seen_ns < SILENT_NS else "silent"


def moment(time_ns: int) -> str | None:
    """One time as text."""
    return iso(np.array([time_ns], np.int64), np.array([time_ns > 0]))[0]


def known(value: float) -> float | None:
    """None for NaN."""
    return None if value != value else round(value, 3)


def naming(icao: NDArray[np.uint32], address_kind: NDArray[np.uint8]) -> dict[str, Any]:
    """The columns that name an aircraft."""
    return {"icao24": [f"{a:06x}" for a in icao.tolist()], "address_kind": texts(address_kind, ADDRESS_KINDS)}


def callsigns(codes: NDArray[np.uint64]) -> list[str | None]:
    """Callsigns as text."""
    return [callsign_text(code) or None if code else None for code in codes.tolist()]


def numbers(values: NDArray[Any], is_known: NDArray[np.bool_], decimals: int) -> list[float | None]:
    """Rounded numbers; None for NaN and for what is not to be told."""
    good = is_known & ~np.isnan(values)
    rounded = np.round(np.where(good, values, 0).astype(np.float64), decimals) + 0.0  # no -0.0
    return [value if told else None for value, told in zip(rounded.tolist(), good.tolist(), strict=True)]


def integers(values: NDArray[Any], is_known: NDArray[np.bool_]) -> list[int | None]:
    """Integers; None where not known."""
    return [value if told else None for value, told in zip(values.tolist(), is_known.tolist(), strict=True)]


def flags(values: NDArray[np.uint8]) -> list[bool | None]:
    """0 and 1 as false and true."""
    return [bool(value) if value < 2 else None for value in values.tolist()]


def octal(values: NDArray[np.uint16], is_known: NDArray[np.bool_]) -> list[str | None]:
    """Squawks as four octal digits."""
    good = is_known & (values <= 0o7777)
    return [f"{value:04o}" if told else None for value, told in zip(values.tolist(), good.tolist(), strict=True)]
