"""The binary format of live views: aircraft as columns of whole numbers, in parts that many clients share.

A part is a header and a body. The body has the addresses of the aircraft it speaks of, a byte for each that says which
groups of values follow, the addresses of aircraft that are gone, and then, group by group, the columns of its values
for those aircraft that have the group. All numbers are little-endian. docs/reference/wire.md has every column.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from skywitness.batches import I64, U8, U16, U32
from skywitness.identity.military import is_military
from skywitness.identity.table import FLAGS, NOBODY, IdentityTable
from skywitness.tracks.aircraft import AircraftTable
from skywitness.views.live.filters import FRESH_NS, KEPT_NS, Subject, callsign_characters
from skywitness.views.live.tiles import tile_of

__all__ = [
    "ALL_GROUPS",
    "CODECS",
    "COMPARED",
    "DELTA",
    "GROUPS",
    "HEADER",
    "MAGIC",
    "SNAPSHOT",
    "TICK",
    "VERSION",
    "Columns",
    "Part",
    "pack",
    "quantised",
    "tick",
    "unpack",
]

MAGIC = b"SW"
VERSION = 1
HEADER = struct.Struct("<2sBBHBBIIqIII")
"""Magic, version, what the part is, tile, codec, flags, picture, picture it builds on, milliseconds UTC, aircraft,
aircraft gone, bytes of the body."""

TICK, SNAPSHOT, DELTA = range(3)
CODECS = ("none", "zlib", "zstd")
LEAST_COMPRESSED = 256
SIMULATED = 1

DS_NS = 100_000_000
PLACE_KEPT_NS = 1800 * 1_000_000_000
MOST_AGE = 65_535
FOOT_STEP = 25
NO_I2, NO_U2, NO_U1, NO_I4 = -32768, 65535, 255, -(1 << 31)

GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("heard", (("seen_ds", "<u2"), ("messages", "<u4"), ("level", "u1"), ("receiver", "<u2"))),
    ("place", (("lat_e5", "<i4"), ("lon_e5", "<i4"), ("place_ds", "<u2"))),
    ("height", (("altitude", "<i2"), ("altitude_geom", "<i2"))),
    ("motion", (("speed", "<u2"), ("track", "<u2"), ("rate", "<i2"))),
    ("state", (("squawk", "<u2"), ("emergency", "u1"), ("category", "u1"), ("source", "u1"), ("ground", "u1"),
               ("nic", "u1"))),
    ("callsign", (("callsign", "S8"),)),
    ("identity", (("registration", "S12"), ("type", "S4"), ("flags", "u1"))),
)  # fmt: skip
"""Groups of values, bit 0 first, and in each the columns with their form on the wire."""
ALL_GROUPS = (1 << len(GROUPS)) - 1
TEXTS = {"callsign": ("callsign",), "identity": ("identity",)}
"""Groups that are made into text only when they are sent: the columns of `Columns` that tell whether they changed."""
COMPARED = tuple(TEXTS.get(name, tuple(column for column, _ in members)) for name, members in GROUPS)
"""Columns of `Columns` by group."""
AGES = ("seen_ds", "place_ds")
"""Times: tenths of a second UTC in memory, their age at the part's time on the wire."""

