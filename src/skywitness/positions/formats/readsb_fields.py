"""What the keys of readsb's JSON formats mean, where aircraft.json and traces share them (docs/guide/formats.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skywitness.batches import ADDRESS_KINDS, POSITION_SOURCES

__all__ = ["TIME_LIMIT_S", "address_of", "microseconds", "source_of", "vertical_rate"]

TIME_LIMIT_S = 9_000_000_000.0
"""The year 2255, the last that 64 bits of nanoseconds can hold."""

SOURCE_BY_PREFIX = {
    name: POSITION_SOURCES.index(source)
    for name, source in (("adsb", "adsb"), ("adsr", "adsr"), ("tisb", "tisb"), ("mlat", "mlat"), ("uat", "uat"))
}
OTHER = POSITION_SOURCES.index("other")
TRACK_FILE = ADDRESS_KINDS.index("tisb_track_file")
ANONYMOUS = ADDRESS_KINDS.index("anonymous")


def address_of(text: object, kind: object) -> tuple[int, int] | None:
    """Read six hex digits, `~` before them if they are no ICAO address: the address and its kind; None if neither.

    kind  the `type` beside it
    """
    if not isinstance(text, str):
        return None
    digits = text.strip().removeprefix("~")
    if len(digits) != 6 or not set(digits) <= set("0123456789abcdefABCDEF"):
        return None
    if not text.strip().startswith("~"):
        return int(digits, 16), 0
    return int(digits, 16), TRACK_FILE if kind == "tisb_trackfile" else ANONYMOUS


def source_of(kind: object, entry: Mapping[str, Any] | None = None) -> int:
    """Who determined a position: index into POSITION_SOURCES.

    kind   the `type`; without it, as older programs write, `adsb`
    entry  the aircraft's object; its `mlat` and `tisb` name the fields that came from there and go first
    """
    for name in ("mlat", "tisb"):
        told = (entry or {}).get(name)
        if isinstance(told, list) and "lat" in told:
            return SOURCE_BY_PREFIX[name]
    if kind is None:
        return SOURCE_BY_PREFIX["adsb"]
    return SOURCE_BY_PREFIX.get(str(kind).partition("_")[0], OTHER)


def vertical_rate(entry: Mapping[str, Any]) -> object:
    """Return the barometric rate, or the geometric one where that is all there is."""
    rate: object = entry.get("baro_rate")
    return entry.get("geom_rate") if rate is None else rate


def microseconds(seconds: object) -> int | None:
    """Whole microseconds of a number of seconds, as finely as a float can say the time of day; None if it is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not abs(seconds) <= TIME_LIMIT_S:
        return None
    return round(seconds * 1_000_000)
