"""How a field is described: the layouts of all messages are data, told once.

`decode`, `explain`, `compose`, the column kernel and the reference pages read the same tables.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Field", "Layout"]


@dataclass(frozen=True, slots=True)
class Field:
    """One bit field of a message.

    Bits are numbered as in the standard, from 1, both ends inclusive: within the 56-bit ME or MB field for extended
    squitters and Comm-B registers, within the whole frame for the fields of a downlink format.
    """

    name: str
    """Name of the value in results, ending in its unit; empty for reserved bits."""
    first: int
    last: int
    kind: str = "uint"
    """`uint`, `int` (two's complement over first..last), `flag` (one bit), `enum` (see values), `status` (one bit that
    says whether the fields naming it as their `status` are there), `reserved`, or the name of a reader for what scale
    and offset cannot say (`altitude_ac12`, `altitude_ac13`, `callsign`, `characters` (any number of 6-bit characters),
    `squawk`, `address`, `movement`, ...)."""
    scale: float = 1.0
    offset: float = 0.0
    """value = raw * scale + offset"""
    unit: str = ""
    status: int = 0
    """Number of the status bit that must be 1 for the value to be there; 0 if there is none."""
    missing: int | None = None
    """Raw value that means "no information"."""
    values: tuple[str, ...] = ()
    """Words of an enumeration, by raw value."""
    section: str = ""
    """Where the standard defines it, say "ICAO Doc 9871, table A-2-96" or "RTCA DO-260B 2.2.3.2.3.7"."""
    doc: str = ""
    """What it is, in words a reader of `explain` learns from."""
    constant: int | None = None
    """Raw value the field always has: a register's own number, a type code."""
    table: tuple[int, ...] = ()
    """Of the kind `lookup`: the value by raw value, -1 for none."""

    @property
    def width(self) -> int:
        """Number of bits."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Layout:
    """All fields of one kind of message, in order of their bits."""

    name: str
    """Short name, say "BDS 6,0" or "TC 19/1"."""
    title: str
    """What the message is, in plain words."""
    fields: tuple[Field, ...]
    section: str = ""
    derived: tuple[Field, ...] = ()
    """Values read across several fields (a speed from its two parts), or implied by the kind of message; their bits
    overlap those of `fields` and they are not packed."""
