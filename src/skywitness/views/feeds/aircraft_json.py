"""aircraft.json, as readers of this field expect it: keys, order, units and number formats of the readsb dialect.

A key is absent when its value is not known or too old. The rows are written from columns by one kernel.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, POSITION_SOURCES, U8
from skywitness.geo.sphere import bearing_deg, distance_nmi
from skywitness.identity.table import NOBODY, IdentityTable
from skywitness.messages.mode_s.quality import CONTAINMENT_M, NIC
from skywitness.tracks.aircraft import AircraftTable
from skywitness.units import NMI_M, NS_PER_S
from skywitness.views.feeds.text_rows import ABSENT, TEXT, Template, TextField, Texts, scaled

__all__ = [
    "EMERGENCIES",
    "FRESH_NS",
    "KEPT_NS",
    "LEAST_DBFS",
    "MLAT",
    "NAV_MODES",
    "RADIUS_M",
    "TISB",
    "TYPES",
    "AircraftWriter",
    "Point",
    "aircraft_json",
    "is_listed",
    "key",
    "position_types",
    "quoted",
    "text",
    "types",
]

FRESH_NS = 60 * NS_PER_S
"""How long a place, a height or a motion counts as present, and how long a silent aircraft is listed."""

KEPT_NS = 180 * NS_PER_S
"""How long what changes seldom counts: squawk, emergency, quality."""

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

NOT_PLAIN = bytes(range(0x20)) + b'"\\' + bytes(range(0x7F, 0x100))

LEAST_DBFS = -49.5
LEAST_MESSAGES = 2

TYPES = ("adsb_icao", "adsr_icao", "tisb_icao", "mlat", "other", "adsb_icao", "mode_s", "adsb_other", "adsr_other",
         "tisb_other", "mlat", "other", "adsb_other", "unknown", "tisb_trackfile")  # fmt: skip
"""First the sources of an ICAO address in the order of POSITION_SOURCES, then Mode S alone, then the same seven for
other addresses, then track files."""
OTHER_ADDRESSES = len(POSITION_SOURCES) + 1
TRACK_FILE = TYPES.index("tisb_trackfile")

EMERGENCIES = ("none", "general", "lifeguard", "minfuel", "nordo", "unlawful", "downed", "reserved")
"""Words for the emergency states of TC 28, in their order (RTCA DO-260B table 2-86)."""

NAV_MODES = ("autopilot", "vnav", "althold", "approach", "lnav", "tcas")
"""Words for the bits of `AircraftTable.modes`, lowest first."""

ADSB, TISB, MLAT = (POSITION_SOURCES.index(word) for word in ("adsb", "tisb", "mlat"))


def radii() -> NDArray[np.float64]:
    """Radius of containment in metres by NIC, rounded up: the largest a NIC may mean; 0 where it says none.

    That of NIC 6 depends on the supplements, see `containment_m`.
    """
    known = ~np.isnan(CONTAINMENT_M) & (NIC < 12)
    radius = np.zeros(256)
    np.maximum.at(radius, NIC[known], CONTAINMENT_M[known])
    return np.ceil(radius)


RADIUS_M = radii()
NIC_6_M = tuple(math.ceil(nmi * NMI_M) for nmi in (0.5, 0.3))  # supplements A 0 B 0, and A 0 B 1; with A 0.6 NM


def quoted(words: tuple[str, ...]) -> tuple[bytes, ...]:
    """Words as JSON strings."""
    return tuple(b'"' + word.encode("ascii") + b'"' for word in words)


def modes_words() -> tuple[bytes, ...]:
    """All sets of engaged modes as JSON arrays, by their bits."""
    sets = ([word for bit, word in enumerate(NAV_MODES) if bits >> bit & 1] for bits in range(64))
    return tuple(b"[" + b",".join(quoted(tuple(words))) + b"]" for words in sets)


def key(name: str, kind: str = "number", **more: Any) -> TextField:
    """Field under a JSON key, the comma before it included."""
    return TextField(b',"%s":' % name.encode("ascii"), kind, **more)


def text(name: str, kind: str) -> TextField:
    """Field of text under a JSON key."""
    return TextField(b',"%s":"' % name.encode("ascii"), kind, after=b'"')


ONLY_PLACE = (b"[]", b'["lat","lon","nic","rc"]')
NUMBERS = {
    "alt_geom": 0, "gs": 1, "ias": 0, "tas": 0, "mach": 3, "wd": 0, "ws": 0, "oat": 0, "track": 2, "calc_track": 0,
    "track_rate": 2, "roll": 2, "mag_heading": 2, "true_heading": 2, "baro_rate": 0, "geom_rate": 0,
}  # fmt: skip
"""Numbers between the height and the squawk, in the order of the dialect, with their decimals."""

FIELDS = {
    "hex": TextField(b',\n{"hex":"', "address", after=b'"'),
    "type": key("type", "word", words=quoted(TYPES)),
    "flight": text("flight", "callsign"),
    "identity": TextField(b"", "word"),
    "alt_baro": key("alt_baro"),
    "ground": TextField(b',"alt_baro":"ground"', "literal"),
    **{name: key(name, decimals=decimals) for name, decimals in NUMBERS.items()},
    "squawk": text("squawk", "octal"),
    "emergency": key("emergency", "word", words=quoted(EMERGENCIES)),
    "category": key("category", "word", words=quoted(tuple(f"{code:02X}" for code in range(256)))),
    "nav_qnh": key("nav_qnh", decimals=1),
    "nav_altitude_mcp": key("nav_altitude_mcp"),
    "nav_altitude_fms": key("nav_altitude_fms"),
    "nav_heading": key("nav_heading", decimals=2),
    "nav_modes": key("nav_modes", "word", words=modes_words()),
    "lat": key("lat", decimals=6),
    "lon": key("lon", decimals=6),
    "nic": key("nic"),
    "rc": key("rc"),
    "seen_pos": key("seen_pos", decimals=3),
    "last_lat": TextField(b',"lastPosition":{"lat":', "number", decimals=6),
    "last_lon": key("lon", decimals=6),
    "last_nic": key("nic"),
    "last_rc": key("rc"),
    "last_seen_pos": key("seen_pos", decimals=3, after=b"}"),
    "r_dst": key("r_dst", decimals=3),
    "r_dir": key("r_dir", decimals=1),
    "rr_lat": key("rr_lat", decimals=1),
    "rr_lon": key("rr_lon", decimals=1),
    "version": key("version"),
    "nic_baro": key("nic_baro"),
    "nac_p": key("nac_p"),
    "nac_v": key("nac_v"),
    "sil": key("sil"),
    "sil_type": key("sil_type", "word", words=quoted(("perhour", "persample", "unknown"))),
    "gva": key("gva"),
    "sda": key("sda"),
    "alert": key("alert"),
    "spi": key("spi"),
    "mlat": key("mlat", "word", words=ONLY_PLACE),
    "tisb": key("tisb", "word", words=ONLY_PLACE),
    "messages": key("messages"),
    "seen": key("seen", decimals=1),
    "rssi": key("rssi", decimals=1),
    "acas_ra": key("acas_ra", TEXT),
    "dst": key("dst", decimals=3),
    "dir": key("dir", decimals=1),
    "end": TextField(b"}", "literal"),
}
PLACE = {name: place for place, name in enumerate(FIELDS)}


def is_listed(table: AircraftTable, now_ns: int) -> NDArray[np.bool_]:
    """Say which aircraft belong in the file: with a place of the last minute, or two messages and one of them of it."""
    placed = (now_ns - table.position_time_ns < FRESH_NS) & ~np.isnan(table.lat_deg)
    return placed | ((now_ns - table.seen_time_ns < FRESH_NS) & (table.messages >= LEAST_MESSAGES))


Additions = Callable[[I64, AircraftTable, int], Mapping[int, Texts]]


class AircraftWriter:
    """Writes aircraft as JSON objects, with what is known of their identity.

    Keys that never change for an address (`r`, `t`, `desc`, `ownOp`, `year`, `dbFlags`) are made into text once, here.
    """

    def __init__(self, identity: IdentityTable = NOBODY, more: Additions | None = None) -> None:
        self.identity = identity
        self.more = more
        """Fills what the table does not know, see `aircraft_more`."""
        fields = dict(FIELDS)
        fields["identity"] = TextField(b"", "word", words=identity_texts(identity))
        self.template = Template(tuple(fields.values()))

    def rows(
        self, table: AircraftTable, now_ns: int, *, place: Point | None = None, centre: Point | None = None
    ) -> bytes:
        """Write all aircraft of the table, between them a comma and a line end; a line end before the first.

        now_ns  ages are counted from it
        place   latitude and longitude of the receiver as others may know it, for `r_dst` and `r_dir`
        centre  of the question, for `dst` and `dir`
        """
        if not len(table):
            return b""
        values = field_values(table, now_ns)
        if len(self.identity):
            row = self.identity.find(table.icao, table.address_kind)
            np.copyto(values[PLACE["identity"]], row, where=row >= 0)
        for point, distance, direction in ((place, "r_dst", "r_dir"), (centre, "dst", "dir")):
            if point is not None:
                near = np.flatnonzero(now_ns - table.position_time_ns < FRESH_NS)
                lat, lon = table.lat_deg[near], table.lon_deg[near]
                for name, of, decimals in ((distance, distance_nmi, 3), (direction, bearing_deg, 1)):
                    found: I64 = np.empty(len(near), np.int64)
                    scaled(of(point[0], point[1], lat, lon), decimals, found)
                    values[PLACE[name]][near] = found if decimals == 3 else np.where(found == 3600, 0, found)
        texts = self.more(values, table, now_ns) if self.more is not None else {}
        parts = self.template.write(values, texts)
        return b"".join([bytes(next(parts)[1:]), *map(bytes, parts)])  # no comma before the first

    def file(
        self,
        table: AircraftTable,
        now_ns: int,
        messages_total: int,
        *,
        place: Point | None = None,
        is_simulated: bool = False,
    ) -> bytes:
        """Write aircraft.json; see `aircraft_json`. What is simulated says so in a key of its own."""
        listed = np.flatnonzero(is_listed(table, now_ns))
        if len(listed) < len(table):
            table = table.take(listed)
        now_ms = now_ns // 1_000_000
        head = b'{"now":%d.%03d,"messages":%d,' % (now_ms // 1000, now_ms % 1000, messages_total)
        head += b'"simulated":true,"aircraft":[' if is_simulated else b'"aircraft":['
        rows = self.rows(table, now_ns, place=place)
        return head + rows + (b"\n]}\n" if rows else b"]}\n")


def identity_texts(identity: IdentityTable) -> list[bytes]:
    """Return what each row of the table adds to an aircraft's object."""
    descriptions = [json.dumps(word, ensure_ascii=False).encode() for word in identity.descriptions]
    operators = [json.dumps(word, ensure_ascii=False).encode() for word in identity.operators]
    texts = []
    columns = (identity.registration, identity.type, identity.description, identity.operator, identity.year,
               identity.flags)  # fmt: skip
    for registration, kind, description, operator, year, flags in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        text = b""
        if registration:
            text += b',"r":"%s"' % plain(registration)
        if kind:
            text += b',"t":"%s"' % plain(kind)
        if description:
            text += b',"desc":' + descriptions[description]
        if operator:
            text += b',"ownOp":' + operators[operator]
        if year:
            text += b',"year":"%d"' % year
        if flags:
            text += b',"dbFlags":%d' % flags
        texts.append(text)
    return texts


