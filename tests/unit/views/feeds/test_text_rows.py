"""Numbers and times are written as exact arithmetic and the calendar say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.messages.mode_s.pack import CHARACTERS
from skywitness.views.feeds import text_rows
from skywitness.views.feeds.text_rows import ABSENT, Template, TextField, scaled


def written(values: list[int], *fields: TextField) -> list[str]:
    template = Template([*fields, TextField(b"\n", "literal")])
    columns = np.array([values] * len(fields) + [[0] * len(values)], np.int64)
    return b"".join(bytes(part) for part in template.write(columns)).decode("ascii").splitlines()


@given(st.lists(st.integers(-(1 << 63) + 1, (1 << 63) - 1) | st.integers(-1000, 1000), min_size=1), st.integers(0, 8))
@example([0, -1, 9, 10, 99_999_999, 100_000_000, 10**16 - 1, 10**16, (1 << 63) - 1], 0)
@example([0, -1, 9, 10, 99_999_999, 100_000_000, 10**16 - 1, 10**16, (1 << 63) - 1], 6)
def test_numbers(values: list[int], decimals: int):
    expected = [f"{Decimal(value).scaleb(-decimals):.{decimals}f}" for value in values]
    assert written(values, TextField(b"", "number", decimals=decimals)) == expected


@pytest.mark.compiled
def test_every_count_of_four_digits():
    assert written(list(range(10_000)), TextField(b"", "number")) == [str(n) for n in range(10_000)]


@given(st.lists(st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1)), min_size=1))
@example(
    [datetime(2000, 2, 29), datetime(1900, 2, 28, 23, 59, 59, 999_999), datetime(1900, 3, 1), datetime(1970, 1, 1)]
)
def test_times(moments: list[datetime]):
    micros = [(moment - datetime(1970, 1, 1)) // timedelta(microseconds=1) for moment in moments]
    expected = [moment.replace(tzinfo=UTC).isoformat(timespec="microseconds")[:-6] + "Z" for moment in moments]
    assert written(micros, TextField(b"", "time")) == expected


@given(st.integers(0, (1 << 48) - 1))
def test_callsigns(packed: int):
    whole = "".join(CHARACTERS[packed >> shift & 63] for shift in range(42, -1, -6))
    assert written([packed], TextField(b"[", "callsign", b"]")) == [f"[{whole}]"]
    assert written([packed], TextField(b"[", "trimmed_callsign", b"]")) == [f"[{callsign_text(packed)}]"]


def test_codes():
    assert written([0, 0o7700, 0o7777], TextField(b"", "octal")) == ["0000", "7700", "7777"]
    assert written([0x00ABC1, 0x1_4840D6], TextField(b"", "address")) == ["00abc1", "~4840d6"]
    assert written([2, 0], TextField(b"<", "word", b">", words=(b"first", b"", b"a word of many letters"))) == [
        "<a word of many letters>",
        "<first>",
    ]


def test_what_is_absent_has_its_own_text():
    fields = TextField(b'{"a":"', "number", b'"', b'{"a":null'), TextField(b",b", "number")
    assert written([5, ABSENT], *fields) == ['{"a":"5",b5', '{"a":null']


def test_parts_join_without_a_seam(monkeypatch):
    values = list(range(1000))
    whole = written(values, TextField(b"n", "number"))
    monkeypatch.setattr(text_rows, "ROWS_AT_ONCE", 7)
    assert written(values, TextField(b"n", "number")) == whole


def test_scaled_rounds_and_leaves_out_what_is_no_number():
    out = np.empty(6, np.int64)
    scaled(np.array([1.25, -0.04, np.nan, np.inf, 359.96, -7.0], np.float32), 1, out)
    assert out.tolist() == [12, 0, ABSENT, ABSENT, 3600, -70]
