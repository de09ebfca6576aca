"""Filters of the v2 family: properties of aircraft.json compared with values, over columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.tracks.aircraft import AircraftTable
from skywitness.units import NS_PER_S
from skywitness.views.api.bodies import problem
from skywitness.views.api.selection import Mask, Scene
from skywitness.views.feeds.aircraft_json import FRESH_NS, KEPT_NS, TYPES, types

__all__ = ["MOST_FILTERS", "PROPERTIES", "filter_mask"]

MOST_FILTERS = 10
LONGEST_VALUE = 100

NUMBERS = {
    "alt_baro": ("altitude_ft", "altitude_time_ns"), "alt_geom": ("altitude_geom_ft", "altitude_geom_time_ns"),
    "gs": ("groundspeed_kt", "velocity_time_ns"), "track": ("track_deg", "velocity_time_ns"),
    "ias": ("ias_kt", "air_time_ns"), "tas": ("tas_kt", "air_time_ns"), "mach": ("mach", "air_time_ns"),
    "roll": ("roll_deg", "turn_time_ns"), "track_rate": ("track_rate_deg_s", "turn_time_ns"),
    "nav_qnh": ("qnh_hpa", "selected_time_ns"), "nav_altitude_mcp": ("mcp_altitude_ft", "selected_time_ns"),
    "nav_altitude_fms": ("fms_altitude_ft", "selected_time_ns"),
    "nav_heading": ("selected_heading_deg", "selected_time_ns"),
    "lat": ("lat_deg", "position_time_ns"), "lon": ("lon_deg", "position_time_ns"),
    "wd": ("wind_direction_deg", "weather_time_ns"), "ws": ("wind_speed_kt", "weather_time_ns"),
    "oat": ("sat_c", "weather_time_ns"), "rssi": ("signal_dbfs", "seen_time_ns"),
    "messages": ("messages", "seen_time_ns"),
}  # fmt: skip
"""Properties that are numbers: column, and the time that says whether it holds."""

CODES = ("version", "nic_baro", "nac_p", "nac_v", "sil", "gva", "sda", "alert", "spi", "nic")


def texts(name: str, scene: Scene) -> NDArray[np.bytes_] | None:
    """Return a property that is text, empty where unknown; None if it is no such property."""
    table = scene.table
    if name == "flight":
        return scene.callsigns()
    if name in ("r", "t"):
        found: NDArray[np.bytes_] = scene.of_identity({"r": "registration", "t": "type"}[name])
        return found
    if name == "hex":
        digits = np.char.mod(b"%06x", table.icao.astype(np.int64))
        return np.where(table.address_kind != 0, np.char.add(b"~", digits), digits)
    if name == "squawk":
        code = table.squawk.astype(np.int64)
        known = (scene.now_ns - table.squawk_time_ns < KEPT_NS) & (code <= 0o7777)
        return np.where(known, np.char.mod(b"%04o", code), b"")
    if name == "category":
        category = table.category.astype(np.int64)
        return np.where(category == 255, b"", np.char.mod(b"%02X", category))
    if name == "type":
        place = types(
            table,
            scene.now_ns - table.position_time_ns < FRESH_NS,
            scene.now_ns - table.quality_time_ns < FRESH_NS,
        )
        return np.array([word.encode() for word in TYPES])[place]
    return None


def numbers(name: str, scene: Scene) -> NDArray[np.float64] | None:
    """Return a property that is a number, NaN where unknown; None if it is no such property."""
    table: AircraftTable = scene.table
    if name in NUMBERS:
        column, time = NUMBERS[name]
        fresh = scene.now_ns - getattr(table, time) < FRESH_NS
        if name in ("alt_baro", "alt_geom"):
            fresh &= table.on_ground != 1  # there `alt_baro` is the word "ground"
        return np.where(fresh, getattr(table, column).astype(np.float64), np.nan)
    if name in CODES:
        values = getattr(table, name).astype(np.float64)
        return np.where(values == 255, np.nan, values)
    if name in ("baro_rate", "geom_rate"):
        fresh = scene.now_ns - table.rate_time_ns < FRESH_NS
        of_kind = (table.vertical_source == 0) == (name == "geom_rate")
        return np.where(fresh & of_kind, table.vertical_rate_fpm.astype(np.float64), np.nan)
    if name == "seen":
        return (scene.now_ns - table.seen_time_ns) / NS_PER_S
    if name == "seen_pos":
        return np.where(scene.placed(), (scene.now_ns - table.position_time_ns) / NS_PER_S, np.nan)
    if name == "dbFlags":
        flags: NDArray[np.float64] = scene.of_identity("flags").astype(np.float64)
        return flags
    return None


PROPERTIES = ("hex", "type", "flight", "r", "t", "squawk", "category", "dbFlags", "baro_rate", "geom_rate", "seen",
              "seen_pos", *NUMBERS, *CODES)  # fmt: skip

COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "gt": lambda a, b: a > b, "lt": lambda a, b: a < b,
    "ge": lambda a, b: a >= b, "le": lambda a, b: a <= b,
}  # fmt: skip
SEARCHED: dict[str, Callable[[Any, Any], Any]] = {
    "contains": lambda a, b: np.char.find(a, b) >= 0,
    "startsWith": np.char.startswith,
    "endsWith": np.char.endswith,
}
NEGATED = {"not" + name[0].upper() + name[1:]: name for name in SEARCHED}
OPERATORS = (*COMPARED, *SEARCHED, *NEGATED, "isNull", "isNotNull")


def filter_mask(scene: Scene, asked: Any) -> Mask:
    """Say which aircraft pass; 422 with one sentence if the filter is none.

    asked  {"logical_operator": "and" | "or", "filters": [{"property", "operator", "value"}, ...]}
    """
    filters = asked.get("filters") if isinstance(asked, dict) else None
    if not isinstance(filters, list) or not 1 <= len(filters) <= MOST_FILTERS:
        raise problem(422, f"A filter has a list `filters` of 1 to {MOST_FILTERS} conditions.")
    joined = str(asked.get("logical_operator", "and")).lower()
    if joined not in ("and", "or"):
        raise problem(422, "logical_operator must be `and` or `or`.")
    masks = [condition(scene, item) for item in filters]
    every: Mask = (np.logical_and if joined == "and" else np.logical_or).reduce(masks)
    return every


def condition(scene: Scene, item: Any) -> Mask:
    """Evaluate one condition. What is not known passes isNull and the negations only."""
    if not isinstance(item, dict):
        raise problem(422, "Each condition is an object with property, operator and value.")
    name, operator, value = item.get("property"), item.get("operator"), item.get("value")
    if name not in PROPERTIES:
        raise problem(422, f"{str(name)[:40]!r} is no property that can be asked for.")
    if operator not in OPERATORS:
        raise problem(422, f"{str(operator)[:40]!r} is no operator; there are {', '.join(OPERATORS)}.")
    words = texts(name, scene)
    values: NDArray[Any] = words if words is not None else np.asarray(numbers(name, scene))
    known: Mask = ~np.isnan(values) if words is None else values != b""
    if operator in ("isNull", "isNotNull"):
        return known if operator == "isNotNull" else ~known
    if words is None:
        if operator not in COMPARED:
            raise problem(422, f"{name} is a number; {operator} is for text.")
        return compare_numbers(operator, name, values, value, known)
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        raise problem(422, f"{name} is text; compare it with a text of at most {LONGEST_VALUE} characters.")
    upper, text = np.char.upper(words), value.strip().upper().encode("ascii", "replace")
    found: Mask
    if operator in NEGATED:
        found = ~SEARCHED[NEGATED[operator]](upper, text)
        return found
    if operator == "ne":
        found = upper != text
        return found
    found = known & (SEARCHED[operator](upper, text) if operator in SEARCHED else COMPARED[operator](upper, text))
    return found


def compare_numbers(operator: str, name: str, values: NDArray[Any], value: Any, known: Mask) -> Mask:
    """Compare a number; a text that is one counts as one."""
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise problem(422, f"{name} is a number; compare it with one.")
    with np.errstate(invalid="ignore"):
        passed: Mask = COMPARED[operator](values, number)
    return passed if operator == "ne" else passed & known
