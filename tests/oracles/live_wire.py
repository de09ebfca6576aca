"""A second reader of the binary format of live views, byte by byte from its description in docs/reference/wire.md."""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import zstandard

from skywitness.identity.military import military_block

Aircraft = dict[str, Any]


class Reader:
    """What a client knows: `tiles[number][key]` is an aircraft."""

    def __init__(self) -> None:
        self.tiles: dict[int, dict[int, Aircraft]] = {}
        self.picture = 0
        self.now_ms = 0
        self.parts = 0

    def feed(self, message: bytes) -> None:
        at = 0
        while at < len(message):
            at = self.read_part(message, at)
        assert at == len(message)

    def read_part(self, message: bytes, at: int) -> int:
        magic, version, kind, tile, codec, _, picture, base, now_ms, aircraft, gone, size = struct.unpack_from(
            "<2sBBHBBIIqIII", message, at
        )
        assert (magic, version) == (b"SW", 1)
        self.parts += 1
        body = message[at + 36 : at + 36 + size]
        if codec == 1:
            body = zlib.decompress(body)
        elif codec == 2:
            body = zstandard.decompress(body)
        if kind == 0:
            assert picture >= self.picture
            self.picture, self.now_ms = picture, now_ms
        else:
            if kind == 1:
                assert base == 0
                self.tiles[tile] = {}
            self.read_body(self.tiles[tile], body, now_ms, aircraft, gone)
        return at + 36 + size

    def read_body(self, tile: dict[int, Aircraft], body: bytes, now_ms: int, count: int, gone: int) -> None:
        at = 0

        def take(form: str, number: int) -> list[Any]:
            nonlocal at
            values = list(struct.unpack_from(f"<{number}{form}", body, at))
            at += struct.calcsize(f"<{number}{form}")
            return values

        def texts(width: int, number: int) -> list[str]:
            nonlocal at
            values = [body[at + i * width : at + (i + 1) * width] for i in range(number)]
            at += width * number
            return [value.rstrip(b"\0").decode("ascii") for value in values]

        keys, groups, left = take("I", count), take("B", count), take("I", gone)
        for key in left:
            del tile[key]
        for key, has in zip(keys, groups, strict=True):
            if has == 127:
                tile[key] = {}
            assert key in tile
            assert has
        now_ds = now_ms // 100

        def who(bit: int) -> list[Aircraft]:
            return [tile[key] for key, has in zip(keys, groups, strict=True) if has >> bit & 1]

        def put(bit: int, name: str, values: list[Any], convert: Any) -> None:
            for aircraft, value in zip(who(bit), values, strict=True):
                aircraft[name] = convert(value)

        def but(missing: int, convert: Any) -> Any:
            return lambda value: None if value == missing else convert(value)

        n = len(who(0))
        put(0, "seen_ds", take("H", n), lambda v: now_ds - v)
        put(0, "messages", take("I", n), int)
        put(0, "level_db4", take("B", n), but(255, int))
        put(0, "receiver", take("H", n), int)
        n = len(who(1))
        put(1, "lat_e5", take("i", n), but(-(2**31), int))
        put(1, "lon_e5", take("i", n), but(-(2**31), int))
        put(1, "place_ds", take("H", n), lambda v: now_ds - v)
        for aircraft in who(1):
            if aircraft["lat_e5"] is None:
                aircraft["place_ds"] = None
        n = len(who(2))
        put(2, "altitude_ft", take("h", n), but(-32768, lambda v: v * 25))
        put(2, "altitude_geom_ft", take("h", n), but(-32768, lambda v: v * 25))
        n = len(who(3))
        put(3, "speed_kt10", take("H", n), but(65535, int))
        put(3, "track_deg10", take("H", n), but(65535, int))
        put(3, "rate_fpm", take("h", n), but(-32768, int))
        n = len(who(4))
        put(4, "squawk", take("H", n), but(65535, int))
        put(4, "emergency", take("B", n), but(255, int))
        put(4, "category", take("B", n), but(255, int))
        put(4, "source", take("B", n), but(255, int))
        put(4, "ground", take("B", n), but(255, int))
        put(4, "nic", take("B", n), but(255, int))
        n = len(who(5))
        put(5, "callsign", texts(8, n), str)
        n = len(who(6))
        put(6, "registration", texts(12, n), str)
        put(6, "type", texts(4, n), str)
        put(6, "flags", take("B", n), int)
        assert at == len(body)


def expected(row: dict[str, Any], now_ns: int, identity: dict[int, tuple[str, str, int]]) -> Aircraft:
    """What a client must know of an aircraft, from one row of the table in plain values."""

    def fresh(name: str, seconds: int) -> bool:
        return now_ns - row[name] < seconds * 10**9

    def whole(value: float, step: float, least: int, most: int, known: bool = True) -> int | None:
        if not known or math.isnan(value):
            return None
        return max(least, min(most, round(value / step)))

    def code(name: str, missing: int, known: bool = True) -> int | None:
        return row[name] if known and row[name] != missing else None

    placed = not math.isnan(row["lat_deg"]) and fresh("position_time_ns", 1800)
    moving = fresh("velocity_time_ns", 60)
    track = whole((row["track_deg"] % 360) * 10, 1, 0, 3600, moving)
    registration, kind, flags = identity.get(row["icao"], ("", "", 0)) if row["address_kind"] == 0 else ("", "", 0)
    altitude = whole(row["altitude_ft"], 25, -32767, 32767, fresh("altitude_time_ns", 60))
    geometric = whole(row["altitude_geom_ft"], 25, -32767, 32767, fresh("altitude_geom_time_ns", 60))
    letters = "#ABCDEFGHIJKLMNOPQRSTUVWXY" + "Z##### ###############0123456789######"
    callsign = "".join(letters[row["callsign"] >> shift & 63] for shift in range(42, -1, -6)) if row["callsign"] else ""
    return {
        "seen_ds": min(row["seen_time_ns"], now_ns) // 10**8,
        "messages": row["messages"],
        "level_db4": whole(-row["signal_dbfs"] * 4, 1, 0, 254),
        "receiver": row["receiver"],
        "lat_e5": whole(row["lat_deg"] * 1e5, 1, -9000000, 9000000, placed),
        "lon_e5": whole(row["lon_deg"] * 1e5, 1, -18000000, 18000000, placed),
        "place_ds": min(row["position_time_ns"], now_ns) // 10**8 if placed else None,
        "altitude_ft": None if altitude is None else altitude * 25,
        "altitude_geom_ft": None if geometric is None else geometric * 25,
        "speed_kt10": whole(row["groundspeed_kt"] * 10, 1, 0, 65534, moving),
        "track_deg10": None if track is None else track % 3600,
        "rate_fpm": whole(row["vertical_rate_fpm"], 1, -32767, 32767, fresh("rate_time_ns", 60)),
        "squawk": row["squawk"] if row["squawk"] <= 0o7777 and fresh("squawk_time_ns", 180) else None,
        "emergency": code("emergency", 255, fresh("emergency_time_ns", 180)),
        "category": code("category", 255),
        "source": code("position_source", 255, placed),
        "ground": code("on_ground", 255),
        "nic": code("nic", 255, placed),
        "callsign": callsign.rstrip(" ").replace("#", "\0").rstrip("\0"),
        "registration": registration[:12],
        "type": kind,
        "flags": flags | (row["address_kind"] == 0 and military_block(row["icao"]) is not None),
    }
