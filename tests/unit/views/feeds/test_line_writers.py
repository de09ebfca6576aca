"""SBS and jet1090 lines, made by columns, against the same made one by one."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from skywitness.batches import UNTIMED, Frames, Messages
from skywitness.pipeline import Output, Pipeline
from skywitness.run.walk import heard
from skywitness.sources.readers import open_recording
from skywitness.views.feeds import text_rows
from skywitness.views.feeds.arrow_columns import column_of, known_of, numbers_of, texts_of
from skywitness.views.feeds.jet1090 import Jet1090Writer
from skywitness.views.feeds.sbs import SbsWriter
from tests.oracles.jet1090_lines import Jet1090Writer as PlainJet1090Writer
from tests.oracles.sbs_lines import SbsWriter as PlainSbsWriter

RECORDINGS = {"ulss7_20180403.beast.zst": 1_522_782_148_136_310_917, "baw3ak_20240606.jet1090.jsonl.gz": None}


def same(output: Output) -> int:
    """Compare, and return how many lines there were."""
    text = SbsWriter().write(output)
    assert text.split(b"\n") == PlainSbsWriter().write(output).split(b"\n")
    stations = (7, 123_456_789_012_345_678_901)
    lines = Jet1090Writer(stations).write(output).split(b"\n")
    assert lines == PlainJet1090Writer(stations).write(output).split(b"\n")
    return len(lines) - 1


def outputs_of(path: Path, start_ns: int | None) -> Iterator[Output]:
    pipeline = Pipeline()
    for frames in open_recording(path, start_ns=start_ns).frames():
        for begin in range(0, len(frames), 6000):
            yield pipeline.push(frames.slice(begin, min(begin + 6000, len(frames))))


@pytest.mark.parametrize("name", list(RECORDINGS))
def test_a_recording_gives_the_same_bytes(data_dir: Path, name: str):
    assert sum(same(output) for output in outputs_of(data_dir / "raw" / name, RECORDINGS[name])) > 8000


def test_simulated_days_give_the_same_bytes():
    """Several receivers, anonymous addresses, and every kind of message that is simulated."""
    pipeline = Pipeline()
    assert sum(same(pipeline.push(heard().slice(a, a + 700))) for a in range(0, 7000, 700)) > 3000


def test_all_messages_give_the_same_bytes():
    """Bits at random, each register and format accepted: most of what can be said is said."""
    rng = np.random.default_rng(7)
    rows = 40_000
    frames, messages = Frames.allocate(rows), Messages.allocate(rows)
    frames.data[:] = rng.integers(0, 256, frames.data.shape)
    df = rng.choice([0, 4, 5, 11, 16, 17, 18, 20, 21], rows)
    frames.data[:, 0] = df << 3 | rng.integers(0, 8, rows)
    frames.length[:] = np.where(df < 16, 7, 14)
    times = rng.integers(-(1 << 62), 1 << 62, rows)
    times[::3] = times[::3] // 1_000_000_000 * 1_000_000_000
    times[1::7] = times[1::7] // 1_000_000 * 1_000_000
    times[5::9] = UNTIMED
    frames.time_ns[:] = times
    frames.id[:] = np.arange(rows)
    frames.receiver[:] = rng.integers(0, 5, rows)
    frames.timing[:] = frames.ticks[:] = 0
    frames.signal_dbfs[:] = np.where(rng.random(rows) < 0.1, np.nan, rng.uniform(-60, 60, rows))
    frames.signal_dbfs[:2000] = np.round(frames.signal_dbfs[:2000])
    frames.signal_dbfs[2000:2010] = 0.0, -0.0, -0.001, 0.001, 0.005, -0.015, 0.994999, -9.995, 99.99, 1000.5
    messages.parent[:] = messages.transmission[:] = frames.id
    messages.time_ns[:], messages.receiver[:] = frames.time_ns, frames.receiver
    messages.status[:] = rng.choice([0, 0, 0, 1, 2], rows)
    messages.df[:] = df
    messages.typecode[:] = np.where((df == 17) | (df == 18), frames.data[:, 4] >> 3, 255)
    registers = [0x00, 0x05, 0x10, 0x17, 0x20, 0x21, 0x30, 0x40, 0x44, 0x45, 0x50, 0x60]
    messages.bds[:] = np.where(df >= 20, rng.choice(registers, rows), 0)
    messages.icao[:] = rng.integers(0, 1 << 24, rows)
    messages.address_kind[:] = rng.choice([0, 0, 0, 1], rows)
    messages.slot[:], messages.repaired_bit[:] = -1, 0
    output = Output(frames, messages, Pipeline().push(Frames.empty()).positions)
    assert same(output) > 25_000
    for begin in (0, 17, 500):
        assert same(Output(frames.slice(begin, begin + 30), messages.slice(begin, begin + 30), output.positions)) > 5
    lines = Jet1090Writer().write(output)
    for key in (
        b"tisb", b"bds17", b"registration", b"terminated", b"target_source", b"figure_of_merit", b"radio_height",
        b"track_rate", b"Mach", b"emergency_state", b"SILs", b"wake_vortex", b"geo_minus_baro",
    ):  # fmt: skip
        assert b'"%b":' % key in lines, key


def test_a_level_that_is_no_number_is_left_out():
    """Beast can carry a level of nothing at all; JSON has no infinity."""
    output = Pipeline().push(heard().slice(0, 200))
    silent = dataclasses.replace(output.frames, signal_dbfs=np.full(200, -np.inf, np.float32))
    lines = Jet1090Writer().write(Output(silent, output.messages, output.positions))
    assert lines
    assert b"rssi" not in lines


def test_lines_do_not_depend_on_how_many_are_written_at_once(monkeypatch: pytest.MonkeyPatch):
    output = Pipeline().push(heard().slice(0, 500))
    monkeypatch.setattr(text_rows, "ROWS_AT_ONCE", 7)
    assert same(output) > 100
    monkeypatch.setattr(text_rows, "ROWS_AT_ONCE", 1 << 20)
    monkeypatch.setattr(text_rows, "BYTES_AT_ONCE", 1)
    assert same(output) > 100


def test_columns_are_read_as_arrow_reads_them():
    table = pa.table(
        {
            "whole": pa.array([1, None, -3, 4, 5, 6, 7, 8, 9, None], pa.int32()),
            "flag": pa.array([True, None, False, True, False, False, True, None, True, True]),
            "word": pa.array(["a", "b", None, "a", "c", "a", "b", "c", "c", "a"]).dictionary_encode(),
            "text": pa.array(["", "one", None, "three", "4", "5", "six", None, "8", "nine"]),
            "nothing": pa.nulls(10, pa.int8()),
        }
    )
    for part in (table, table.slice(3, 6)):
        assert column_of(part, "nothing") is None
        for name in ("whole", "flag"):
            column = column_of(part, name)
            assert column is not None
            values = column.to_pylist()
            assert known_of(column).tolist() == [value is not None for value in values]
            found = numbers_of(column).tolist()
            assert [v for v, known in zip(found, known_of(column), strict=True) if known] == [
                int(value) for value in values if value is not None
            ]
        column = column_of(part, "word")
        assert column is not None
        words = column.dictionary.to_pylist()
        assert [words[k] for k, known in zip(numbers_of(column), known_of(column), strict=True) if known] == [
            word for word in column.to_pylist() if word is not None
        ]
        column = column_of(part, "text")
        assert column is not None
        begins, data = texts_of(column)
        found_texts = [data[a:z].tobytes().decode() for a, z in itertools.pairwise(begins)]
        assert found_texts == [text or "" for text in column.to_pylist()]
