"""Answers as a notebook shows them: what was found, on what it rests, a map, and the first rows."""

from __future__ import annotations

import base64
import html
from typing import Any

from skywitness.errors import ConfigError, QuestionError
from skywitness.run.answer_tracks import about_answer, places_of, tracks_of
from skywitness.run.finding import Answer
from skywitness.views.exports.map_picture import draw_map

__all__ = ["shown_html"]

SHOWN_ROWS = 20
MOST_ROWS = {"positions": 20_000, "journeys": 500, "legs": 500, "aircraft": 200, "events": 5_000, "gaps": 5_000}
"""Rows of which a map is drawn unasked: below a second or two."""
MOST_READ = 1_000_000
"""Positions that are read once more for the tracks of aircraft."""
WIDE_PX = 560
CELL = 'style="text-align:left;white-space:nowrap"'


def shown_html(answer: Answer) -> str:
    """Return an answer as HTML: nothing is fetched from elsewhere, and no text of the record becomes markup."""
    table = answer.to_arrow()
    told = [f"{answer.total:,} {answer.subject}. {answer.coverage.sentence()}"]
    told += [f"{word}: {meaning}" for word, meaning in answer.places.items()]
    told += [f"Not read: {path}: {reason}" for path, reason in answer.damaged.items()]
    out = [f"<p>{html.escape(line)}</p>" for line in told]
    out.append(map_html(answer))
    head = "".join(f"<th {CELL}>{html.escape(name)}</th>" for name in table.column_names)
    rows = table.slice(0, SHOWN_ROWS).to_pylist()
    body = "".join(f"<tr>{''.join(f'<td {CELL}>{cell(value)}</td>' for value in row.values())}</tr>" for row in rows)
    out.append(f'<div style="overflow-x:auto"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')
    if len(table) > len(rows):
        out.append(f"<p>and {len(table) - len(rows):,} rows more</p>")
    return "".join(out)


def map_html(answer: Answer) -> str:
    """Return the map of an answer; nothing if it has no places, or too many to draw them unasked."""
    if not 0 < len(answer) <= MOST_ROWS.get(answer.subject, 0):
        return ""
    if answer.subject == "aircraft" and answer.plan.rows > MOST_READ:
        return ""
    try:
        tracks, places = tracks_of(answer), places_of(answer)
    except (QuestionError, ConfigError):
        return ""
    if not tracks and not places:
        return ""
    # As an image it can neither run a script nor fetch anything, and its names touch no others of the page.
    data = base64.b64encode(draw_map(tracks, about_answer(answer), places).encode()).decode()
    name = html.escape(answer.question.text, quote=True)
    return f'<img alt="Map: {name}" style="width:{WIDE_PX}px;max-width:100%" src="data:image/svg+xml;base64,{data}"/>'


def cell(value: Any) -> str:
    """Return a value of a row as escaped text."""
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, list):
        return html.escape(" ".join(map(str, value[:4])) + (" ..." if len(value) > 4 else ""))
    return html.escape(f"{value:.6g}" if isinstance(value, float) else str(value))
