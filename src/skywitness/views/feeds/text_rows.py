"""Columns written as text, row by row: one kernel for JSON lines, CSV and aircraft.json.

Every value is an integer first: a number with decimals is scaled, a word is its place in a list. So nothing is ever
rounded by the way a float is printed, and no "-0.0" can come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, U8
from skywitness.frames.formats.beast import overlapping_words
from skywitness.kernel import kernel, scalar
from skywitness.messages.mode_s.pack import CHARACTERS

__all__ = ["ABSENT", "TEXT", "Template", "TextField", "Texts", "fill_text_rows", "scaled"]

ABSENT = np.iinfo(np.int64).min
"""The value of what is not known."""

LITERAL, NUMBER, WORD, CALLSIGN, TRIMMED_CALLSIGN, OCTAL, ADDRESS, TIME = range(8)
KINDS = ("literal", "number", "word", "callsign", "trimmed_callsign", "octal", "address", "time")
TEXT = "text"  # words as well, to the kernel
VALUE_BYTES = 32  # the longest value that is no word: a time has 27
ROWS_AT_ONCE = 16384
BYTES_AT_ONCE = 32 << 20

HEX_DIGITS: I64 = np.frombuffer(b"0123456789abcdef", np.uint8).astype(np.int64)
CALLSIGN_BYTES: I64 = np.frombuffer(CHARACTERS.encode("ascii"), np.uint8).astype(np.int64)
POWERS: I64 = 10 ** np.arange(9, dtype=np.int64)
PADDING = 8  # whole words are written, past the end of the text
POINT, MINUS, ZERO, SPACE, TILDE, DASH, COLON, LETTER_T, LETTER_Z = (ord(c) for c in ".-0 ~-:TZ")


Texts = tuple[NDArray[np.int32], U8]
"""Where each text begins, and the last one ends; and the bytes of all."""
NO_TEXTS: Mapping[int, Texts] = {}


@dataclass(frozen=True, slots=True)
class TextField:
    """One field of a row.

    before, after  text around a value
    kind           what the value is: `number` (an integer, with `decimals` of them behind the point), `word` (place in
                   `words`), `text` (place in the texts that come with the rows), `callsign` (48 bits, padded to 8 with
                   spaces; `trimmed_callsign` without them), `octal` (four digits), `address` (24 bits, bit 24: not of
                   ICAO, which is written `~`), `time` (microseconds since 1970, as ISO 8601 in UTC), `literal`
                   (nothing: the text `before` is all)
    missing        what is written instead of all this where the value is ABSENT
    """

    before: bytes
    kind: str
    after: bytes = b""
    missing: bytes = b""
    decimals: int = 0
    words: Sequence[bytes] = ()


@scalar
def eight_digits(value):
    """Decimal digits of 0..99,999,999 as eight ASCII bytes, the first one in the lowest bits.

    Halves, then pairs, then single digits are parted in all places at once; the factors are reciprocals of 100 and 10
    that are exact up to 9999 and 99.
    """
    half = value // 10_000
    x = half | (value - half * 10_000) << 32
    tens = (x * 10_486 >> 20) & 0x0000007F_0000007F
    x = tens | (x - tens * 100) << 16
    tens = (x * 103 >> 10) & 0x000F000F_000F000F
    x = tens | (x - tens * 10) << 8
    return x + 0x30303030_30303030


@scalar
def count_of_digits(value):
    """Digits of 0..99,999,999."""
    return (
        1
        + int(value >= 10)
        + int(value >= 100)
        + int(value >= 1000)
        + int(value >= 10_000)
        + int(value >= 100_000)
        + int(value >= 1_000_000)
        + int(value >= 10_000_000)
    )


@scalar
def above_decimals(value, decimals):
    """The integer before the point of a value that has 0 to 8 decimals; a division by a constant is the quickest."""
    if decimals == 0:
        return value
    if decimals == 1:
        return value // 10
    if decimals == 2:
        return value // 100
    if decimals == 3:
        return value // 1000
    return value // POWERS[decimals]


@scalar
def civil_date(days):
    """Year, month and day of a number of days since 1970.

    The day is counted from 1 March of year 0, so that a leap day is the last of its year and of each 4, 100 and 400
    years; months from March on have lengths that repeat every five.
    """
    days += 719_468
    era = days // 146_097
    day = days - era * 146_097
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    month = month + 3 if month < 10 else month - 9
    return year + era * 400 + (1 if month <= 2 else 0), month, day + 1


@scalar
def callsign_word(packed):
    """Eight characters of 6 bits as ASCII bytes, the first one in the lowest bits.

    return  (text, how many up to the last that is no space)
    """
    text = 0
    length = 0
    for k in range(8):
        character = CALLSIGN_BYTES[packed >> (42 - 6 * k) & 63]
        text |= character << 8 * k
        if character != SPACE:
            length = k + 1
    return text, length


@scalar
def address_word(icao):
    """Six hexadecimal digits of an address as ASCII bytes, the first one in the lowest bits."""
    text = 0
    for k in range(6):
        text |= HEX_DIGITS[icao >> (20 - 4 * k) & 15] << 8 * k
    return text


@kernel
def fill_text_rows(values, fields, texts, words, out):
    """Write rows; returns the number of bytes.

    Text is written eight bytes at a time: what is too much is overwritten by what comes next. The loops that copy are
    written out, for a function with arrays as arguments is called, not merged, and that costs more than the copy.

    values  (f, n) int64   ABSENT where not known
    fields  (f, 9) int64   kind, decimals, then start and length in `texts` of before, after and missing, then the first
                           of its words
    texts   (t,)   int64   the eight bytes from each place on
    words   (w, 2) int64   start and length in `texts`
    out     (k,)   int64   the eight bytes from each place on; enough for the longest rows there could be
    """
    at = 0
    for i in range(values.shape[1]):
        for f in range(len(fields)):
            value = values[f, i]
            kind = fields[f, 0]
            start, length = fields[f, 2], fields[f, 3]
            if value == ABSENT:
                start, length = fields[f, 6], fields[f, 7]
                kind = LITERAL
            for k in range(0, length, 8):
                out[at + k] = texts[start + k]
            at += length
            if kind == NUMBER:
                if value < 0:
                    out[at] = MINUS
                    at += 1
                    value = -value
                decimals = fields[f, 1]
                whole = above_decimals(value, decimals)
                rest = whole
                if whole >= 100_000_000:
                    upper = whole // 100_000_000
                    rest = whole - upper * 100_000_000
                    if upper >= 100_000_000:
                        first = upper // 100_000_000
                        digits = count_of_digits(first)
                        out[at] = eight_digits(first) >> 8 * (8 - digits)
                        at += digits
                        out[at] = eight_digits(upper - first * 100_000_000)
                        at += 8
                    else:
                        digits = count_of_digits(upper)
                        out[at] = eight_digits(upper) >> 8 * (8 - digits)
                        at += digits
                    digits = 8
                else:
                    digits = count_of_digits(rest)
                out[at] = eight_digits(rest) >> 8 * (8 - digits)
                at += digits
                if decimals:
                    out[at] = POINT
                    out[at + 1] = eight_digits(value - whole * POWERS[decimals]) >> 8 * (8 - decimals)
                    at += 1 + decimals
            elif kind == WORD:
                word = fields[f, 8] + value
                start, length = words[word, 0], words[word, 1]
                for k in range(0, length, 8):
                    out[at + k] = texts[start + k]
                at += length
            elif kind in (CALLSIGN, TRIMMED_CALLSIGN):
                text, length = callsign_word(value)
                out[at] = text
                at += 8 if kind == CALLSIGN else length
            elif kind == OCTAL:
                out[at] = (value >> 9 | (value >> 6 & 7) << 8 | (value >> 3 & 7) << 16 | (value & 7) << 24) + 0x30303030
                at += 4
            elif kind == ADDRESS:
                if value >> 24:
                    out[at] = TILDE
                    at += 1
                out[at] = address_word(value)
                at += 6
            elif kind == TIME:
                days = value // 86_400_000_000
                rest = value - days * 86_400_000_000
                seconds = rest // 1_000_000
                minutes = seconds // 60
                year, month, day = civil_date(days)
                date = eight_digits(year * 10_000 + month * 100 + day)  # 20261123, to be moved apart: 2026-11-23T
                out[at] = date
                out[at + 4] = (
                    DASH | (date >> 32 & 0xFFFF) << 8 | DASH << 24 | (date >> 48 & 0xFFFF) << 32 | LETTER_T << 48
                )
                out[at + 11] = eight_digits(minutes // 60) >> 48 | COLON << 16
                out[at + 14] = eight_digits(minutes % 60) >> 48 | COLON << 16
                out[at + 17] = eight_digits(seconds % 60) >> 48 | POINT << 16
                out[at + 20] = eight_digits(rest - seconds * 1_000_000) >> 16 | LETTER_Z << 48
                at += 27
            if kind != LITERAL:
                start, length = fields[f, 4], fields[f, 5]
                for k in range(0, length, 8):
                    out[at + k] = texts[start + k]
                at += length
    return at


class Template:
    """Fields in the order they are written, made ready for the kernel."""

    def __init__(self, fields: Sequence[TextField]) -> None:
        self.fields: I64 = np.zeros((len(fields), 9), np.int64)
        texts = bytearray()
        words: list[tuple[int, int]] = [(0, 0)]
        self.row_bytes = 0
        self.texts_of = [f for f, field in enumerate(fields) if field.kind == TEXT]
        """Fields whose texts come with the rows."""
        for f, field in enumerate(fields):
            self.fields[f, :2] = WORD if field.kind == TEXT else KINDS.index(field.kind), field.decimals
            for k, text in enumerate((field.before, field.after, field.missing)):
                self.fields[f, 2 + 2 * k : 4 + 2 * k] = len(texts), len(text)
                texts += text
            self.fields[f, 8] = len(words)
            for word in field.words:
                words.append((len(texts), len(word)))
                texts += word
            value_bytes = max((len(word) for word in field.words), default=VALUE_BYTES)
            self.row_bytes += max(len(field.before) + value_bytes + len(field.after), len(field.missing))
        self.words: I64 = np.array(words, np.int64)
        self._texts: U8 = np.frombuffer(bytes(texts) + bytes(2 * PADDING), np.uint8).copy()
        self.texts = overlapping_words(self._texts)

    def write(self, values: I64, texts: Mapping[int, Texts] = NO_TEXTS) -> Iterator[memoryview]:
        """Write rows. The memory of one part is used again for the next.

        values  (fields, rows) int64
        texts   those of each field of the kind `text` that has any
        """
        rows = values.shape[1]
        fields, words, words_texts, row_bytes = self.fields, self.words, self.texts, self.row_bytes
        if texts:
            fields, words, words_texts, row_bytes = self._with(texts)
        at_once = max(1, min(rows, ROWS_AT_ONCE, BYTES_AT_ONCE // row_bytes))
        out: U8 = np.empty(row_bytes * at_once + 2 * PADDING, np.uint8)
        out_words = overlapping_words(out)
        for start in range(0, rows, at_once):
            part = np.ascontiguousarray(values[:, start : start + at_once])
            yield out.data[: fill_text_rows(part, fields, words_texts, words, out_words)]

    def _with(self, texts: Mapping[int, Texts]) -> tuple[I64, I64, I64, int]:
        """Fields, words, texts and length of a row, if there are more texts."""
        fields = self.fields.copy()
        words, parts = [self.words], [self._texts]
        count, size, row_bytes = len(self.words), len(self._texts), self.row_bytes
        for f, (offsets, data) in texts.items():
            lengths = np.diff(offsets).astype(np.int64)
            fields[f, 8] = count
            words.append(np.stack([offsets[:-1].astype(np.int64) + size, lengths], axis=1))
            parts.append(data)
            count, size = count + len(lengths), size + len(data)
            row_bytes += int(lengths.max(initial=0))
        parts.append(np.zeros(2 * PADDING, np.uint8))
        return fields, np.ascontiguousarray(np.concatenate(words)), overlapping_words(np.concatenate(parts)), row_bytes


def scaled(values: NDArray[np.floating], decimals: int, out: I64) -> None:
    """Fill `out` with the numbers times a power of ten, rounded; ABSENT where NaN."""
    times = values.astype(np.float64)
    times *= 10.0**decimals
    unknown = ~(np.abs(times) < 9e18)
    times[unknown] = 0.0
    np.rint(times, out=times)
    out[:] = times
    out[unknown] = ABSENT
