"""The aircraft list of tar1090-db, `aircraft.csv.gz`: HEX;registration;type;flags;description;year;operator."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator

from skywitness.errors import FormatError
from skywitness.identity.table import REGISTRATION_BYTES, TYPE_BYTES, Entry, IdentityTable

__all__ = ["LARGEST_BYTES", "read_tar1090_db"]

LARGEST_BYTES = 256 << 20
"""The list of 2026 has 35 MB of text: what is far above it is not that list."""

LONGEST_TEXT = 100
ADDRESS_DIGITS = 6


def read_tar1090_db(data: bytes, counts: Counter[str] | None = None) -> IdentityTable:
    """Read the list, gzip-compressed or plain.

    counts  is given `rows`, and lines that are left out by reason: `bad_address`, `bad_line`

    Raises FormatError if it cannot be unpacked, is too large, or has no line of that form.
    """
    counts = Counter() if counts is None else counts
    table = IdentityTable.of(entries(unpacked(data), counts))
    if not len(table) and data:
        raise FormatError(
            "no line has the form HEX;registration;type;flags;...",
            hint="Give aircraft.csv.gz of tar1090-db.",
        )
    return table


def unpacked(data: bytes) -> bytes:
    """Unpack gzip, and no more than LARGEST_BYTES of it."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(31)
    try:
        text = unpacker.decompress(data, LARGEST_BYTES)
    except zlib.error as error:
        raise FormatError(f"the list cannot be unpacked: {error}", hint="Fetch aircraft.csv.gz again.") from None
    if unpacker.unconsumed_tail:
        raise FormatError(
            f"the list has more than {LARGEST_BYTES >> 20} MB", hint="Give aircraft.csv.gz of tar1090-db."
        )
    if not unpacker.eof:
        raise FormatError("the list is cut off", hint="Fetch aircraft.csv.gz again.")
    return text


def entries(text: bytes, counts: Counter[str]) -> Iterator[Entry]:
    """Read line by line."""
    for line in text.split(b"\n"):
        if not line.strip():
            continue
        values = line.decode("utf-8", "replace").rstrip("\r").split(";")
        values += [""] * (7 - len(values))
        address, registration, kind, flags, description, year, operator = (value.strip() for value in values[:7])
        if len(values) < 7 or line.count(b";") < 3:
            counts["bad_line"] += 1
            continue
        icao = address_of(address)
        if icao is None:
            counts["bad_address"] += 1
            continue
        counts["rows"] += 1
        yield Entry(
            icao=icao,
            registration=registration[:REGISTRATION_BYTES],
            type=kind[:TYPE_BYTES],
            flags=sum(1 << bit for bit, character in enumerate(flags[:4]) if character == "1"),
            description=description[:LONGEST_TEXT],
            year=int(year) if len(year) == 4 and year.isascii() and year.isdigit() else 0,
            operator=operator[:LONGEST_TEXT],
        )


def address_of(text: str) -> int | None:
    """Read six hexadecimal digits; None if it is anything else."""
    if len(text) != ADDRESS_DIGITS:
        return None
    try:
        value = int(text, 16)
    except ValueError:
        return None
    return value if text.isalnum() else None
