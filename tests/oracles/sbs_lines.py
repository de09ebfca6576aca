"""SBS/BaseStation lines, made one by one with Python objects: what the columns of `views.feeds.sbs` must give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from skywitness.batches import ADDRESS_KINDS, STATUSES, U8, UNTIMED, Frames, Messages
from skywitness.messages.mode_s.columns import decode_table
from skywitness.pipeline import Output
from skywitness.views.feeds.places import places_of

__all__ = ["SbsWriter", "transmission_types"]

REPAIRED = STATUSES.index("repaired")
ICAO = ADDRESS_KINDS.index("icao")

IDENT, SURFACE, AIRBORNE, VELOCITY, ALTITUDE, SQUAWK, AIR_TO_AIR, ALL_CALL = range(1, 9)
TYPE_OF_FORMAT = {0: AIR_TO_AIR, 4: ALTITUDE, 5: SQUAWK, 11: ALL_CALL, 16: AIR_TO_AIR, 20: ALTITUDE, 21: SQUAWK}
TYPE_OF_TYPECODE = {
    **dict.fromkeys(range(1, 5), IDENT),
    **dict.fromkeys(range(5, 9), SURFACE),
    **dict.fromkeys((*range(9, 19), 20, 21, 22), AIRBORNE),
    19: VELOCITY,
}

EMERGENCIES = ("7500", "7600", "7700")
ON_GROUND = {
    "on the ground": True,
    "airborne": False,
    "level 2 or more, on the ground": True,
    "level 2 or more, airborne": False,
}

COLUMNS = (
    "callsign", "altitude_ft", "altitude_geom_ft", "groundspeed_kt", "track_deg", "vertical_rate_fpm", "squawk",
    "alert", "spi", "on_ground", "capability", "vertical_status",
)  # fmt: skip


class SbsWriter:
    """From the pipeline's output to text."""

    def write(self, output: Output) -> bytes:
        """Return the lines of the messages that were accepted or repaired, in their order, each ended by CR LF."""
        kind = transmission_types(output.messages)
        kept = np.flatnonzero(kind)
        if not len(kept):
            return b""
        frames, messages = output.frames.take(kept), output.messages.take(kept)
        table = decode_table(frames, messages)
        latitude, longitude = places_of(frames.id, output.positions)
        values: dict[str, Sequence[Any]] = {name: _values(table.column(name)) for name in COLUMNS}
        values["latitude"], values["longitude"] = latitude.tolist(), longitude.tolist()
        lines = []
        stamps = _stamps(frames)
        rows = zip(kind[kept].tolist(), messages.icao.tolist(), stamps, strict=True)
        for i, (number, icao, stamp) in enumerate(rows):
            said = {name: column[i] for name, column in values.items() if column[i] is not None}
            lines.append(f"MSG,{number},1,1,{icao:06X},1,{stamp},{stamp},{_fields(number, said)}\r\n")
        return "".join(lines).encode("ascii")


def transmission_types(messages: Messages) -> U8:
    """Transmission type 1 to 8 of each message; 0 for those that have no line."""
    by_format = np.zeros(256, np.uint8)
    by_format[list(TYPE_OF_FORMAT)] = list(TYPE_OF_FORMAT.values())
    by_typecode = np.zeros(256, np.uint8)
    by_typecode[list(TYPE_OF_TYPECODE)] = list(TYPE_OF_TYPECODE.values())
    squitter = (messages.df == 17) | (messages.df == 18)
    kind: U8 = np.where(squitter, by_typecode[messages.typecode], by_format[messages.df])
    kind[(messages.status > REPAIRED) | (messages.address_kind != ICAO)] = 0
    return kind


def _fields(number: int, said: Mapping[str, Any]) -> str:
    """Fields 11 to 22."""
    squawk = said.get("squawk", "") if number == SQUAWK else ""
    has_flags = number in (ALTITUDE, SQUAWK)
    return ",".join(
        (
            said["callsign"].ljust(8) if "callsign" in said else "",
            _altitude(number, said),
            _whole(said.get("groundspeed_kt")) if number in (SURFACE, VELOCITY) else "",
            _whole(said.get("track_deg"), 360) if number in (SURFACE, VELOCITY) else "",
            f"{said['latitude']:.6f}" if said["latitude"] == said["latitude"] else "",
            f"{said['longitude']:.6f}" if said["longitude"] == said["longitude"] else "",
            _whole(said.get("vertical_rate_fpm")) if number == VELOCITY else "",
            squawk,
            _flag(said.get("alert")) if has_flags else "",
            _flag(squawk in EMERGENCIES) if squawk else "",
            _flag(said.get("spi")) if has_flags else "",
            _flag(_is_on_ground(number, said)),
        )
    )


def _altitude(number: int, said: Mapping[str, Any]) -> str:
    """Feet; of height above the ellipsoid with an H."""
    if number not in (AIRBORNE, ALTITUDE, AIR_TO_AIR):
        return ""
    if "altitude_ft" in said:
        return str(said["altitude_ft"])
    return f"{said['altitude_geom_ft']}H" if "altitude_geom_ft" in said else ""


def _is_on_ground(number: int, said: Mapping[str, Any]) -> bool | None:
    if number in (SURFACE, AIRBORNE, VELOCITY):
        return number == SURFACE
    if "on_ground" in said:
        return bool(said["on_ground"])
    return ON_GROUND.get(said.get("vertical_status", said.get("capability", "")))


def _whole(value: float | None, turn: int = 0) -> str:
    """Nearest whole number, 360 degrees as 0."""
    if value is None:
        return ""
    return str(round(value) % turn if turn else round(value))


def _flag(value: bool | None) -> str:
    return "" if value is None else "-1" if value else "0"


def _values(column: pa.ChunkedArray) -> list[Any]:
    values: list[Any] = column.to_pylist()
    return values


def _stamps(frames: Frames) -> list[str]:
    """Date and time in two fields, milliseconds cut off."""
    texts = np.datetime_as_string(frames.time_ns.view("datetime64[ns]").astype("datetime64[ms]")).tolist()
    return [
        "," if time_ns == UNTIMED else text.replace("-", "/").replace("T", ",")
        for time_ns, text in zip(frames.time_ns.tolist(), texts, strict=True)
    ]
