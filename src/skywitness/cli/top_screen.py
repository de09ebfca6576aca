"""What `skywitness top` draws, and what its keys do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from skywitness.cli.top_picture import COLUMNS, Aircraft, Column, Filter, ReceiverLine, Snapshot, sorted_by

__all__ = ["View", "draw", "table"]

STALE_S = 60.0
"""A place older than this is drawn faint."""
RECEIVER_LINES = 4
KEYS = (
    ("s S", "sort by the next or the previous column"),
    ("r", "the other way round"),
    ("/", "filter: words that must occur, -word must not, alt>30000, gs<200, dist<50, age<10, vr>0, rssi>-20"),
    ("p", "pause, and go on"),
    ("arrows, page up/down, home, end", "move"),
    ("q", "quit"),
)


@dataclass(slots=True)
class View:
    """How the user looks at it."""

    column: Column
    is_reversed: bool = False
    filter: Filter = field(default_factory=Filter)
    editing: str | None = None
    """The filter as it is being typed; None when it is not."""
    is_paused: bool = False
    shows_help: bool = False
    is_over: bool = False
    """The user wants to leave."""
    first: int = 0
    """Row at the top."""
    page: int = 20
    """Rows that fit."""
    rows: int = 0
    """Rows there are."""
    names: tuple[str, ...] = tuple(column.name for column in COLUMNS)
    """Columns that are shown."""

    def press(self, key: str) -> None:
        """Do what a key asks for."""
        if self.editing is not None:
            self._edit(key)
            return
        if self.shows_help:
            self.shows_help = False
            return
        steps = {"up": -1, "down": 1, "page up": -self.page, "page down": self.page, " ": self.page,
                 "home": -self.rows, "end": self.rows}  # fmt: skip
        if key in steps:
            self.first = max(0, min(self.first + steps[key], self.rows - self.page))
        elif key in ("q", "Q"):
            self.is_over = True
        elif key in ("s", "S", "left", "right"):
            self._sort(1 if key in ("s", "right") else -1)
        elif key == "r":
            self.is_reversed = not self.is_reversed
        elif key == "p":
            self.is_paused = not self.is_paused
        elif key in ("?", "h"):
            self.shows_help = True
        elif key == "/":
            self.editing = self.filter.text
        elif key == "escape":
            self.filter = Filter()

    def _sort(self, step: int) -> None:
        shown = [column for column in COLUMNS if column.name in self.names]
        at = next((i for i, column in enumerate(shown) if column.name == self.column.name), -step)
        self.column = shown[(at + step) % len(shown)]
        self.is_reversed = False
        self.first = 0

    def _edit(self, key: str) -> None:
        text = self.editing or ""
        if key == "enter":
            self.editing = None
            return
        if key == "escape":
            self.editing, text = None, ""
        elif key == "backspace":
            text = text[:-1]
        elif len(key) == 1 and len(text) < 80:
            text += key
        if self.editing is not None:
            self.editing = text
        self.filter = Filter(text)
        self.first = 0


def draw(
    console: Console, view: View, snapshot: Snapshot | None, label: str, error: str, age_s: float
) -> RenderableType:
    """Return the whole screen.

    age_s  seconds since the picture came
    """
    width, height = console.size
    lines = head(view, snapshot, label, error, age_s, is_plain=not is_unicode(console))
    if view.shows_help:
        return Group(*lines, *(Text(f"  {keys:32} {what}") for keys, what in KEYS), Text("any key goes on", "dim"))
    view.page = max(1, height - len(lines) - 2)
    chosen = sorted_by(filter(view.filter, snapshot.aircraft if snapshot else ()), view.column, view.is_reversed)
    view.rows = len(chosen)
    view.first = max(0, min(view.first, view.rows - view.page))
    shown = chosen[view.first : view.first + view.page]
    columns = fitting(snapshot.aircraft if snapshot else (), width, view.column)
    view.names = tuple(column.name for column in columns)
    grid = table(shown, columns, view.column, view.is_reversed, is_plain=not is_unicode(console))
    blank = [Text("")] * (view.page - len(shown))
    return Group(*lines, grid, *blank, foot(view, len(shown)))


def head(
    view: View, snapshot: Snapshot | None, label: str, error: str, age_s: float, is_plain: bool = False
) -> list[Text]:
    """The lines above the table."""
    first = Text(no_wrap=True, overflow="ellipsis")
    first.append("skywitness top", "bold")
    if snapshot is not None and snapshot.simulated:
        first.append("  ").append(" SIMULATED ", "bold black on yellow")
    first.append(f"  {snapshot.time if snapshot else 'no picture yet'}")
    if view.is_paused:
        first.append("  ").append(" PAUSED ", "reverse")
    if error:
        first.append(f"  {error}", "bold red")
        if snapshot is not None:
            first.append(f" ({age_s:.0f} s ago)", "red")
    first.append(f"  {label}", "dim")
    lines = [first]
    if snapshot is None:
        return lines
    placed = sum(one.lat == one.lat for one in snapshot.aircraft)
    second = f"{len(snapshot.aircraft)} aircraft, {placed} with position, {rate(snapshot.rate)} messages/s"
    if not math.isnan(snapshot.messages):
        second += f", {snapshot.messages:,.0f} messages"
    lines.append(Text(second, no_wrap=True, overflow="ellipsis"))
    return lines + [receiver(one, is_plain) for one in busiest(snapshot.receivers)] + rest(snapshot.receivers)


def busiest(receivers: Sequence[ReceiverLine]) -> list[ReceiverLine]:
    """Those to show: lost ones first, for they need somebody, then by rate."""
    order = sorted(receivers, key=lambda one: (one.connected, -one.rate if one.rate == one.rate else 0.0, one.name))
    return order[:RECEIVER_LINES]


def rest(receivers: Sequence[ReceiverLine]) -> list[Text]:
    """How many are not shown."""
    more = receivers[RECEIVER_LINES:]
    connected = sum(one.connected for one in receivers)
    return [Text(f"  and {len(more)} more, {connected} of {len(receivers)} connected", "dim")] if more else []


def receiver(one: ReceiverLine, is_plain: bool) -> Text:
    """One receiver's line."""
    line = Text("* " if is_plain else "● ", "green" if one.connected else "red", no_wrap=True, overflow="ellipsis")
    line.append(f"{one.name}  {'connected' if one.connected else 'lost'}", "default")
    line.append(f"  {rate(one.rate)} frames/s", "default")
    if one.positions == one.positions:
        line.append(f"  {one.positions:,.0f} positions", "default")
    if one.error and not one.connected:
        line.append(f"  {one.error}", "red")
    return line


