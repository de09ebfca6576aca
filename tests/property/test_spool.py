"""Rows in are rows out, however they are cut, mixed, revised, repeated and spread over starts."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.archive.layout import POSITIONS, settled, sorted_once
from skywitness.archive.reader import open_history
from skywitness.archive.spool import Spool
from skywitness.batches import Positions
from tests.rows_from import positions_from

ALL = -(1 << 62), 1 << 62
S = 1_000_000_000


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1 << 16),
    rows=st.integers(0, 300),
    sizes=st.lists(st.integers(1, 120), min_size=1, max_size=5),
    revised=st.floats(0, 0.5),
    repeated=st.floats(0, 0.3),
    late_s=st.integers(0, 200),
    restart_every=st.integers(2, 9),
)
def test_rows_in_are_rows_out(seed, rows, sizes, revised, repeated, late_s, restart_every):
    rng = np.random.default_rng(seed)
    first = positions_from(rows, seed, seconds=300)
    again = first.take(rng.random(rows) < revised)
    again = dataclasses.replace(again, revision=again.revision + np.uint8(1), receivers=again.receivers + np.uint16(1))
    twice = first.take(rng.random(rows) < repeated)
    stream = Positions.concat([first, again, twice])
    order = np.argsort(stream.time_ns + rng.integers(0, late_s * S + 1, len(stream)), kind="stable")
    stream = stream.take(order)
    wanted = sorted_once(POSITIONS, settled(POSITIONS, stream))
    assert len(wanted) == rows

    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        spool = Spool(directory)
        start = turn = 0
        while start < len(stream):
            size = sizes[turn % len(sizes)]
            part = stream.slice(start, min(start + size, len(stream)))
            spool.push(part, int(part.time_ns.max()))
            start, turn = start + size, turn + 1
            if turn % restart_every == 0:
                spool.close()
                spool = Spool(directory)
        assert spool.history.positions(*ALL, contradicted=True).same_as(wanted)
        spool.close()
        assert open_history(directory, strict=True).positions(*ALL, contradicted=True).same_as(wanted)