def plain(text: bytes) -> bytes:
    """ASCII as it stands between quotes; what JSON would have to escape has no business in a registration."""
    return text.translate(None, NOT_PLAIN)


WITHOUT_IDENTITY = AircraftWriter()


def aircraft_json(table: AircraftTable, now_ns: int, messages_total: int) -> bytes:
    """Write the file.

    table           all aircraft, those not to be listed too
    now_ns          time of the file, since 1970-01-01 UTC: ages are counted from it
    messages_total  Mode S messages since the start
    """
    return WITHOUT_IDENTITY.file(table, now_ns, messages_total)


def field_values(table: AircraftTable, now_ns: int | I64) -> I64:
    """Return the integers that the template turns into text, (fields, rows).

    now_ns  ages are counted from it, of each row from its own if there are many
    """
    out: I64 = np.full((len(FIELDS), len(table)), ABSENT, np.int64)
    ground = table.on_ground == 1

    def number(name: str, values: NDArray[Any], where: NDArray[np.bool_], decimals: int = 0) -> None:
        row = out[PLACE[name]]
        scaled(values, decimals, row)
        row[~where] = ABSENT

    def code(name: str, values: NDArray[Any], where: NDArray[np.bool_]) -> None:
        np.copyto(out[PLACE[name]], values, where=where, casting="safe")

    fresh = {name: now_ns - getattr(table, name) < FRESH_NS for name in table.names() if name.endswith("_time_ns")}
    kept = now_ns - table.quality_time_ns < KEPT_NS
    height, motion, rate = (fresh[f"{name}_time_ns"] for name in ("altitude", "velocity", "rate"))
    air, turn, selected = (fresh[f"{name}_time_ns"] for name in ("air", "turn", "selected"))
    weather = fresh["weather_time_ns"]

    out[PLACE["hex"]] = table.icao
    out[PLACE["hex"]] |= (table.address_kind != 0).astype(np.int64) << 24
    out[PLACE["type"]] = types(table, fresh["position_time_ns"], fresh["quality_time_ns"])
    code("flight", table.callsign.astype(np.int64), table.callsign != 0)
    number("alt_baro", table.altitude_ft, height & ~ground)
    code("ground", np.zeros(len(table), np.int64), ground)
    number("alt_geom", table.altitude_geom_ft, fresh["altitude_geom_time_ns"] & ~ground)
    number("gs", table.groundspeed_kt, motion, 1)
    number("ias", table.ias_kt, air)
    number("tas", table.tas_kt, air)
    number("mach", table.mach, air, 3)
    number("wd", table.wind_direction_deg, weather)
    number("ws", table.wind_speed_kt, weather)
    number("oat", table.sat_c, weather)
    number("track", table.track_deg, motion, 2)
    number("track_rate", table.track_rate_deg_s, turn, 2)
    number("roll", table.roll_deg, turn, 2)
    number("mag_heading", table.heading_deg, air & (table.heading_is_magnetic == 1), 2)
    number("true_heading", table.heading_deg, air & (table.heading_is_magnetic == 0), 2)
    number("baro_rate", table.vertical_rate_fpm, rate & (table.vertical_source != 0))
    number("geom_rate", table.vertical_rate_fpm, rate & (table.vertical_source == 0))
    code("squawk", table.squawk, (now_ns - table.squawk_time_ns < KEPT_NS) & (table.squawk <= 0o7777))
    code("emergency", table.emergency, (now_ns - table.emergency_time_ns < KEPT_NS) & (table.emergency < 8))
    code("category", table.category, table.category != 255)
    number("nav_qnh", table.qnh_hpa, selected, 1)
    number("nav_altitude_mcp", table.mcp_altitude_ft, selected)
    number("nav_altitude_fms", table.fms_altitude_ft, selected)
    number("nav_heading", table.selected_heading_deg, selected, 2)
    code("nav_modes", table.modes, selected & (table.modes < 64))

    placed = ~np.isnan(table.lat_deg)
    age_ms = np.maximum(0, now_ns - table.position_time_ns) // 1_000_000
    for where, prefix in ((placed & fresh["position_time_ns"], ""), (placed & ~fresh["position_time_ns"], "last_")):
        number(f"{prefix}lat", table.lat_deg, where, 6)
        number(f"{prefix}lon", table.lon_deg, where, 6)
        code(f"{prefix}nic", table.nic, where & (table.nic < 12))
        code(f"{prefix}rc", containment_m(table), where & (table.nic < 12))
        code(f"{prefix}seen_pos", age_ms, where)

    code("version", table.version, table.version != 255)
    for name in ("nic_baro", "nac_p", "nac_v", "sil", "gva", "sda", "alert", "spi"):
        values: U8 = getattr(table, name)
        code(name, values, kept & (values != 255))
    sil_type = np.where(table.sil_type < 2, table.sil_type, 2)
    code("sil_type", sil_type.astype(np.int64), kept & (table.sil != 255))
    by = np.where(fresh["position_time_ns"], table.position_source, 255)
    out[PLACE["mlat"]] = by == MLAT
    out[PLACE["tisb"]] = by == TISB
    out[PLACE["messages"]] = table.messages
    out[PLACE["seen"]] = np.maximum(0, now_ns - table.seen_time_ns) // 100_000_000
    known = ~np.isnan(table.signal_dbfs)
    number("rssi", np.maximum(table.signal_dbfs, np.float32(LEAST_DBFS)), known, 1)
    out[PLACE["end"]] = 0
    return out


