"""`skywitness airport`: what the gazetteer knows of an airfield, by code, name or place."""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING, Any

from skywitness.errors import SkywitnessError

if TYPE_CHECKING:
    from skywitness.reference.airports import Gazetteer

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "airports and runways, by code, name or place"

EXAMPLES = """\
examples:
  skywitness airport UUMU
  skywitness airport Khmeimim                 also by other names: it is OSLK
  skywitness airport 55.88,38.06              what is near a place, nearest first
  skywitness airport Dakar --json
"""

NEAR_NMI = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "place", nargs="+", metavar="CODE|NAME|LAT,LON", help="ICAO, IATA or local code, a name, a place"
    )
    parser.add_argument("--rows", type=int, default=5, metavar="N", help="at most so many (5)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Find and print."""
    from skywitness.reference.load import load_gazetteer

    gazetteer = load_gazetteer()
    text = " ".join(args.place)
    spot = _spot(text)
    found = gazetteer.find(text) if spot is None else [int(row) for row in gazetteer.near(*spot, NEAR_NMI)]
    if not found:
        where = f"within {NEAR_NMI:.0f} nmi of {text}" if spot else f"called {text!r}"
        raise SkywitnessError(f"there is no airfield {where}", hint=_hint(gazetteer, text) if spot is None else "")
    rows = found[: max(args.rows, 1)]
    if spot is None and len(text) <= 4 and gazetteer.code(rows[0]) == text.upper():
        rows = rows[:1]  # a code means one field
    for row in rows:
        facts = facts_of(gazetteer, row, spot)
        print(json.dumps(facts, ensure_ascii=False) if args.json else _told(facts))
    return 0


def _spot(text: str) -> tuple[float, float] | None:
    parts = text.replace(" ", "").split(",")
    try:
        lat, lon = (float(part) for part in parts)
    except ValueError:
        return None
    return (lat, lon) if abs(lat) <= 90.0 and abs(lon) <= 180.0 else None


def _hint(gazetteer: Gazetteer, text: str) -> str:
    import difflib

    codes = [code for code in (*gazetteer.icao, *gazetteer.iata) if code]
    if len(text) <= 4:
        near = difflib.get_close_matches(text.upper(), codes, 3, 0.7)
    else:
        words = {name.split(" ")[0].lower(): name for name in gazetteer.name if len(name) > 3}
        near = [words[word] for word in difflib.get_close_matches(text.split()[0].lower(), list(words), 3, 0.75)]
    return f"Did you mean {', '.join(near)}?" if near else ""


def facts_of(gazetteer: Gazetteer, row: int, spot: tuple[float, float] | None = None) -> dict[str, Any]:
    """Return what is known of an airfield, as plain values."""
    from skywitness.geo.sphere import bearing_deg, distance_nmi
    from skywitness.reference.airports import AIRPORT_KINDS, MILITARY_SOURCES, POSITION_SOURCES

    def known(value: float, digits: int = 0) -> float | None:
        return None if math.isnan(value) else round(float(value), digits) if digits else round(float(value))

    lat, lon = float(gazetteer.lat_deg[row]), float(gazetteer.lon_deg[row])
    facts: dict[str, Any] = {
        "code": gazetteer.code(row), "name": gazetteer.name[row], "other_names": gazetteer.names(row)[1:],
        "icao": gazetteer.icao[row] or None, "iata": gazetteer.iata[row] or None, "local": gazetteer.local[row] or None,
        "kind": AIRPORT_KINDS[gazetteer.kind[row]], "military": MILITARY_SOURCES[gazetteer.military[row]] or None,
        "city": gazetteer.city[row] or None, "country": gazetteer.country[row] or None,
        "region": gazetteer.region[row] or None, "lat_deg": round(lat, 6), "lon_deg": round(lon, 6),
        "elevation_ft": known(gazetteer.elevation_ft[row]), "time_zone": gazetteer.time_zone[row] or None,
        "position_by": POSITION_SOURCES[gazetteer.position_source[row]],
        "sources": [source for source in gazetteer.sources[row].replace("|", " ").split() if source],
        "runways": [
            {
                "ident": gazetteer.runway_ident[end],
                "heading_deg": known(gazetteer.runway_heading_deg[end], 1),
                "length_ft": known(gazetteer.runway_length_ft[end]),
                "lat_deg": round(float(gazetteer.runway_lat_deg[end]), 6),
                "lon_deg": round(float(gazetteer.runway_lon_deg[end]), 6),
                "surface": gazetteer.runway_surface[end] or None,
            }
            for end in gazetteer.runways(row)
        ],
    }  # fmt: skip
    if spot is not None:
        facts["distance_nmi"] = round(float(distance_nmi(*spot, lat, lon)), 2)
        facts["bearing_deg"] = round(float(bearing_deg(*spot, lat, lon)))
    return facts


def _told(facts: dict[str, Any]) -> str:
    codes = " / ".join(dict.fromkeys(code for code in (facts["icao"], facts["iata"], facts["local"]) if code))
    lines = [
        f"{facts['code']}  {facts['name']}" + (f"  ({facts['city']}, {facts['country']})" if facts["city"] else "")
    ]
    if facts["other_names"]:
        lines.append(f"  also        {', '.join(facts['other_names'])}")
    kind = facts["kind"] + (f", military by {facts['military']}" if facts["military"] else "")
    lines.append(f"  kind        {kind}; codes {codes or 'none'}")
    north, east = ("N" if facts["lat_deg"] >= 0 else "S"), ("E" if facts["lon_deg"] >= 0 else "W")
    place = f"{abs(facts['lat_deg']):.4f} {north} {abs(facts['lon_deg']):.4f} {east}"
    if "distance_nmi" in facts:
        place += f", {facts['distance_nmi']} nmi off, bearing {facts['bearing_deg']:03d}"
    height = "elevation unknown" if facts["elevation_ft"] is None else f"{facts['elevation_ft']:,} ft"
    lines.append(f"  place       {place}, {height} (position by: {facts['position_by']})")
    lines.append(f"  time zone   {facts['time_zone'] or 'unknown'}; from {', '.join(facts['sources'])}")
    for runway in facts["runways"]:
        length = "" if runway["length_ft"] is None else f", {runway['length_ft']:,} ft"
        heading = "" if runway["heading_deg"] is None else f" {runway['heading_deg']:05.1f} deg"
        lines.append(
            f"  runway {runway['ident']:<4} {heading}{length}{', ' + runway['surface'] if runway['surface'] else ''}"
        )
    return "\n".join(lines)
