"""What a case is: items in an order, each with the link that opens it again and what it was when it was put there.

Everything is plain data with bounds, read from JSON and never trusted: a note is text, a link stays on this node.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from skywitness.errors import FormatError

__all__ = [
    "ID",
    "KINDS",
    "MOST_BYTES",
    "MOST_ITEMS",
    "Case",
    "Draft",
    "Item",
    "Summary",
    "check_ids",
    "new_id",
    "now_text",
    "read",
]

KINDS = ("question", "flight", "view", "page")
MOST_ITEMS = 500
MOST_BYTES = 1 << 20
"""Of one case without its pictures."""
ID = re.compile(r"[0-9a-z]{8,32}")
"""An id is also a file's name: nothing else may be in it."""

Id = Annotated[str, Meta(pattern=rf"^{ID.pattern}\Z")]
Hash = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
Line = Annotated[str, Meta(max_length=300)]
Words = Annotated[str, Meta(max_length=4000)]
Note = Annotated[str, Meta(max_length=20_000)]
# Relative, of the page itself: a case of somebody else's must not lead away, or to `javascript:`.
Link = Annotated[str, Meta(max_length=4000, pattern=r"^[?#][^\s<>\"\\]*\Z")]
Moment = Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?\Z")]


class Item(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One thing in a case."""

    id: Id
    kind: Literal["question", "flight", "view", "page"]
    title: Line
    link: Link
    """Address of the view below the page's own, `?...` or `#...`."""
    question: Words = ""
    """In the query language; empty if the item is no question."""
    note: Note = ""
    content_hash: Hash = ""
    """SHA-256 of the answer's rows when it was added."""
    rows: Annotated[int, Meta(ge=0)] = 0
    citation: Words = ""
    span_from: Moment = ""
    span_until: Moment = ""
    receivers: Annotated[int, Meta(ge=0)] = 0
    method: Words = ""
    licence: Words = ""
    picture: Hash = ""
    """SHA-256 of the PNG that is kept with the case; empty without one."""
    added: Moment = ""


Items = Annotated[list[Item], Meta(max_length=MOST_ITEMS)]


class Draft(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A case as a client gives it: what the node decides is missing."""

    title: Line = ""
    note: Note = ""
    items: Items = msgspec.field(default_factory=list)
    id: Annotated[str, Meta(pattern=rf"^({ID.pattern})?\Z")] = ""
    """Chosen by a client that had begun the case while the node was away."""


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """A case as it is kept."""

    id: Id
    version: Annotated[int, Meta(ge=1)]
    """One more with each change: who changes an older one is told."""
    title: Line
    note: Note
    created: Moment
    changed: Moment
    items: Items
    deleted: Moment = ""
    """When it was deleted; empty if it was not."""

    def summary(self) -> Summary:
        """Return what a list shows of it."""
        return Summary(self.id, self.version, self.title, self.created, self.changed, len(self.items), self.deleted)

    def pictures(self) -> set[str]:
        """Return the hashes of its pictures."""
        return {item.picture for item in self.items if item.picture}


class Summary(msgspec.Struct):
    """A case in a list."""

    id: str
    version: int
    title: str
    created: str
    changed: str
    items: int
    deleted: str = ""
    is_damaged: bool = False
    """Its file cannot be read; it is left as it is."""


def read(data: bytes, kind: type[Any]) -> Any:
    """Read a case, a draft or an item from JSON. Raises FormatError with the place of what is wrong."""
    try:
        found = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"it is no case: {error}", hint="docs/guide/cases.md has the form.") from None
    check_ids(getattr(found, "items", ()))
    return found


def check_ids(items: Sequence[Item]) -> None:
    """Raise FormatError if two items have the same id."""
    if len({item.id for item in items}) != len(items):
        raise FormatError("it is no case: two items have the same id")


def new_id() -> str:
    """Return a name that nobody else chose."""
    return secrets.token_hex(8)


def now_text(now_s: float | None = None) -> str:
    """Return a time in the form that cases have, UTC."""
    moment = datetime.fromtimestamp(time.time() if now_s is None else now_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
