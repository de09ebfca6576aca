"""Values of one column of a foreign table, checked: numbers, times, addresses, words.

Rows are counted from 1, without the heading. What cannot be read in a needed column is refused with its row; in
another column it is unknown and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skywitness.batches import F64, I64, UNTIMED
from skywitness.errors import FormatError

__all__ = ["addresses", "flags", "is_text", "numbers", "squawk_texts", "times_ns", "translated"]

NO_ADDRESS = -1
OTHER_KIND = 1 << 24
NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
WHOLE_TIME = r"^[-+]?[0-9]+(\.[0-9]*)?$"
SCALES = ((1e11, 1e9), (1e14, 1e6), (1e17, 1e3))
"""Below so much a time counts seconds, milliseconds, microseconds; nanoseconds beyond."""
EARLIEST_NS, LATEST_NS = 315_532_800_000_000_000, 4_102_444_800_000_000_000
"""1980 and 2100: no such table is of another time."""
FARTHEST_US = 9e15


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds words."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def plain(values: pa.Array) -> pa.Array:
    """A column without a dictionary, and without views of texts."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    if is_text(values.type):
        values = pc.utf8_trim_whitespace(values)
        blank = pc.or_kleene(pc.equal(values, ""), pc.is_in(pc.utf8_lower(values), pa.array(BLANKS)))
        values = pc.if_else(blank, pa.scalar(None, values.type), values)
    return values


BLANKS = ["null", "none", "nan", "na", "n/a", "<na>", "nat"]


def first_that_fails(values: pa.Array, convert: Callable[[pa.Array], Any]) -> int:
    """Index of the first value that cannot be converted, of an array that cannot."""
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            convert(values.slice(low, middle - low))
            low = middle
        except pa.ArrowException:
            high = middle
    return low


def numbers(values: pa.Array, name: str, source: str, row: int, *, needed: bool) -> tuple[F64, int]:
    """Return numbers, NaN where there is none, and how many were none though there was something.

    row  number of the first value

    Raises FormatError where a needed column has something else.
    """
    bad = 0
    if is_text(values.type):
        try:
            cast = pc.cast(values, pa.float64())
        except pa.ArrowException:
            if needed:
                at = first_that_fails(values, lambda part: pc.cast(part, pa.float64()))
                raise FormatError(
                    f"row {row + at:,}, column {name!r}: {values[at].as_py()!r} is no number", source=source
                ) from None
            fits = pc.match_substring_regex(values, NUMBER)
            bad = int(pc.sum(pc.invert(fits)).as_py() or 0)
            cast = pc.cast(pc.if_else(fits, values, pa.scalar(None, values.type)), pa.float64())
    elif pa.types.is_null(values.type):
        return np.full(len(values), np.nan), 0
    else:
        try:
            cast = pc.cast(values, pa.float64(), safe=False)
        except pa.ArrowException:
            raise FormatError(f"column {name!r} holds {values.type}, not numbers", source=source) from None
    found = np.array(pc.fill_null(cast, float("nan")).to_numpy(zero_copy_only=False), np.float64)
    found[~np.isfinite(found)] = np.nan
    return found, bad


def times_ns(values: pa.Array, name: str, source: str, row: int, *, assume_utc: bool) -> I64:
    """Return times since 1970, UNTIMED where there is none.

    assume_utc  take a time without a zone for UTC; else it is refused

    Raises FormatError where there is something that is no time, or one of no zone or of an impossible year.
    """
    if is_text(values.type):
        known = pc.drop_null(values)
        if not len(known):
            return np.full(len(values), UNTIMED, np.int64)
        if pc.all(pc.match_substring_regex(known, WHOLE_TIME)).as_py():
            found = _counted(values, name, source, row)
        else:
            found = _written(values, name, source, row, assume_utc=assume_utc)
    elif pa.types.is_timestamp(values.type):
        if values.type.tz is None and not assume_utc:
            raise without_zone(f"column {name!r} holds times without a zone", source)
        whole = pc.cast(pc.cast(values, pa.timestamp("us", values.type.tz), safe=False), pa.int64())
        found = _filled(whole) * 1000
        found[np.asarray(values.is_null())] = UNTIMED
    else:
        found = _counted(values, name, source, row)
    wrong = (found != UNTIMED) & ((found < EARLIEST_NS) | (found > LATEST_NS))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise FormatError(
            f"row {row + at:,}, column {name!r}: {values[at].as_py()!r} is a time of {_year(int(found[at]))}",
            source=source, hint="Times are seconds since 1970, or dates with a zone.",
        )  # fmt: skip
    return found


def _year(time_ns: int) -> str:
    return f"the year {1970 + time_ns // 31_556_952_000_000_000}"


def without_zone(what: str, source: str) -> FormatError:
    """The refusal of a time that may be local."""
    return FormatError(
        what + ": they may be local", source=source,
        hint="If they are UTC, say so with --assume-utc; else give each its zone, like 2019-03-22T15:12:00+03:00.",
    )  # fmt: skip


