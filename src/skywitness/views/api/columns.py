"""Rows of our own interface, as columns under our names and units; one table describes and makes them."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from skywitness.views.api.security import Problem

__all__ = ["FORMATS", "Column", "Rows", "iso", "negotiated", "texts"]

Json = dict[str, Any]

FORMATS = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
}
"""Short name, and media type, of each form an answer with rows may have."""

KINDS: dict[str, Json] = {
    "text": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `kind` is a key of KINDS."""

    name: str
    kind: str
    doc: str
    choices: Sequence[str] = ()
    always: bool = False
    """Whether every row has it; otherwise it is left out of a row where it is not known."""

    def schema(self) -> Json:
        """As JSON Schema has it."""
        told = {**KINDS[self.kind], "description": self.doc}
        return {**told, "enum": list(self.choices)} if self.choices else told


@dataclass(frozen=True, slots=True)
class Rows:
    """Equally long lists by column, None where a value is not known."""

    columns: Sequence[Column]
    values: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.values[self.columns[0].name]) if self.columns else 0

    def only(self, names: Sequence[str] | None) -> Rows:
        """Keep some columns, in the order of the table."""
        if not names:
            return self
        return Rows([column for column in self.columns if column.name in names], self.values)

    def dicts(self) -> list[Json]:
        """One dict a row; what is not known is left out."""
        names = [column.name for column in self.columns]
        rows = zip(*(self.values[name] for name in names), strict=True)
        return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]

    def ndjson(self) -> bytes:
        """One JSON object a line."""
        return b"".join(msgspec.json.encode(row) + b"\n" for row in self.dicts())

    def csv(self) -> bytes:
        """Comma separated, with a head line; what is not known is empty (RFC 4180)."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        names = [column.name for column in self.columns]
        writer.writerow(names)
        writer.writerows(zip(*([cell(v) for v in self.values[name]] for name in names), strict=True))
        return out.getvalue().encode("utf-8")

    def arrow(self) -> bytes:
        """An Arrow IPC stream; descriptions are in the fields' metadata."""
        import pyarrow as pa

        types = {
            "text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
            "time": pa.timestamp("us", "UTC"),
        }  # fmt: skip
        fields, arrays = [], []
        for column in self.columns:
            values: Any = self.values[column.name]
            if column.kind == "time":
                moments = np.array(["NaT" if v is None else v[:-1] for v in values], "datetime64[us]")
                array = pa.array(moments).cast(types["time"])
            else:
                array = pa.array(values, types[column.kind])
            fields.append(pa.field(column.name, array.type, metadata={"doc": column.doc}))
            arrays.append(array)
        table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return sink.getvalue()


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """A value as CSV has it; text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value


def negotiated(accept: str, wanted: str | None, offered: Sequence[str]) -> str:
    """Choose a format: what the parameter `format` says, else what the Accept header likes best.

    Raises Problem 406 if it likes none of those offered.
    """
    if wanted:
        return wanted
    likes: list[tuple[float, int, str]] = []
    for part in accept.split(",")[:32] if accept.strip() else ["*/*"]:
        media, *more = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for piece in more:
            if piece.startswith("q="):
                try:
                    quality = float(piece[2:])
                except ValueError:
                    quality = 0.0
        for rank, name in enumerate(offered):
            form = FORMATS[name]
            if media in (form, "*/*") or (media.endswith("/*") and form.startswith(media[:-1])):
                likes.append((quality - 0.001 * (media.count("*")), -rank, name))
    best = max((like for like in likes if like[0] > 0), default=None)
    if best is None:
        raise Problem(
            406, f"There is {', '.join(FORMATS[name] for name in offered)}; the request accepts none of them."
        )
    return best[2]


def iso(times_ns: NDArray[np.int64], is_known: NDArray[np.bool_]) -> list[str | None]:
    """Times as ISO 8601 in microseconds with Z; None where not known."""
    known = np.where(is_known, times_ns, 0).astype("datetime64[ns]").astype("datetime64[us]")
    words = np.char.add(np.datetime_as_string(known), "Z").tolist()
    return [word if good else None for word, good in zip(words, is_known.tolist(), strict=True)]


def texts(codes: NDArray[Any], words: Sequence[str]) -> list[str | None]:
    """Words by their number; None for a number that has none."""
    return [words[code] if code < len(words) else None for code in codes.tolist()]


def cursor_text(value: Any) -> str:
    """Pack a cursor's content; it is no secret and is checked when it comes back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode("ascii")


def cursor_of(text: str, kind: type[Any]) -> Any:
    """Unpack a cursor. Raises Problem 400."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (ValueError, msgspec.MsgspecError):
        raise Problem(400, "`cursor` is none that this node gave out: begin again without it.") from None
