"""Marks and texts on a map: places, times along tracks, cities and countries, the scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from skywitness.batches import F64
from skywitness.reference.load import load_gazetteer
from skywitness.units import NMI_M, NS_PER_S
from skywitness.views.exports.base_map import Frame
from skywitness.views.exports.drawn import Drawn, moment_text, xml_text
from skywitness.views.exports.labelling import Labels
from skywitness.views.exports.map_places import Place
from skywitness.views.exports.projections import Projection

__all__ = [
    "BORDER", "FAINT", "INK", "LAND", "NET", "SEA", "drawn_cities", "drawn_countries", "drawn_places", "drawn_times",
    "scale_bar", "spoken", "text_at",
]  # fmt: skip

INK, FAINT, SEA, LAND, BORDER, NET = "#1b2733", "#5c6b78", "#dfeaf1", "#f6f3ea", "#a9a596", "#c3d0d9"
CITIES = 14
CITIES_KM_PX = 2.0
TIME_STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)


def drawn_places(places: Sequence[Place], px: F64, labels: Labels) -> str:
    """Return marks with their names, the surest first."""
    order = sorted(range(len(places)), key=lambda k: (not places[k].is_sure, -places[k].weight))
    points, texts = [], []
    for k in order:
        labels.reserve(float(px[k][0]), float(px[k][1]), 5.0)
    for k in order:
        place, (x, y) = places[k], px[k].tolist()
        fill = INK if place.is_sure else "#fff"
        points.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" stroke="{"#fff" if place.is_sure else INK}" '
            'stroke-width="1.6"/>\n'
        )
        size = 14.0 if place.is_sure else 12.0
        if at := labels.place(x, y, place.label, size, must=True):
            texts.append(halo(*at, place.label, size, INK, "bold" if place.is_sure else "normal"))
    return "".join(reversed(points)) + "".join(texts)


def drawn_times(
    tracks: Sequence[Drawn], colours: dict[str, str], projection: Projection, frame: Frame, labels: Labels
) -> str:
    """Return dots with times along the tracks, at full hours or the like, only where something was received."""
    if not tracks:
        return ""
    since = min(int(track.rows.time_ns[track.first]) for track in tracks)
    until = max(int(track.rows.time_ns[track.last]) for track in tracks)
    step = next((s for s in TIME_STEPS_S if (until - since) / NS_PER_S / s <= 14), TIME_STEPS_S[-1]) * NS_PER_S
    out = []
    written: dict[str, str] = {}
    for track in tracks:
        rows = track.rows
        for a, z in track.stretches():
            when = np.arange(-(-int(rows.time_ns[a]) // step) * step, int(rows.time_ns[z - 1]) + 1, step)
            if z - a < 2 or not len(when):
                continue
            near = a + np.clip(np.searchsorted(rows.time_ns[a:z], when), 0, z - a - 1)
            px = frame.pixels(np.column_stack(projection.xy(rows.lon_deg[near], rows.lat_deg[near])))
            for (x, y), time_ns in zip(px.tolist(), when.tolist(), strict=True):
                day, hour = spoken(time_ns).split()
                text = hour if written.get(track.icao24) == day else f"{day[5:]} {hour}"
                if at := labels.place(x, y, text, 10.5, 6.0):
                    written[track.icao24] = day
                    colour = colours[track.icao24]
                    out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="#fff" stroke="{colour}" '
                               'stroke-width="1.3"/>')  # fmt: skip
                    out.append(halo(*at, text, 10.5, colour, "normal"))
    return "".join(out)


def drawn_cities(projection: Projection, frame: Frame, labels: Labels, places: Sequence[Place]) -> str:
    """Return some cities with an airline airport, to know where one is; only on maps of a part of a continent."""
    if frame.km_per_px > CITIES_KM_PX:
        return ""
    gazetteer = load_gazetteer()
    rows = np.flatnonzero(gazetteer.scheduled == 1)
    px = frame.pixels(np.column_stack(projection.xy(gazetteer.lon_deg[rows], gazetteer.lat_deg[rows])))
    inside = (np.abs(px - [frame.left + frame.width / 2, frame.top + frame.height / 2]) <
              [frame.width / 2 - 10, frame.height / 2 - 10]).all(axis=1)  # fmt: skip
    rows, px = rows[inside], px[inside]
    known = {place.label.split(maxsplit=1)[0] for place in places}
    out: list[str] = []
    named: set[str] = set()
    for k in np.argsort(-np.nan_to_num(gazetteer.longest_runway_ft[rows]), kind="stable").tolist():
        row, (x, y) = int(rows[k]), px[k].tolist()
        city = gazetteer.city[row]
        if not city or city in named or gazetteer.code(row) in known or len(named) >= CITIES:
            continue
        if at := labels.place(x, y, city, 11.0, 6.0):
            named.add(city)
            out.append(f'<rect x="{x - 2:.1f}" y="{y - 2:.1f}" width="4" height="4" fill="#8b8775"/>')
            out.append(text_at(*at, city, 11, "#6f6b5a"))
    return "".join(out)


def drawn_countries(countries: Sequence[tuple[float, float, str]], labels: Labels) -> str:
    """Return names of countries where nothing else is."""
    out = []
    for x, y, name in countries:
        shown = name.upper()
        if at := labels.place(x, y, shown, 12.0, 0.0):
            out.append(text_at(*at, shown, 10.5, "#8b8775"))
    return "".join(out)


def scale_bar(frame: Frame) -> tuple[str, tuple[float, float, float, float]]:
    """Return a bar of kilometres over one of nautical miles, and the box that it takes."""
    x, y = frame.left + 16.0, frame.top + frame.height - 34.0
    out, longest = [], 0.0
    for k, (unit, km) in enumerate((("km", 1.0), ("nmi", NMI_M / 1000.0))):
        most = 170.0 * frame.km_per_px / km
        size = 10.0 ** math.floor(math.log10(most))
        size *= next(m for m in (5.0, 2.0, 1.0) if m * size <= most)
        px = size * km / frame.km_per_px
        longest = max(longest, px)
        tick = -5 if k == 0 else 5
        out.append(f'<path d="M{x:g},{y + tick:g}V{y:g}H{x + px:.1f}V{y + tick:g}" fill="none" stroke="{INK}"/>')
        out.append(text_at(x + px + 4.0, y + (-4.0 if k == 0 else 12.0), f"{size:,g} {unit}", 11, INK))
    box = (x - 8.0, y - 18.0, x + longest + 60.0, y + 18.0)
    wide = box[2] - box[0]
    rect = f'<rect x="{box[0]:g}" y="{box[1]:g}" width="{wide:.1f}" height="36" fill="#fff" fill-opacity="0.75"/>'
    return rect + "".join(out), box


def text_at(
    x: float, y: float, text: str, size: float, fill: str, weight: str = "normal", anchor: str = "start"
) -> str:
    """Return a text element."""
    bold = f' font-weight="{weight}"' if weight != "normal" else ""
    where = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}"{bold}{where}>{xml_text(text)}</text>\n'


def halo(x: float, y: float, text: str, size: float, fill: str, weight: str) -> str:
    """Return a text with a white seam, so that it is read on lines."""
    bold = f' font-weight="{weight}"' if weight != "normal" else ""
    common = f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{bold}'
    shown = xml_text(text)
    seam = 'stroke="#fff" stroke-width="3" stroke-linejoin="round" stroke-opacity="0.85" fill="#fff"'
    return f'{common} {seam}>{shown}</text>{common} fill="{fill}">{shown}</text>\n'


def spoken(time_ns: int) -> str:
    """Return a time as people read it."""
    return moment_text(time_ns)[:16].replace("T", " ")
