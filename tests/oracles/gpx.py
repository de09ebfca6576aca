"""What the schema of GPX 1.1 (https://www.topografix.com/GPX/1/1/gpx.xsd) says of files with tracks.

Typed from the schema: names of children in the order of each sequence, and what values may be. Only what a file of
tracks uses is known here; anything else is a mistake.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

NAMESPACE = "{http://www.topografix.com/GPX/1/1}"
SEQUENCES = {
    "gpx": ("metadata", "wpt", "rte", "trk", "extensions"),
    "metadata": ("name", "desc", "author", "copyright", "link", "time", "keywords", "bounds", "extensions"),
    "trk": ("name", "cmt", "desc", "src", "link", "number", "type", "extensions", "trkseg"),
    "trkseg": ("trkpt", "extensions"),
    "trkpt": ("ele", "time", "magvar", "geoidheight", "name", "cmt", "desc", "src", "link", "sym", "type", "fix",
              "sat", "hdop", "vdop", "pdop", "ageofdgpsdata", "dgpsid", "extensions"),
}  # fmt: skip
MANY = {"trk", "trkseg", "trkpt", "wpt", "rte", "link"}
MOMENT = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


def mistakes(data: bytes) -> list[str]:
    """Return what a validator would complain of."""
    root = ElementTree.fromstring(data)
    found: list[str] = []
    if root.tag != f"{NAMESPACE}gpx":
        return [f"root is {root.tag}"]
    if root.get("version") != "1.1" or not root.get("creator"):
        found.append("version or creator")
    for element in root.iter():
        if not element.tag.startswith(NAMESPACE):
            continue  # within extensions anything of another namespace may be
        name = element.tag.removeprefix(NAMESPACE)
        if name == "extensions":
            found += [f"{child.tag} in extensions" for child in element if child.tag.startswith(NAMESPACE)]
        elif name in SEQUENCES:
            found += _order(name, [child.tag for child in element])
        elif len(element):
            found.append(f"children in {name}")
        text = element.text or ""
        if name == "trkpt":
            lat, lon = element.get("lat", ""), element.get("lon", "")
            if not (DECIMAL.fullmatch(lat) and -90 <= float(lat) <= 90):
                found.append(f"lat {lat}")
            if not (DECIMAL.fullmatch(lon) and -180 <= float(lon) < 180):
                found.append(f"lon {lon}")
        elif (
            (name == "ele" and not DECIMAL.fullmatch(text))
            or (name == "time" and not MOMENT.fullmatch(text))
            or (name == "number" and not text.isdecimal())
        ):
            found.append(f"{name} {text}")
    return found


def _order(name: str, tags: list[str]) -> list[str]:
    order = [f"{NAMESPACE}{child}" for child in SEQUENCES[name]]
    places = [order.index(tag) if tag in order else -1 for tag in tags]
    found = [f"{tag} in {name}" for tag, place in zip(tags, places, strict=True) if place < 0]
    if places != sorted(places):
        found.append(f"order in {name}: {tags[:12]}")
    once = [tag for tag in set(tags) if tag.removeprefix(NAMESPACE) not in MANY]
    return found + [f"several {tag} in {name}" for tag in once if tags.count(tag) > 1]