Column = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The aircraft of one picture as the wire has them, sorted by key."""

    number: int
    now_ms: int
    key: U32
    """Address, with its kind in bits 24 and 25."""
    tile: U16
    values: Mapping[str, Column]
    """By name; of texts, `callsign` is the packed one and `identity` the row of the identity table."""
    identity: IdentityTable = NOBODY
    flags: int = 0


def quantised(table: AircraftTable, number: int, now_ns: int, identity: IdentityTable = NOBODY) -> Columns:
    """Make the wire's columns of a table; what was told too long ago is left out.

    Heights and motion hold for 60 s, squawk and emergency for 180 s, a place for 30 minutes, all else as long as the
    aircraft is there.
    """
    subject = Subject(table, now_ns, identity)
    now_ds = now_ns // DS_NS
    placed = ~np.isnan(table.lat_deg) & subject.fresh(table.position_time_ns, PLACE_KEPT_NS)
    lat, lon = np.where(placed, table.lat_deg, np.nan), np.where(placed, table.lon_deg, np.nan)
    moving = subject.fresh(table.velocity_time_ns, FRESH_NS)
    kept = subject.fresh(table.squawk_time_ns, KEPT_NS)
    rows = len(table)
    values: dict[str, Column] = {
        "seen_ds": np.minimum(table.seen_time_ns // DS_NS, now_ds),
        "messages": table.messages,
        "level": whole(-table.signal_dbfs * 4.0, 0, 254, NO_U1, "u1"),
        "receiver": table.receiver,
        "lat_e5": whole(lat * 1e5, -9_000_000, 9_000_000, NO_I4, "<i4"),
        "lon_e5": whole(lon * 1e5, -18_000_000, 18_000_000, NO_I4, "<i4"),
        "place_ds": np.where(placed, np.minimum(table.position_time_ns // DS_NS, now_ds), 0),
        "altitude": feet(table.altitude_ft, subject.fresh(table.altitude_time_ns, FRESH_NS)),
        "altitude_geom": feet(table.altitude_geom_ft, subject.fresh(table.altitude_geom_time_ns, FRESH_NS)),
        "speed": whole(np.where(moving, table.groundspeed_kt, np.nan) * 10.0, 0, 65_534, NO_U2, "<u2"),
        "track": whole(np.where(moving, table.track_deg, np.nan) % 360.0 * 10.0, 0, 3_600, NO_U2, "<u2"),
        "rate": whole(
            np.where(subject.fresh(table.rate_time_ns, FRESH_NS), table.vertical_rate_fpm, np.nan),
            -32_767, 32_767, NO_I2, "<i2",
        ),
        "squawk": np.where(kept & (table.squawk <= 0o7777), table.squawk, NO_U2).astype("<u2"),
        "emergency": np.where(subject.fresh(table.emergency_time_ns, KEPT_NS), table.emergency, NO_U1).astype("u1"),
        "category": table.category,
        "source": np.where(placed, table.position_source, NO_U1).astype("u1"),
        "ground": table.on_ground,
        "nic": np.where(placed, table.nic, NO_U1).astype("u1"),
        "callsign": table.callsign,
        "identity": subject.rows,
    }  # fmt: skip
    values["track"][values["track"] == 3600] = 0
    key = table.icao | table.address_kind.astype(np.uint32) << np.uint32(24)
    columns = Columns(number, now_ns // 1_000_000, key, tile_of(lat, lon), values, identity)
    if rows and not bool((key[1:] > key[:-1]).all()):
        raise ValueError("the table is not sorted by kind and address")
    return columns


def whole(values: NDArray[Any], least: int, most: int, missing: int, dtype: str) -> Column:
    """Round to whole numbers within bounds; `missing` for NaN."""
    rounded = np.rint(values)
    np.minimum(np.maximum(rounded, least, out=rounded), most, out=rounded)
    rounded[np.isnan(rounded)] = missing
    column: Column = rounded.astype(dtype)
    return column


def feet(altitude_ft: NDArray[np.float32], known: NDArray[np.bool_]) -> Column:
    """Altitude in steps of 25 ft."""
    return whole(np.where(known, altitude_ft, np.nan) / FOOT_STEP, -32_767, 32_767, NO_I2, "<i2")


def texts(columns: Columns, rows: I64) -> dict[str, Column]:
    """Make the words of some aircraft, zeros behind, and their flags."""
    known = columns.values["identity"][rows]
    table = columns.identity
    flags = np.where(known >= 0, table.flags[np.maximum(known, 0)], 0) if len(table) else np.zeros(len(rows))
    key = columns.key[rows]
    of_block = is_military((key & 0xFFFFFF).astype(np.uint32)) & (key >> 24 == 0)
    flags = flags.astype(np.uint8) | of_block.astype(np.uint8) << FLAGS.index("military")
    out = {"callsign": callsign_characters(columns.values["callsign"][rows]).view("S8").reshape(-1), "flags": flags}
    for name in ("registration", "type"):
        words = getattr(table, name)
        out[name] = np.where(known >= 0, words[np.maximum(known, 0)], b"") if len(table) else np.full(len(rows), b"")
    return out


@dataclass(slots=True)
class Part:
    """What one tile has to say at one picture, made once for all who want it."""

    kind: int
    tile: int
    picture: int
    base: int
    """The picture that it changes; 0 for a snapshot, which needs none."""
    now_ms: int
    rows: int
    gone: int
    body: bytes
    flags: int = 0
    made: dict[str, bytes] = field(default_factory=dict)
    """By codec, and whatever else clients share."""

    def encoded(self, codec: str) -> bytes:
        """Header and body; a body that would hardly shrink is not compressed."""
        if (found := self.made.get(codec)) is not None:
            return found
        used = codec if len(self.body) >= LEAST_COMPRESSED else "none"
        body = self.body
        if used == "zlib":
            body = zlib.compress(body, 1)
        elif used == "zstd":
            body = compressor(3 if self.kind == SNAPSHOT else 1).compress(body)
        head = HEADER.pack(
            MAGIC, VERSION, self.kind, self.tile, CODECS.index(used), self.flags, self.picture & 0xFFFFFFFF,
            self.base & 0xFFFFFFFF, self.now_ms, self.rows, self.gone, len(body),
        )  # fmt: skip
        self.made[codec] = head + body
        return self.made[codec]


def tick(number: int, base: int, now_ms: int, flags: int = 0) -> Part:
    """Return the part that says which picture it is: all that goes with it has been sent."""
    return Part(TICK, NO_U2, number, base, now_ms, 0, 0, b"", flags)


_own = threading.local()


def compressor(level: int) -> zstandard.ZstdCompressor:
    """Return this thread's compressor of a level."""
    made: dict[int, zstandard.ZstdCompressor] = _own.__dict__.setdefault("compressors", {})
    if level not in made:
        made[level] = zstandard.ZstdCompressor(level=level, write_content_size=True)
    return made[level]


