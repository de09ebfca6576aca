"""The columns of `decode_table`, from the layouts: names, types, and the field table that its kernel reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F64, I16, I64
from skywitness.messages.mode_s.acas import COORDINATION_REPLY
from skywitness.messages.mode_s.catalogue import fields_of
from skywitness.messages.mode_s.column_kernels import KINDS, STORES
from skywitness.messages.mode_s.extended_squitter import SQUITTERS
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.registers import REGISTERS, bds_text
from skywitness.messages.mode_s.surveillance import FORMATS

__all__ = ["CAPABILITY_REPORTS", "COLUMNS", "GROUPS", "PLAN", "Column", "Plan"]

IN_ENVELOPE = {"df", "icao24", "typecode", "bds_code", "vds"}
"""Told by columns of their own for every row, or by which column has the value."""

CAPABILITY_REPORTS = {0x17: "gicb_common", 0x18: "gicb_specific_1", 0x19: "gicb_specific_2"}
"""Registers of one flag for each other register: a column with all 56 bits, not one for each."""

GROUPS: tuple[Layout, ...] = (*SQUITTERS, COORDINATION_REPLY, *REGISTERS.values(), *FORMATS.values())
"""Layouts by number: messages first, as SQUITTERS number them, then frames, whose values win."""

COORDINATION = len(SQUITTERS)

_TEXTS = ("callsign", "characters")


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    store: int
    """Index into STORES."""
    form: str
    """`number`, `flag`, `words`, `squawk` or `text`."""
    unit: str
    doc: str
    words: tuple[str, ...] = ()
    """Of the form `words`: the values by number."""
    characters: int = 0
    """Of the form `text`: how many."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the kernel is given; see `fill_groups` and `fill_fields`."""

    register_group: I64
    format_group: I64
    first_field: I64
    parameters: I64
    scales: F64
    lookup: I16
    touched: NDArray[np.bool_]
    """(groups, columns): whether a row of the group may have a value in the column."""


def _group_fields(layout: Layout) -> Iterator[Field]:
    bds = next((number for number, register in REGISTERS.items() if register is layout), 0)
    if bds in CAPABILITY_REPORTS:
        yield Field(
            CAPABILITY_REPORTS[bds], 1, 56, "long", doc=f"{bds_text(bds)}, {layout.title}, as sent: bit 1 first"
        )
        return
    if layout is FORMATS[11]:
        yield Field("interrogator", 50, 56, doc="interrogator's code in the parity of DF 11; 0 acquisition squitter")
    yield from (field for field in fields_of(layout) if field.name not in IN_ENVELOPE)


def _is_whole(field: Field) -> bool:
    if field.kind in ("movement", "groundspeed", "track"):
        return False
    return float(field.scale).is_integer() and float(field.offset).is_integer()


def _form(field: Field) -> str:
    if field.kind == "flag" or (field.kind == "lookup" and max(field.table) <= 1):
        return "flag"
    if field.kind == "enum":
        return "words"
    if field.kind in _TEXTS:
        return "text"
    return "squawk" if field.kind == "squawk" else "number"


def _store(name: str, fields: list[Field]) -> int:
    forms = {_form(field) for field in fields}
    if len(forms) > 1:
        raise AssertionError(f"{name} is told in more than one form: {forms}")
    if forms & {"flag", "words"}:
        return STORES.index("uint8")
    if forms == {"text"} or any(field.kind == "long" for field in fields):
        return STORES.index("int64")
    if not all(_is_whole(field) for field in fields):
        return STORES.index("float32")
    small = all(field.kind in ("uint", "lookup") and field.width <= 8 and field.scale == 1 for field in fields)
    return STORES.index("uint8" if small and not any(field.offset for field in fields) else "int32")


def _columns() -> tuple[Column, ...]:
    found: dict[str, list[Field]] = {}
    for layout in (*FORMATS.values(), *SQUITTERS, COORDINATION_REPLY, *REGISTERS.values()):  # as people would list them
        for field in _group_fields(layout):
            found.setdefault(field.name, []).append(field)
    columns = []
    for name, fields in found.items():
        first = fields[0]
        characters = first.width // 6 if first.kind in _TEXTS else 0
        words = first.values if first.kind == "enum" else ()
        columns.append(Column(name, _store(name, fields), _form(first), first.unit, first.doc, words, characters))
    return tuple(columns)


COLUMNS = _columns()


def _parameters(field: Field, of_frame: bool, column: int, store: int, table: int) -> list[int]:
    bits = 32 if of_frame else 56
    return [
        0 if of_frame else 1,
        bits - field.last,
        (1 << field.width) - 1,
        KINDS.index(field.kind) if field.kind in KINDS else 0,
        1 << (field.width - 1) if field.kind == "int" else 0,
        -1 if field.missing is None else field.missing,
        bits - field.status if field.status else -1,
        int(field.scale) if _is_whole(field) else 0,
        int(field.offset) if _is_whole(field) else 0,
        column,
        store,
        table,
    ]


def _plan() -> Plan:
    number_of = {column.name: number for number, column in enumerate(COLUMNS)}
    first_field, parameters, scales, lookup = [0], [], [], [0]
    touched: NDArray[Any] = np.zeros((len(GROUPS), len(COLUMNS)), np.bool_)
    format_group: I64 = np.full(32, -1, np.int64)
    register_group: I64 = np.full(256, -1, np.int64)
    for group, layout in enumerate(GROUPS):
        df = next((number for number, known in FORMATS.items() if known is layout), -1)
        if df >= 0:
            format_group[df] = group
        for bds, register in REGISTERS.items():
            if register is layout:
                register_group[bds] = group
        for field in _group_fields(layout):
            column = number_of[field.name]
            # The interrogator's code is not in the frame's bits but in the remainder, which stands for its message.
            of_frame = df >= 0 and field.name != "interrogator"
            parameters.append(_parameters(field, of_frame, column, COLUMNS[column].store, len(lookup)))
            scales.append((field.scale, field.offset))
            lookup.extend(field.table)
            touched[group, column] = True
        first_field.append(len(parameters))
    return Plan(
        register_group,
        format_group,
        np.array(first_field, np.int64),
        np.array(parameters, np.int64),
        np.array(scales, np.float64),
        np.array(lookup, np.int16),
        touched,
    )


PLAN = _plan()
