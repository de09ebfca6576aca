"""A node that listens has loaded what its messages need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json
import skywitness.run.live
from skywitness.kernel import KERNELS
from skywitness.run.walk import heard
from skywitness.run.warm import warm_up

frames = heard()  # the simulator's own kernels are loaded before anything is compared

def loaded():
    return {name for name, one in KERNELS.items() if getattr(one, "signatures", ())}

warm_up()
before = loaded()
from skywitness.frames.formats.segment_blocks import ReceiverRows, encode_block
from skywitness.frames.formats.beast import BeastReader
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.frames.live_clock import LiveClock
from skywitness.pipeline import Pipeline

data = BeastWriter(markers=False).write(frames)
live = LiveClock().push(BeastReader().push(data), int(frames.time_ns[0]))
pipeline = Pipeline()
output = pipeline.push(live)
pipeline.flush()
encode_block(output.frames, {number: ReceiverRows(0, 0) for number in range(2)})
print(json.dumps([sorted(before), sorted(loaded() - before)]))
"""


GROWTH = ("skywitness.messages.mode_s.address_table.fill_table",)
"""Needed only when more aircraft come than the tables begin with."""


@pytest.mark.compiled
def test_the_first_messages_load_no_kernel_that_the_start_has_not():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    before, later = json.loads(done.stdout.splitlines()[-1])
    assert any("fill_tracks" in name for name in before)
    assert [name for name in later if name not in GROWTH] == []