def pack(
    columns: Columns, rows: I64, groups: U8, gone_key: U32, gone_tile: U16, kind: int, base: int,
    tile: U16 | None = None,
) -> dict[int, Part]:  # fmt: skip
    """Make the parts of all tiles at once: each column is gathered once and cut at the tiles' borders.

    rows       (k,) of `columns` that are spoken of
    groups     (k,) what of each
    gone_key   (g,) keys of aircraft that are no longer there, and the tile they were in
    tile       of all rows of `columns`, if other than theirs
    """
    tile = columns.tile if tile is None else tile
    order = np.argsort(tile[rows], kind="stable")
    rows, groups = rows[order], groups[order]
    tile_here = tile[rows]
    order = np.argsort(gone_tile, kind="stable")
    gone_key, gone_tile = gone_key[order].astype("<u4"), gone_tile[order]
    tiles = np.unique(np.concatenate([tile_here, gone_tile]))
    if not len(tiles):
        return {}
    now_ds = columns.now_ms // 100
    pieces = [
        (cuts(tile_here, tiles), [columns.key[rows].astype("<u4", copy=False).data, groups.data]),
        (cuts(gone_tile, tiles), [gone_key.data]),
    ]
    for bit, (group, members) in enumerate(GROUPS):
        has = np.flatnonzero(groups & np.uint8(1 << bit))
        if not len(has):
            continue
        here = rows[has]
        made = texts(columns, here) if group in TEXTS else columns.values
        views = []
        for name, dtype in members:
            values = made[name] if group in TEXTS else made[name][here]
            if name in AGES:
                values = np.clip(now_ds - values, 0, MOST_AGE)
            views.append(np.ascontiguousarray(values.astype(dtype, copy=False)).data)
        pieces.append((cuts(tile_here[has], tiles), views))
    counts, gone = ([place.stop - place.start for place in places] for places, _ in pieces[:2])
    return {
        number: Part(
            kind, number, columns.number, base, columns.now_ms, counts[i], gone[i],
            b"".join([view[places[i]] for places, views in pieces for view in views]), columns.flags,
        )
        for i, number in enumerate(tiles.tolist())
    }  # fmt: skip


def cuts(tile: U16, tiles: U16) -> list[slice]:
    """Where each of `tiles` lies in a sorted column."""
    ends = np.searchsorted(tile, tiles, side="right").tolist()
    return [slice(start, stop) for start, stop in zip([0, *ends[:-1]], ends, strict=True)]


def unpack(part: Part) -> tuple[U32, U8, U32, dict[str, tuple[I64, Column]]]:
    """Read a body back.

    return  keys and groups of the aircraft spoken of, keys of those gone, and by name of a column the rows that have
            it and their values as they are on the wire
    """
    at = 0

    def take(dtype: str, count: int) -> Column:
        nonlocal at
        values = np.frombuffer(part.body, dtype, count, at)
        at += values.nbytes
        return values

    key, groups, gone = take("<u4", part.rows), take("u1", part.rows), take("<u4", part.gone)
    columns: dict[str, tuple[I64, Column]] = {}
    for bit, (_, members) in enumerate(GROUPS):
        has = np.flatnonzero(groups & np.uint8(1 << bit))
        for name, dtype in members:
            if len(has):
                columns[name] = has, take(dtype, len(has))
    return key, groups, gone, columns
