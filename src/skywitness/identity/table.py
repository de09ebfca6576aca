"""Who an address belongs to: registration, type, operator and flags in sorted columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I32, I64, U8, U16, U32

__all__ = ["FLAGS", "NOBODY", "Entry", "IdentityTable"]

FLAGS = ("military", "interesting", "pia", "ladd")
"""Bits of `IdentityTable.flags`, lowest first; PIA is a privacy address, LADD a wish not to be displayed."""

REGISTRATION_BYTES = 16
TYPE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """What one source says of one aircraft; texts are empty and the year 0 where it says nothing."""

    icao: int
    registration: str = ""
    type: str = ""
    flags: int = 0
    description: str = ""
    year: int = 0
    operator: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class IdentityTable:
    """One aircraft per row, by address. Registration and type are ASCII bytes; empty if unknown.

    Descriptions and operators repeat, so that a row holds their place in a list whose first text is empty.
    """

    icao: U32
    registration: NDArray[np.bytes_]
    type: NDArray[np.bytes_]
    flags: U8
    year: U16
    description: I32
    operator: I32
    descriptions: tuple[str, ...]
    operators: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.icao)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> IdentityTable:
        """Make the table; of several entries for one address the last one holds."""
        texts: dict[str, dict[str, int]] = {"description": {"": 0}, "operator": {"": 0}}
        columns: dict[str, list[Any]] = {name: [] for name in Entry.__slots__}
        for entry in entries:
            for name in ("icao", "flags", "year"):
                columns[name].append(getattr(entry, name))
            for name in ("registration", "type"):
                columns[name].append(getattr(entry, name).encode("ascii", "replace"))
            for name, places in texts.items():
                columns[name].append(places.setdefault(getattr(entry, name), len(places)))
        icao = np.array(columns["icao"], np.uint32)
        order = np.argsort(icao, kind="stable")
        order = order[np.r_[icao[order][1:] != icao[order][:-1], True][: len(order)]]

        def sorted_column(name: str, dtype: str) -> NDArray[Any]:
            return np.ascontiguousarray(np.array(columns[name], dtype)[order])

        return cls(
            icao=icao[order],
            registration=sorted_column("registration", f"S{REGISTRATION_BYTES}"),
            type=sorted_column("type", f"S{TYPE_BYTES}"),
            flags=sorted_column("flags", "u1"),
            year=sorted_column("year", "u2"),
            description=sorted_column("description", "i4"),
            operator=sorted_column("operator", "i4"),
            descriptions=tuple(texts["description"]),
            operators=tuple(texts["operator"]),
        )

    def find(self, icao: U32, address_kind: U8 | None = None) -> I64:
        """Return the row of each address, -1 where it is not known or, by its kind, no ICAO address."""
        if not len(self.icao):
            return np.full(len(icao), -1, np.int64)
        row = np.minimum(np.searchsorted(self.icao, icao), len(self.icao) - 1)
        found = self.icao[row] == icao
        if address_kind is not None:
            found &= address_kind == 0
        return np.where(found, row, -1)

    def entry(self, row: int) -> Entry:
        """Return one row in plain values."""
        return Entry(
            icao=int(self.icao[row]),
            registration=self.registration[row].decode("ascii"),
            type=self.type[row].decode("ascii"),
            flags=int(self.flags[row]),
            description=self.descriptions[self.description[row]],
            year=int(self.year[row]),
            operator=self.operators[self.operator[row]],
        )


NOBODY = IdentityTable.of(())
"""The table when nothing was imported."""