def _filled(values: pa.Array) -> I64:
    return np.array(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), np.int64)


def _counted(values: pa.Array, name: str, source: str, row: int) -> I64:
    seconds, _ = numbers(values, name, source, row, needed=True)
    known = ~np.isnan(seconds)
    size = float(np.max(np.abs(seconds[known]), initial=0.0))
    scale = next((scale for limit, scale in SCALES if size < limit), 1.0)
    if pa.types.is_integer(values.type):  # nanoseconds do not fit a float
        return np.where(known, _filled(pc.cast(values, pa.int64(), safe=False)) * int(scale), UNTIMED)
    microseconds = np.clip(np.where(known, seconds, 0.0) * (scale / 1e3), -FARTHEST_US, FARTHEST_US)
    exact = np.round(microseconds).astype(np.int64) * 1000
    return np.where(known, exact, UNTIMED)


def _written(values: pa.Array, name: str, source: str, row: int, *, assume_utc: bool) -> I64:
    zoned, naive = pa.timestamp("us", "UTC"), pa.timestamp("us")

    def with_zone(part: pa.Array) -> pa.Array:
        return pc.cast(part, zoned)

    try:
        found = with_zone(values)
    except pa.ArrowException:
        at = first_that_fails(values, with_zone)
        text = values[at].as_py()
        try:
            pc.cast(values.slice(at, 1), naive)
        except pa.ArrowException:
            what = f"row {row + at:,}, column {name!r}: {text!r} is no time"
            raise FormatError(what, source=source, hint="Write it like 2019-03-22T12:12:00Z.") from None
        if not assume_utc:
            raise without_zone(f"row {row + at:,}, column {name!r}: {text!r} is without a zone", source) from None
        try:
            found = pc.cast(values, naive)
        except pa.ArrowException:
            at = first_that_fails(values, lambda part: pc.cast(part, naive))
            what = f"row {row + at:,}, column {name!r}: {values[at].as_py()!r} is no time like those before"
            raise FormatError(what, source=source) from None
    out = _filled(pc.cast(found, pa.int64())) * 1000
    out[np.asarray(found.is_null())] = UNTIMED
    return out


def translated(values: pa.Array, convert: Callable[[str], int], missing: int) -> NDArray[np.int64]:
    """Return what a function makes of each different word."""
    coded = pc.dictionary_encode(pc.cast(values, pa.string()))
    codes = np.array([*(convert(text or "") for text in coded.dictionary.to_pylist()), missing], np.int64)
    places = np.asarray(pc.fill_null(coded.indices, len(codes) - 1).to_numpy(zero_copy_only=False))
    return codes.take(places)


def addresses(values: pa.Array, name: str, source: str, row: int) -> I64:
    """Return addresses, those that are none of ICAO's with bit 24 set, -1 where there is none.

    Raises FormatError for numbers where hexadecimal digits are expected: 400123 may be either.
    """
    if is_text(values.type) or pa.types.is_null(values.type):
        return translated(values, _address, NO_ADDRESS)
    if name == "icao" and pa.types.is_integer(values.type):
        found = np.array(pc.fill_null(pc.cast(values, pa.int64()), NO_ADDRESS).to_numpy(zero_copy_only=False), np.int64)
        return np.where((found > 0) & (found < OTHER_KIND), found, NO_ADDRESS)
    raise FormatError(
        f"row {row:,}, column {name!r}: {values[0].as_py() if len(values) else ''!r} is a number, where hexadecimal "
        "digits as text are expected",
        source=source, hint="A reader of CSV has perhaps made numbers of addresses like 400123.",
    )  # fmt: skip


def _address(text: str) -> int:
    text = text.strip().lower()
    digits = text.removeprefix("~")
    if not 1 <= len(digits) <= 6 or not set(digits) <= set("0123456789abcdef") or not int(digits, 16):
        return NO_ADDRESS
    return int(digits, 16) | (OTHER_KIND if digits != text else 0)


def flags(values: pa.Array) -> NDArray[np.int64]:
    """Return 1 and 0, 255 where there is neither."""
    if pa.types.is_boolean(values.type):
        return np.array(pc.fill_null(pc.cast(values, pa.int64()), 255).to_numpy(zero_copy_only=False), np.int64)
    words = {"true": 1, "t": 1, "1": 1, "1.0": 1, "-1": 1, "yes": 1, "false": 0, "f": 0, "0": 0, "0.0": 0, "no": 0}
    return translated(values, lambda text: words.get(text.strip().lower(), 255), 255)


def squawk_texts(values: pa.Array) -> pa.Array:
    """Return codes as text, of readers that have made numbers of them too."""
    if pa.types.is_floating(values.type):
        values = pc.cast(values, pa.int32(), safe=False)
    return pc.utf8_lpad(pc.cast(values, pa.string()), 4, "0") if not is_text(values.type) else values
