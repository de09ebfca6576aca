"""Draw the bundled demonstration as the tracker sees it: `python docs/picture.py` writes docs/demo.svg.

Made of the program's own rows, so it cannot show what the program does not find; a test compares it.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import skywitness
from skywitness.batches import ADDRESS_KINDS, VERDICTS, Positions
from skywitness.messages.mode_s.callsign import callsign_text

TARGET = Path(__file__).parent / "demo.svg"

WEST, EAST, SOUTH, NORTH = 1.95, 4.35, 46.86, 47.96
WIDTH = 960.0
FOOT = 56.0  # room for the words below
COSINE = math.cos(math.radians((SOUTH + NORTH) / 2))
SCALE = WIDTH / ((EAST - WEST) * COSINE)
HEIGHT = (NORTH - SOUTH) * SCALE

BANDS = ((2_000, "#b5651d"), (10_000, "#c99a00"), (25_000, "#2a9d5c"), (100_000, "#2b6cb0"))
"""Colour of what flies below this many feet."""
GROUND = "#777777"
CONTRADICTED = VERDICTS.index("contradicted")
UNVERIFIABLE = VERDICTS.index("unverifiable")
EVERY_NS = 4_000_000_000  # a place every four seconds is enough for the eye
GAP_NS = 60_000_000_000  # nothing is drawn over a longer silence


def main() -> None:
    """Write the picture."""
    TARGET.write_text(picture(skywitness.track("demo", rejected=True)), encoding="utf-8")


def picture(positions: Positions) -> str:
    """Return the picture as SVG: no script, no font and no address of anybody else."""
    key = positions.icao.astype(np.int64) | positions.address_kind.astype(np.int64) << 24
    lines, labels, doubts = [], [], []
    for aircraft in np.unique(key).tolist():
        mine = positions.take(key == aircraft)
        good = mine.take(mine.verdict != CONTRADICTED)
        lines += paths(good)
        labels += label(good)
        for row in np.flatnonzero((mine.verdict >= UNVERIFIABLE) & inside(mine)).tolist():
            doubts.append(sign(*place(mine, row), contradicted=int(mine.verdict[row]) == CONTRADICTED))
    first, last = int(positions.time_ns.min()), int(positions.time_ns.max())
    minutes = round((last - first) / 60e9)
    told = (
        f"{len(np.unique(key))} aircraft, {minutes} minutes, {len(positions):,} positions. Simulated: no such aircraft "
        "flew."
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT + FOOT:.0f}" role="img"'
            ' font-family="system-ui, sans-serif" font-size="11">',
            f"<title>The demonstration as tracked: {told}</title>",
            f'<clipPath id="map"><rect width="{WIDTH:.0f}" height="{HEIGHT:.0f}"/></clipPath>',
            '<rect width="100%" height="100%" fill="#fbfbf8"/><g clip-path="url(#map)">',
            '<g fill="none" stroke-width="1.6" stroke-linejoin="round">',
            *lines,
            "</g>",
            '<g stroke-width="1.2">',
            *doubts,
            "</g>",
            '<g fill="#222222">',
            *labels,
            "</g></g>",
            *legend(told),
            "</svg>\n",
        ]
    )


def inside(positions: Positions) -> NDArray[np.bool_]:
    """Which rows lie in the picture."""
    lat, lon = positions.lat_deg, positions.lon_deg
    return (lat > SOUTH) & (lat < NORTH) & (lon > WEST) & (lon < EAST)


def place(positions: Positions, row: int) -> tuple[float, float]:
    """Pixels of a row's place."""
    x = (float(positions.lon_deg[row]) - WEST) * COSINE * SCALE
    y = (NORTH - float(positions.lat_deg[row])) * SCALE
    return round(x, 1), round(y, 1)


def colour(positions: Positions, row: int) -> str | None:
    """Colour by altitude; None where it is not known."""
    if positions.on_ground[row] == 1:
        return GROUND
    return next((shade for limit, shade in BANDS if positions.altitude_ft[row] < limit), None)


def paths(positions: Positions) -> list[str]:
    """One aircraft's way, in pieces of one colour; a new piece after a silence and where nothing supports a line."""
    found: list[str] = []
    points: list[str] = []
    last_ns, shade = 0, GROUND
    for row in range(len(positions)):
        now = int(positions.time_ns[row])
        begins = positions.verdict[row] == UNVERIFIABLE  # nothing supports a line to it
        if points and now - last_ns < EVERY_NS and not begins:
            continue
        x, y = place(positions, row)
        here = colour(positions, row) or shade
        if points and (here != shade or begins or now - last_ns > GAP_NS):
            if now - last_ns <= GAP_NS and not begins:
                points.append(f"{x},{y}")
            found.append(f'<polyline stroke="{shade}" points="{" ".join(points)}"/>')
            points = []
        points.append(f"{x},{y}")
        last_ns, shade = now, here
    found.append(f'<polyline stroke="{shade}" points="{" ".join(points)}"/>')
    return found


def label(positions: Positions) -> list[str]:
    """The callsign where the aircraft was last."""
    row = len(positions) - 1
    x, y = place(positions, row)
    if not (0 <= x <= WIDTH and 0 <= y <= HEIGHT):
        return []
    name = callsign_text(int(positions.callsign[row])) if positions.callsign[row] else f"{positions.icao[row]:06x}"
    if positions.address_kind[row] != ADDRESS_KINDS.index("icao"):
        name = f"~{name}"
    right = x > WIDTH - 70
    anchor = ' text-anchor="end"' if right else ""
    return [
        f'<circle cx="{x}" cy="{y}" r="2.4"/>'
        f'<text x="{round(x - 5 if right else x + 5, 1)}" y="{round(y - 4, 1)}"{anchor}>{name}</text>'
    ]


def sign(x: float, y: float, *, contradicted: bool) -> str:
    """A cross for a contradicted place, a ring for an unverifiable one."""
    if contradicted:
        return f'<path stroke="#c1121f" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"/>'
    return f'<circle fill="none" stroke="#444444" cx="{x:.1f}" cy="{y:.1f}" r="3.4"/>'


def legend(told: str) -> list[str]:
    """What the colours and signs are, and what this is."""
    y = HEIGHT + 20
    parts, x = [], 14.0
    words = ("below 2,000 ft", "to 10,000 ft", "to 25,000 ft", "higher")
    for shade, word in ((GROUND, "on the ground"), *((b[1], w) for b, w in zip(BANDS, words, strict=True))):
        parts.append(f'<path stroke="{shade}" stroke-width="3" d="M{x:.0f} {y - 4:.0f}h18"/>')
        parts.append(f'<text x="{x + 23:.0f}" y="{y:.0f}">{word}</text>')
        x += 112
    parts.append(sign(x + 6, y - 4, contradicted=False))
    parts.append(f'<text x="{x + 17:.0f}" y="{y:.0f}">unverifiable</text>')
    parts.append(sign(x + 112, y - 4, contradicted=True))
    parts.append(f'<text x="{x + 123:.0f}" y="{y:.0f}">contradicted</text>')
    parts.append(f'<text x="14" y="{y + 22:.0f}">{told}</text>')
    return [f'<g fill="#222222">{"".join(parts)}</g>']


if __name__ == "__main__":
    main()
