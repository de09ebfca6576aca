"""A map of tracks and places as SVG: what was received solid, what was not dashed, with its sources printed on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import shapely

from skywitness.batches import F64, PROVENANCES
from skywitness.reference.load import load_gazetteer
from skywitness.units import NS_PER_S
from skywitness.views.exports.base_map import Frame, base_map, path_of
from skywitness.views.exports.drawn import PALETTE, About, Drawn, moment_text, xml_text
from skywitness.views.exports.labelling import Labels, text_width
from skywitness.views.exports.map_marks import (
    BORDER,
    FAINT,
    INK,
    LAND,
    NET,
    SEA,
    drawn_cities,
    drawn_countries,
    drawn_places,
    drawn_times,
    scale_bar,
    spoken,
    text_at,
)
from skywitness.views.exports.map_places import Place
from skywitness.views.exports.projections import EARTH_KM, Cylindrical, Projection, great_circle, projection_for

__all__ = ["draw_map", "write_map_svg"]

WIDTH = 1200.0
EDGE = 24.0
LEAST_KM = 12.0
LEGEND = 8
TIMED = 4
"""With no more aircraft than this, times are written along the tracks."""
JOINED_S = 86_400.0
"""The silence between two flights of one aircraft is drawn, dashed, if it is not longer."""
FONT = "Roboto, 'DejaVu Sans', 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Stroke:
    """Part of a track on the projection."""

    km: F64
    colour: str
    is_observed: bool
    wide: float = 2.6


def write_map_svg(
    file: BinaryIO, tracks: Sequence[Drawn], about: About | None = None, places: Sequence[Place] = ()
) -> None:
    """Write `draw_map` as a file."""
    file.write(draw_map(tracks, about, places).encode())


def draw_map(tracks: Sequence[Drawn], about: About | None = None, places: Sequence[Place] = ()) -> str:
    """Return a map as a text of SVG 1.1.

    tracks  lines; where nothing was received for five minutes they are dashed along the great circle
    places  marks with names
    about   title and what is printed below, and kept in the picture's metadata
    """
    about = about or About()
    tracks = [track for track in tracks if len(track)]
    lon, lat = everywhere(tracks, places)
    projection = projection_for(lon, lat)
    colours = colours_of(tracks)
    strokes = strokes_of(tracks, colours, projection)
    marks = np.column_stack(projection.xy(*(np.array([[p.lon_deg, p.lat_deg] for p in places]).reshape(-1, 2).T)))
    head = header(tracks, about)
    frame = frame_of(
        np.vstack([np.zeros((0, 2)), *(stroke.km for stroke in strokes), marks]), 30.0 + 24.0 * len(head), projection
    )
    base = base_map(projection, frame, load_gazetteer().country_name)
    foot = footer(tracks, about, projection)
    legend = legend_of(tracks, colours, places)
    rows = math.ceil(len(legend) / 2)
    height = frame.top + frame.height + 26.0 + 22.0 * rows + 17.0 * len(foot) + 22.0

    out = [opening(height, about, tracks, head, foot)]
    for number, text in enumerate(head):
        size, weight = (24, "bold") if number == 0 else (15, "normal")
        out.append(text_at(EDGE, 36.0 + 24.0 * number, text, size, INK if number == 0 else FAINT, weight))
    clip = f'x="{frame.left:g}" y="{frame.top:g}" width="{frame.width:g}" height="{frame.height:g}"'
    out.append(f'<clipPath id="map"><rect {clip}/></clipPath><g clip-path="url(#map)"><rect {clip} fill="{SEA}"/>\n')
    out.append(f'<path d="{base.land}" fill="{LAND}" stroke="{LAND}" stroke-width="0.4" fill-rule="evenodd"/>\n')
    out.append(f'<path d="{base.net}" fill="none" stroke="{NET}" stroke-width="0.7"/>\n')
    out.append(f'<path d="{base.borders}" fill="none" stroke="{BORDER}" stroke-width="0.65"/>\n')
    out.append(drawn_strokes(strokes, frame))
    track_px = np.vstack([np.zeros((0, 2)), *(spread(frame.pixels(stroke.km)) for stroke in strokes)])
    labels = Labels(frame, track_px)
    bar, bar_box = scale_bar(frame)
    labels.taken.append(bar_box)
    out.append(drawn_places(places, frame.pixels(marks), labels))
    if len(colours) <= TIMED:
        out.append(drawn_times(tracks, colours, projection, frame, labels))
    out.append(drawn_cities(projection, frame, labels, places))
    out.append(drawn_countries(base.countries, labels))
    out.append(bar)
    out.append(f'</g><rect {clip} fill="none" stroke="{FAINT}" stroke-width="1"/>\n')
    beyond = -math.inf
    for x, y, text in sorted(base.degrees):
        is_below = y > frame.top + frame.height - 2.0
        at = (x, frame.top + frame.height + 13.0) if is_below else (frame.left - 4.0, y + 3.5)
        if is_below and x - beyond < 44.0:
            continue
        beyond = x if is_below else beyond
        if is_below or frame.top + 8 < y < frame.top + frame.height - 8:
            out.append(text_at(*at, text, 10, FAINT, anchor="middle" if is_below else "end"))
    y = frame.top + frame.height + 42.0
    for number, (mark, text) in enumerate(legend):
        x = EDGE + (number % 2) * (WIDTH - 2 * EDGE) / 2
        out.append(f'<g transform="translate({x:g},{y + 22.0 * (number // 2):g})">{mark}</g>')
        out.append(text_at(x + 46.0, y + 22.0 * (number // 2) + 4.5, text, 13, INK))
    y += 22.0 * rows + 8.0
    for number, text in enumerate(foot):
        out.append(text_at(EDGE, y + 17.0 * number, text, 11.5, FAINT))
    out.append("</svg>\n")
    return "".join(out)


def everywhere(tracks: Sequence[Drawn], places: Sequence[Place]) -> tuple[F64, F64]:
    """Return all longitudes and latitudes."""
    parts = [(track.rows.lon_deg[track.first : track.last + 1], track.rows.lat_deg[track.first : track.last + 1])
             for track in tracks]  # fmt: skip
    lon = np.concatenate([np.array([p.lon_deg for p in places], np.float64), *(one for one, _ in parts)])
    lat = np.concatenate([np.array([p.lat_deg for p in places], np.float64), *(one for _, one in parts)])
    return lon, lat


def colours_of(tracks: Sequence[Drawn]) -> dict[str, str]:
    """Return the colour of each aircraft, in the order in which they appear."""
    found: dict[str, str] = {}
    for track in tracks:
        found.setdefault(track.icao24, PALETTE[len(found) % len(PALETTE)])
    return found


def strokes_of(tracks: Sequence[Drawn], colours: dict[str, str], projection: Projection) -> list[Stroke]:
    """Return what was received, and the silences between."""
    found = []
    last: dict[str, tuple[int, tuple[float, float]]] = {}
    # Two that fly the same way are both seen: the first lies below, wider.
    order = {icao24: number for number, icao24 in enumerate(reversed(colours))}
    wide = {icao24: 2.4 + 2.2 * order[icao24] if len(colours) <= TIMED else 1.6 for icao24 in colours}
    for track in sorted(tracks, key=lambda one: int(one.rows.time_ns[one.first])):
        rows, colour = track.rows, colours[track.icao24]
        for a, z in track.stretches():
            here = (float(rows.lon_deg[a]), float(rows.lat_deg[a]))
            before = last.get(track.icao24)
            if before and 0 <= int(rows.time_ns[a]) - before[0] <= JOINED_S * NS_PER_S:
                found += [Stroke(km, colour, False) for km in projection.parts(*great_circle(before[1], here))]
            found += [
                Stroke(km, colour, True, wide[track.icao24])
                for km in projection.parts(rows.lon_deg[a:z], rows.lat_deg[a:z])
            ]
            last[track.icao24] = (int(rows.time_ns[z - 1]), (float(rows.lon_deg[z - 1]), float(rows.lat_deg[z - 1])))
    return found


def frame_of(km: F64, top: float, projection: Projection) -> Frame:
    """Return the part of the projection that holds all points, with a margin."""
    if isinstance(projection, Cylindrical):
        return world_frame(km, top)
    low, high = (km.min(axis=0), km.max(axis=0)) if len(km) else (np.full(2, -5000.0), np.full(2, 5000.0))
    span = np.maximum((high - low) * 1.16, LEAST_KM)
    left, width = EDGE + 26.0, WIDTH - 2 * EDGE - 26.0
    height = min(max(width * span[1] / span[0], 0.52 * width), 0.86 * width)
    scale = max(span[0] / width, span[1] / height)
    centre = (low + high) / 2.0
    return Frame(left, top, width, float(round(height)), (float(centre[0]), float(centre[1])), float(scale))


def world_frame(km: F64, top: float) -> Frame:
    """Return a frame with all meridians, as far north and south as there is something."""
    left, width = EDGE + 26.0, WIDTH - 2 * EDGE - 26.0
    around = 2.0 * math.pi * EARTH_KM
    low, high = (float(km[:, 1].min()), float(km[:, 1].max())) if len(km) else (0.0, 0.0)
    most = math.radians(88.0) * EARTH_KM
    low, high = max(min(low - 800.0, -0.16 * around), -most), min(max(high + 800.0, 0.2 * around), most)
    scale = around / width
    return Frame(left, top, width, (high - low) / scale, (0.0, (low + high) / 2.0), scale)


def header(tracks: Sequence[Drawn], about: About) -> list[str]:
    """Return the title, and the time that the map shows."""
    head = shortened(about.title, 24, WIDTH - 2 * EDGE)
    if tracks:
        since = min(int(track.rows.time_ns[track.first]) for track in tracks)
        until = max(int(track.rows.time_ns[track.last]) for track in tracks)
        span = f"{spoken(since)} to {spoken(until)} UTC"
        worst = max(int(track.rows.provenance[track.first : track.last + 1].max()) for track in tracks)
        said = {"simulated": "SIMULATED: not a record of real flights", "imported": "imported data"}
        head += [". ".join([span, *([said[PROVENANCES[worst]]] if PROVENANCES[worst] in said else [])])]
    return head


def footer(tracks: Sequence[Drawn], about: About, projection: Projection) -> list[str]:
    """Return what is printed below: question, source, hash, and how the map was made."""
    wide = WIDTH - 2 * EDGE
    count = sum(map(len, tracks))
    lines = []
    if about.query:
        lines += shortened(f"Query: {about.query}", 11.5, wide, 3)
    if about.source:
        lines += shortened(f"Source: {about.source}", 11.5, wide, 3)
    shown = f"SHA-256 of the rows: {about.content_hash[:16]}…  " if about.content_hash else ""
    lines.append(f"{shown}{count:,} positions.  {about.software}")
    lines.append(
        f"Land and borders: Natural Earth, simplified. Projection: {projection.name}. Scale holds at the middle."
    )
    return lines


def shortened(text: str, size: float, wide: float, most: int = 2) -> list[str]:
    """Return a text in lines of a width, cut off after some."""
    letters = max(8, int(wide / text_width("x", size)))
    words, lines = text.split(), [""]
    for word in words:
        while len(word) > letters:
            lines.append(word[:letters])
            word = word[letters:]
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    lines = [line for line in lines if line] or [""]
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: letters - 1]}…"]


def legend_of(tracks: Sequence[Drawn], colours: dict[str, str], places: Sequence[Place]) -> list[tuple[str, str]]:
    """Return marks and what they mean."""
    found = []
    for icao24, colour in list(colours.items())[:LEGEND]:
        mine = [track for track in tracks if track.icao24 == icao24]
        names = list(dict.fromkeys(track.callsign for track in mine if track.callsign))
        text = " · ".join([mine[0].title, *names[:3]]) + (" …" if len(names) > 3 else "")
        line = f'<line x2="36" stroke="{colour}" stroke-width="3" stroke-linecap="round"/>'
        found.append((line, shortened(text, 13, WIDTH / 2 - EDGE - 60, 1)[0]))
    if len(colours) > LEGEND:
        found.append(("", f"and {len(colours) - LEGEND:,} more aircraft"))
    if any(len(list(track.stretches())) > 1 for track in tracks) or len(tracks) > len(colours):
        dashed = f'<line x2="36" stroke="{FAINT}" stroke-width="1.6" stroke-dasharray="6 5"/>'
        found.append((dashed, "nothing was received: straight line between two receptions, no track"))
    if any(place.is_sure for place in places):
        found.append((f'<circle cx="18" r="5" fill="{INK}"/>', "airport, observed or at least 0.9 probable"))
    if any(not place.is_sure for place in places):
        hollow = f'<circle cx="18" r="5" fill="#fff" stroke="{INK}" stroke-width="1.6"/>'
        found.append((hollow, "candidate with its probability, not a fact"))
    return found


def drawn_strokes(strokes: Sequence[Stroke], frame: Frame) -> str:
    """Return tracks as paths: silences below, what was received above on a white seam, with arrows."""
    out = []
    for stroke in strokes:
        if not stroke.is_observed:
            d = line_path(stroke.km, frame)
            out.append(f'<path d="{d}" fill="none" stroke="{stroke.colour}" stroke-width="1.5" '
                       'stroke-dasharray="6 5" stroke-opacity="0.75"/>\n')  # fmt: skip
    observed = [stroke for stroke in strokes if stroke.is_observed]
    if len(observed) < 60:
        for stroke in observed:
            out.append(
                f'<path d="{line_path(stroke.km, frame)}" fill="none" stroke="#fff" '
                f'stroke-width="{stroke.wide + 2.4:g}" stroke-opacity="0.7" stroke-linejoin="round"/>\n'
            )
    for stroke in sorted(observed, key=lambda one: -one.wide):
        if len(stroke.km) == 1:
            (x, y) = frame.pixels(stroke.km)[0]
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{stroke.wide:g}" fill="{stroke.colour}"/>\n')
            continue
        d = line_path(stroke.km, frame)
        out.append(f'<path d="{d}" fill="none" stroke="{stroke.colour}" stroke-width="{stroke.wide:g}" '
                   'stroke-linejoin="round" stroke-linecap="round"/>\n')  # fmt: skip
        out.append(arrow(frame.pixels(stroke.km), stroke.colour) if len(observed) < 60 else "")
    return "".join(out)


def line_path(km: F64, frame: Frame) -> str:
    """Return a line as a path."""
    return path_of(shapely.LineString(km), frame, 0.25 * frame.km_per_px) if len(km) > 1 else ""


def arrow(px: F64, colour: str) -> str:
    """Return an arrow in the middle of a line that is long enough for one."""
    steps = np.hypot(*np.diff(px, axis=0).T)
    along = np.r_[0.0, np.cumsum(steps)]
    if along[-1] < 90.0:
        return ""
    a, b = (np.array([np.interp(along[-1] * 0.5 + off, along, px[:, axis]) for axis in (0, 1)]) for off in (-6.0, 6.0))
    if np.hypot(*(b - a)) < 4.0:
        return ""
    angle = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
    x, y = ((a + b) / 2.0).tolist()
    return (
        f'<path transform="translate({x:.1f},{y:.1f}) rotate({angle:.0f})" d="M-7,-6.5L9,0L-7,6.5L-3.5,0Z" '
        f'fill="{colour}" stroke="#fff" stroke-width="1"/>\n'
    )


def spread(px: F64) -> F64:
    """Return points every few pixels along a line, for texts to keep away from."""
    if len(px) < 2:
        return px
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(px, axis=0).T))]
    at = np.arange(0.0, along[-1], 5.0)[:20_000]
    return np.column_stack([np.interp(at, along, px[:, axis]) for axis in (0, 1)])


def opening(height: float, about: About, tracks: Sequence[Drawn], head: Sequence[str], foot: Sequence[str]) -> str:
    """Return the root with what the picture says of itself."""
    facts = {
        "title": about.title, "query": about.query, "source": about.source, "sha256": about.content_hash,
        "software": about.software, "positions": str(sum(map(len, tracks))),
    }  # fmt: skip
    if tracks:
        facts["from"] = moment_text(min(int(track.rows.time_ns[track.first]) for track in tracks))
        facts["until"] = moment_text(max(int(track.rows.time_ns[track.last]) for track in tracks))
    told = "".join(f"<sky:{name}>{xml_text(value)}</sky:{name}>" for name, value in facts.items() if value)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{WIDTH:g}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH:g} {height:g}" font-family="{FONT}">\n'
        f"<title>{xml_text(about.title)}</title>\n<desc>{xml_text(' '.join([*head[1:], *foot]))}</desc>\n"
        f'<metadata><sky:map xmlns:sky="urn:skywitness:map:1">{told}</sky:map></metadata>\n'
        f'<rect width="{WIDTH:g}" height="{height:g}" fill="#fff"/>\n'
    )
