from __future__ import annotations

from collections import Counter

import pytest

from skywitness.frames.formats.decimal import nanoseconds
from skywitness.frames.formats.lines import LineCutter


def cut(parts: list[bytes], longest: int = 100) -> tuple[list[bytes], Counter[str]]:
    counts: Counter[str] = Counter()
    cutter = LineCutter(counts, longest)
    lines = [line for part in parts for line in cutter.push(part)]
    return lines + cutter.flush(), counts


def test_lines_end_in_lf_or_cr_lf():
    assert cut([b"a\r", b"\nb\n\nc"])[0] == [b"a", b"b", b"", b"c"]


def test_no_last_line_after_a_line_end():
    assert cut([b"a\n"])[0] == [b"a"]


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_a_line_too_long_is_dropped_however_it_arrives(step):
    text = b"first\n" + b"x" * 101 + b"\n" + b"y" * 100 + b"\nlast"
    lines, counts = cut([text[i : i + step] for i in range(0, len(text), step)])
    assert lines == [b"first", b"y" * 100, b"last"]
    assert counts == {"line_too_long": 1}


def test_a_line_without_end_does_not_grow():
    cutter = LineCutter(Counter(), 100)
    for _ in range(1000):
        cutter.push(b"x" * 50)
    assert cutter.waiting <= 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"1717664319.147975", 1717664319147975000),
        (b"1717664319.1479751239", 1717664319147975123),
        (b"0", 0),
        (b"-1.5", -1500000000),
        (b"1.7176643e9", 1717664300000000000),
        (b"1e99", None),
        (b"1e10", None),
        (b"nan", None),
        (b"1_0", None),
        (b"", None),
        (b"99999999999", None),
        (b"9" * 5000 + b"e1", None),
    ],
)
def test_decimal_seconds_are_exact(text, expected):
    assert nanoseconds(text) == expected
