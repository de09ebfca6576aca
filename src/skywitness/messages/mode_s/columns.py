"""Every field of every message as columns of one Arrow table.

The table always has the same columns (`SCHEMA`); one that no message of the batch fills is all null and costs nothing.
Values, names and text forms are those of `decode`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skywitness.batches import (
    ADDRESS_KINDS,
    STATUSES,
    UNTIMED,
    Frames,
    Messages,
)
from skywitness.messages.mode_s.acas import read_advisory
from skywitness.messages.mode_s.catalogue import ADVISORY_NAMES
from skywitness.messages.mode_s.column_kernels import STORES, fill_fields, fill_groups, fill_registers
from skywitness.messages.mode_s.column_plan import COLUMNS, COORDINATION, GROUPS, PLAN, Column
from skywitness.messages.mode_s.downlink_format import NO_ADDRESS, fill_envelope
from skywitness.messages.mode_s.pack import CHARACTERS
from skywitness.messages.mode_s.squawk import squawk_text

__all__ = ["SCHEMA", "decode_table", "strings"]

Array = NDArray[Any]

DICTIONARY_TYPES = {"words": pa.dictionary(pa.uint8(), pa.string()), "squawk": pa.dictionary(pa.int32(), pa.string())}

HEX_PAIRS = np.frombuffer("".join(f"{value:02x}" for value in range(256)).encode(), np.uint16)
LETTERS = np.frombuffer(CHARACTERS.encode(), np.uint8)
SPACE = 32


def strings(texts: Sequence[str | None]) -> pa.Array:
    """Strings, None as null. `pa.array` would do, but imports pandas where that is installed: a second of start-up."""
    encoded = [(text or "").encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    known = _bitmap(np.array([text is not None for text in texts], np.bool_))
    buffers = [pa.py_buffer(known), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def _bitmap(known: Array) -> Array:
    return np.packbits(known, bitorder="little")


SQUAWKS = strings([squawk_text(code) for code in range(4096)])
REGISTER_TEXTS = strings([f"{bds:02X}" for bds in range(256)])
WORDS = {
    "status": strings(STATUSES),
    "address_kind": strings(ADDRESS_KINDS),
    **{column.name: strings(column.words) for column in COLUMNS if column.form == "words"},
}
STORE_OF = np.array([column.store for column in COLUMNS])


def _column_type(column: Column) -> pa.DataType:
    if column.form in DICTIONARY_TYPES:
        return DICTIONARY_TYPES[column.form]
    if column.form == "flag":
        return pa.bool_()
    return pa.string() if column.form == "text" else pa.from_numpy_dtype(np.dtype(STORES[column.store]))


def _field(name: str, kind: pa.DataType, doc: str, unit: str = "") -> pa.Field:
    return pa.field(name, kind, metadata={"unit": unit, "doc": doc})


_ENVELOPE = (
    _field("time", pa.timestamp("ns", "UTC"), "arrival of the frame's first bit; null where no time is known"),
    _field("status", DICTIONARY_TYPES["words"], "accepted, repaired, or why rejected; a rejected frame has no fields"),
    _field("df", pa.uint8(), "downlink format"),
    _field("icao24", pa.string(), "24-bit address, lower-case hex"),
    _field("address_verified", pa.bool_(), "the parity proves the address: DF 11, 17 and 18 received without error"),
    _field("address_kind", DICTIONARY_TYPES["words"], "ICAO, or what else the 24 bits are"),
    _field("typecode", pa.uint8(), "extended squitter type code"),
    _field("bds", DICTIONARY_TYPES["words"], "Comm-B register, 60 for BDS 6,0; null where none fits for certain"),
    _field("reception", pa.int64(), "the frame this row reads: segment << 32 | row"),
)

_ADVISORY = tuple(
    _field(name, kind, doc, unit)
    for name, kind, doc, unit in zip(
        ADVISORY_NAMES,
        (pa.string(), pa.string(), pa.string(), pa.float32(), pa.float32(), pa.float32()),
        (
            "ACAS resolution advisory in words",
            "what the other aircraft asked not to be done",
            "address of the threat",
            "altitude of the threat",
            "range of the threat",
            "bearing of the threat, relative to the heading",
        ),
        ("", "", "", "ft", "nmi", "deg"),
        strict=True,
    )
)

SCHEMA = pa.schema([*_ENVELOPE, *(_field(c.name, _column_type(c), c.doc, c.unit) for c in COLUMNS), *_ADVISORY])
"""Columns of every table that `decode_table` makes; unit and meaning are in the metadata of each field."""

ADVISORY_COLUMN = next(number for number, column in enumerate(COLUMNS) if column.name == "ara")


def decode_table(frames: Frames, messages: Messages | None = None) -> pa.Table:
    """Decode frames into one row each, in their order; see SCHEMA.

    messages  what the pipeline made of the frames. Without it each frame is read for itself: nothing is rejected for
              its address, nothing is repaired, and a Comm-B register is named only if the reply alone tells it.
    """
    if messages is None:
        messages = _read_alone(frames)
    rows = len(frames)
    words = np.zeros((2, rows), np.int64)
    group = np.empty((2, rows), np.int16)
    start = np.zeros(len(GROUPS) + 1, np.int64)
    order = np.empty(2 * rows, np.int32)
    fill_groups(
        frames.data, messages.status, messages.df, messages.bds, messages.repaired_bit,
        PLAN.register_group, PLAN.format_group, COORDINATION, words, group, start, order,
    )  # fmt: skip
    touched = PLAN.touched[np.diff(start) > 0].any(axis=0)
    place = np.full(len(COLUMNS), -1, np.int64)
    stores = []
    for store, dtype in enumerate(STORES):
        chosen = np.flatnonzero(touched & (store == STORE_OF))
        place[chosen] = np.arange(len(chosen))
        stores.append(np.zeros((len(chosen), rows), dtype))
    known = np.zeros((len(COLUMNS), (rows + 7) // 8), np.uint8)
    fill_fields(
        order, start, PLAN.first_field, PLAN.parameters, PLAN.scales, PLAN.lookup, words, place, *stores, known
    )  # fmt: skip
    empty = _nothing(rows)
    arrays = _envelope(frames, messages)
    for number, column in enumerate(COLUMNS):
        at = place[number]
        if at < 0:
            arrays.append(empty[len(_ENVELOPE) + number])
        else:
            arrays.append(_array(column, stores[column.store][at], known[number]))
    if place[ADVISORY_COLUMN] >= 0:
        arrays.extend(_advisories(words[1], known[ADVISORY_COLUMN]))
    else:
        arrays.extend(empty[-len(_ADVISORY) :])
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _read_alone(frames: Frames) -> Messages:
    """Messages of frames of which nothing else is known."""
    rows = len(frames)
    status, unproven, df, typecode, kind, repaired_bit, bds = (np.empty(rows, np.uint8) for _ in range(7))
    icao = np.empty(rows, np.uint32)
    fill_envelope(frames.data, frames.length, False, status, unproven, df, typecode, icao, kind, repaired_bit)
    fill_registers(frames.data, status, df, float("nan"), bds)
    return Messages(
        parent=frames.id,
        transmission=frames.id,
        time_ns=frames.time_ns,
        receiver=frames.receiver,
        status=status,
        df=df,
        typecode=typecode,
        bds=bds,
        icao=icao,
        address_kind=kind,
        slot=np.full(rows, -1, np.int32),
        repaired_bit=repaired_bit,
    )


def _envelope(frames: Frames, messages: Messages) -> list[pa.Array]:
    df = np.ascontiguousarray(messages.df)
    control = frames.data[:, 0] & 7
    # Coarse TIS-B, management and the reserved control field have other bits where a type code would be.
    typed = (df == 17) | ((df == 18) & (control != 3) & (control != 4) & (control != 7))
    named = messages.icao != NO_ADDRESS
    verified = named & (messages.status == 0) & ((df == 11) | (df == 17) | (df == 18))
    return [
        _plain(SCHEMA.field("time").type, messages.time_ns, np.not_equal(messages.time_ns, UNTIMED)),
        _dictionary(messages.status, None, WORDS["status"]),
        _plain(pa.uint8(), df, df != 255),
        _address_text(messages.icao, named),
        _plain(pa.bool_(), np.packbits(verified, bitorder="little"), None, len(df)),
        _dictionary(messages.address_kind, _bitmap(named), WORDS["address_kind"]),
        _plain(pa.uint8(), messages.typecode, typed & (messages.typecode != 255)),
        _dictionary(messages.bds, _bitmap((messages.bds != 0) & ((df == 20) | (df == 21))), REGISTER_TEXTS),
        _plain(pa.int64(), messages.parent, None),
    ]


def _plain(kind: pa.DataType, values: Array, known: Array | None, rows: int = -1) -> pa.Array:
    """Wrap values without copying; `known` is one boolean a row."""
    bitmap = None if known is None or bool(known.all()) else pa.py_buffer(_bitmap(known))
    buffer = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(kind, len(values) if rows < 0 else rows, [bitmap, buffer])


def _dictionary(indices: Array, bitmap: Array | None, words: pa.Array) -> pa.Array:
    buffers = [None if bitmap is None else pa.py_buffer(bitmap), pa.py_buffer(np.ascontiguousarray(indices))]
    found = pa.Array.from_buffers(pa.from_numpy_dtype(indices.dtype), len(indices), buffers)
    return pa.DictionaryArray.from_arrays(found, words, safe=False)


def _array(column: Column, values: Array, bitmap: Array) -> pa.Array:
    if column.form == "words":
        return _dictionary(values, bitmap, WORDS[column.name])
    if column.form == "squawk":
        return _dictionary(values, bitmap, SQUAWKS)
    if column.form == "text":
        return _text(values, bitmap, column.characters)
    kind = _column_type(column)
    if column.form == "flag":
        buffer = np.packbits(values, bitorder="little")
        return pa.Array.from_buffers(kind, len(values), [pa.py_buffer(bitmap), pa.py_buffer(buffer)])
    return pa.Array.from_buffers(kind, len(values), [pa.py_buffer(bitmap), pa.py_buffer(values)])


def _text(packed: Array, bitmap: Array, characters: int) -> pa.Array:
    """Strings of 6-bit characters, trailing spaces left off; what is empty then is null."""
    rows = len(packed)
    known = np.flatnonzero(np.unpackbits(bitmap, count=rows, bitorder="little"))
    shifts = np.arange(6 * (characters - 1), -1, -6)
    letters = LETTERS[packed[known, None] >> shifts & 63]
    lengths = characters - (letters[:, ::-1] != SPACE).argmax(axis=1)
    lengths[(letters == SPACE).all(axis=1)] = 0
    offsets = np.zeros(rows + 1, np.int32)
    offsets[known + 1] = lengths
    np.cumsum(offsets, out=offsets)
    kept = letters[np.arange(characters) < lengths[:, None]]
    there = np.zeros(rows, np.bool_)
    there[known] = lengths > 0
    buffers = [pa.py_buffer(_bitmap(there)), pa.py_buffer(offsets), pa.py_buffer(kept)]
    return pa.Array.from_buffers(pa.string(), rows, buffers)


def _address_text(icao: Array, named: Array) -> pa.Array:
    rows = len(icao)
    octets = icao.astype(">u4").view(np.uint8).reshape(rows, 4)[:, 1:]
    buffers = [
        None if bool(named.all()) else pa.py_buffer(_bitmap(named)),
        pa.py_buffer(np.arange(0, 6 * rows + 1, 6, dtype=np.int32)),
        pa.py_buffer(HEX_PAIRS[octets]),
    ]
    return pa.Array.from_buffers(pa.string(), rows, buffers)


def _advisories(message: Array, bitmap: Array) -> list[pa.Array]:
    """Words and numbers of the advisories: few rows have one, and most of those the same."""
    rows = len(message)
    known = np.flatnonzero(np.unpackbits(bitmap, count=rows, bitorder="little"))
    different, which = np.unique(message[known], return_inverse=True)
    found = [read_advisory(int(bits)) for bits in different]
    texts = (
        [advisory.text for advisory in found],
        [advisory.complement or None for advisory in found],
        [f"{a.threat.icao:06x}" if a.threat.icao is not None else None for a in found],
    )
    numbers = [[getattr(a.threat, name.removeprefix("threat_")) for a in found] for name in ADVISORY_NAMES[3:]]
    index = np.full(rows, -1, np.int64)
    index[known] = which
    chosen = _plain(pa.int64(), np.maximum(index, 0), index >= 0)
    arrays = [strings(values).take(chosen) for values in texts]
    for values in numbers:
        number = np.array(values, np.float32)
        arrays.append(_plain(pa.float32(), number, ~np.isnan(number)).take(chosen))
    return arrays


def _nothing(rows: int) -> list[pa.Array]:
    """A column without values for each field of the schema; they all share one buffer of zeros."""
    columns: list[pa.Array] = _nothing_of(max(4096, 1 << (rows - 1).bit_length())).slice(0, rows).columns
    return columns


@functools.lru_cache(maxsize=2)
def _nothing_of(rows: int) -> pa.RecordBatch:
    zeros = pa.py_buffer(bytes(8 * rows + 8))
    arrays = []
    for field in SCHEMA:
        kind = field.type
        if pa.types.is_dictionary(kind):
            words = SQUAWKS if kind == DICTIONARY_TYPES["squawk"] else WORDS.get(field.name, REGISTER_TEXTS)
            indices = pa.Array.from_buffers(kind.index_type, rows, [zeros, zeros])
            arrays.append(pa.DictionaryArray.from_arrays(indices, words, safe=False))
        else:
            buffers = [zeros, zeros, zeros] if kind == pa.string() else [zeros, zeros]
            arrays.append(pa.Array.from_buffers(kind, rows, buffers))
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