def types(table: AircraftTable, is_placed: NDArray[np.bool_], is_squittering: NDArray[np.bool_]) -> I64:
    """Index into TYPES: how it is placed now, else how it was and still speaks of itself, else Mode S alone."""
    mode_s = len(POSITION_SOURCES)
    source = np.where(table.best_source < mode_s, table.best_source, ADSB)
    source = np.where(is_squittering, source, mode_s)
    source = np.where(is_placed & (table.position_source < mode_s), table.position_source, source).astype(np.int64)
    source += np.where(table.address_kind != 0, OTHER_ADDRESSES, 0)
    return np.where(table.address_kind == 2, TRACK_FILE, source).astype(np.int64)


def position_types(source: U8, address_kind: U8) -> I64:
    """Index into TYPES of position rows: how each was placed."""
    kind = np.where(source < len(POSITION_SOURCES), source, 0).astype(np.int64)
    kind += np.where(address_kind != 0, OTHER_ADDRESSES, 0)
    return np.where(address_kind == 2, TRACK_FILE, kind)


def containment_m(table: AircraftTable) -> I64:
    """Radius of containment by NIC and its supplements A and B, rounded up (RTCA DO-260B table 2-70)."""
    radius = RADIUS_M[table.nic]
    radius[(table.nic == 6) & (table.nic_a == 0) & (table.nic_b == 0)] = NIC_6_M[0]
    radius[(table.nic == 6) & (table.nic_a == 0) & (table.nic_b == 1)] = NIC_6_M[1]
    return radius.astype(np.int64)
