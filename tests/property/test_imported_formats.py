"""Readers of others' formats: arbitrary bytes never raise, any cutting gives the same rows and counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywitness.frames.formats.jet1090 import Jet1090Reader
from skywitness.positions.formats.aircraft_json import AircraftJsonReader
from skywitness.positions.formats.trace import TraceReader

READERS: dict[str, Callable[[], Any]] = {
    "aircraft_json": AircraftJsonReader,
    "trace": TraceReader,
    "jet1090": Jet1090Reader,
}

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("ground"), st.floats(-90, 90)
)
ENTRIES = st.fixed_dictionaries(
    {"hex": st.sampled_from(["a3e31a", "~a3e31b", "zz"]), "lat": st.floats(-91, 91), "lon": VALUES},
    optional=dict.fromkeys(
        ("type", "alt_baro", "alt_geom", "gs", "track", "flight", "squawk", "nic", "rssi", "seen_pos"), VALUES
    ),
)
SNAPSHOTS = st.fixed_dictionaries({"now": VALUES, "aircraft": st.one_of(VALUES, st.lists(ENTRIES, max_size=4))})
ROWS = st.one_of(VALUES, st.lists(st.one_of(VALUES, st.just({"flight": "ABC"})), max_size=15))
TRACES = st.fixed_dictionaries(
    {"icao": st.just("a3e31a"), "timestamp": VALUES, "trace": st.one_of(VALUES, st.lists(ROWS, max_size=4))}
)
ENTRY_OF_METADATA = st.dictionaries(st.sampled_from(["system_timestamp", "gnss_timestamp", "serial", "rssi"]), VALUES)
LINES = st.fixed_dictionaries(
    {"frame": st.sampled_from(["8d406b902015a678d4d220aa4bda", "5d4840d6f8740f", "8d40"])},
    optional={"timestamp": VALUES, "metadata": st.one_of(VALUES, st.lists(ENTRY_OF_METADATA, max_size=3))},
)
SBS_FIELD = st.sampled_from(
    ["", "MSG", "3", "4", "400159", "2018/04/03", "19:02:28.136", "60.5", "-30", "7000", "31000H", "-1", "0", "5",
     "UTA470", "START", "SEL", "1970154010", "7700", "nan", "1e9"]
)  # fmt: skip
SBS = st.one_of(
    st.lists(SBS_FIELD, max_size=23).map(",".join),
    st.lists(SBS_FIELD, min_size=12, max_size=12).map(
        lambda rest: "MSG,3,1,1,400159,1,2018/04/03,19:02:28.136,,," + ",".join(rest)
    ),
)
PIECES = {
    "sbs": SBS.map(lambda line: line.encode() + b"\r\n"),
    "jet1090": LINES.map(lambda value: json.dumps(value).encode() + b"\n"),
    "aircraft_json": st.one_of(SNAPSHOTS, ENTRIES).map(lambda value: json.dumps(value).encode() + b"\n"),
    "trace": TRACES.map(lambda value: json.dumps(value).encode()),
}
ALPHABET = st.text('{}[]",:\\\n 0129.eE-aircthex', max_size=60).map(str.encode)


def batches(name: str, chunks: list[bytes]) -> tuple[Any, Counter[str]]:
    reader = READERS[name]()
    parts = [reader.push(chunk) for chunk in chunks]
    parts.append(reader.flush())
    return type(parts[0]).concat(parts), reader.counts


@pytest.mark.parametrize("name", sorted(READERS))
def test_arbitrary_bytes_never_raise_and_cuts_change_nothing(name: str):
    whole_or_cut = PIECES[name].flatmap(lambda text: st.integers(0, len(text)).map(lambda stop: text[:stop]))
    pieces_of_text = st.one_of(PIECES[name], whole_or_cut, ALPHABET, st.binary(max_size=40))

    @given(st.lists(pieces_of_text, max_size=6), st.data())
    def check(pieces: list[bytes], data: st.DataObject) -> None:
        text = b"".join(pieces)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
        chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        whole, counts = batches(name, [text])
        rows, counts_of_chunks = batches(name, chunks)
        assert rows.same_as(whole)
        assert counts_of_chunks == counts
        assert counts["skipped"] + counts["unfinished"] <= len(text)

    check()