def rate(value: float) -> str:
    """A rate in few characters."""
    return "-" if math.isnan(value) else f"{value:,.0f}"


def foot(view: View, shown: int) -> Text:
    """The last line: the filter, and where in the list this is."""
    if view.editing is not None:
        return Text.assemble(("filter: ", "bold"), view.editing, ("_", "blink"), no_wrap=True)
    line = Text(no_wrap=True, overflow="ellipsis")
    if view.rows:
        line.append(f"{view.first + 1}-{view.first + shown} of {view.rows}  ")
    else:
        line.append("nobody  ")
    if view.filter.text:
        line.append(f"filter {view.filter.text}  ", "bold")
    return line.append("s sort  r reverse  / filter  p pause  ? help  q quit", "dim")


def fitting(aircraft: Sequence[Aircraft], width: int, sorted_column: Column) -> list[Column]:
    """Columns of which something is known, as many as fit."""
    empty = {"reg", "type", "dist", "brg"}
    for one in aircraft:
        empty -= {name for name in empty if cell(one, name)}
        if not empty:
            break
    columns = [column for column in COLUMNS if column.name not in empty or column == sorted_column]
    while len(columns) > 2 and sum(column.width + 1 for column in columns) > width:
        columns.remove(min((c for c in columns if c != sorted_column), key=lambda column: column.keep))
    return columns


def table(
    aircraft: Sequence[Aircraft],
    columns: Sequence[Column],
    sorted_column: Column,
    is_reversed: bool,
    is_plain: bool = False,
) -> Table:
    """The table of aircraft."""
    grid = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, collapse_padding=True)
    for column in columns:
        title = Text(column.head, "bold")
        if column == sorted_column:
            down = column.descends != is_reversed
            mark = ("v" if down else "^") if is_plain else "▼" if down else "▲"
            title = Text(column.head[: column.width - 1] + mark, "bold reverse")
        justify = "left" if column.is_text else "right"
        grid.add_column(
            title, justify=justify, width=column.width, no_wrap=True, overflow="crop"  # type: ignore[arg-type]
        )  # fmt: skip
    for one in aircraft:
        faint = not one.position_age < STALE_S and one.lat == one.lat
        style = "bold white on red" if one.is_alarmed else "dim" if faint else ""
        grid.add_row(*(Text(cell(one, column.name)) for column in columns), style=style)
    return grid


FORMATS = {"vr": "{:+.0f}", "dist": "{:.1f}", "age": "{:.1f}", "rssi": "{:.1f}", "trk": "{:03.0f}", "brg": "{:03.0f}"}


def cell(one: Aircraft, name: str) -> str:
    """One value as it is shown; empty if it is not known."""
    value = getattr(one, name)
    if isinstance(value, str):
        return value
    if name == "alt" and one.on_ground:
        return "ground"
    if math.isnan(value):
        return ""
    text = FORMATS.get(name, "{:.0f}").format(value % 360.0 if name in ("trk", "brg") else value + 0.0)
    return {"360": "000", "-0": "0", "+0": "0", "-0.0": "0.0"}.get(text, text)


def is_unicode(console: Console) -> bool:
    """Whether the terminal shows more than ASCII."""
    return console.encoding.lower().startswith("utf")
