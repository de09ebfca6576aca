"""JSON objects out of a stream: what is no JSON, too large or nested without end."""

from __future__ import annotations

from collections import Counter

from skywitness.positions.formats.json_objects import ObjectCutter


def test_what_is_too_large_is_given_up():
    counts = Counter[str]()
    cutter = ObjectCutter(counts, largest=1000)
    for _ in range(100):
        assert cutter.push(b'{"a":[1,2,' * 10) == []
        assert len(cutter._kept) <= 1000
    assert counts["too_large"] + counts["no_json"] > 0


def test_brackets_nested_without_end_are_no_json():
    counts = Counter[str]()
    cutter = ObjectCutter(counts)
    assert cutter.push(b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b'{"b":1}') == [{"b": 1}]
    assert counts["no_json"] == 1
