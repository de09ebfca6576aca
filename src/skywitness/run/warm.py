"""Load what a node's first messages would wait for: the kernels, a third of a second of work.

One message of each kind goes the way of a live one, through objects that are then let go. It belongs to the start,
before the node says that it listens: the first message is then as quick as the next one.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import Frames
from skywitness.coverage.counting import Counting
from skywitness.frames.formats.avr import AvrReader
from skywitness.frames.formats.beast import BeastReader
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.frames.formats.segment_blocks import ReceiverRows, encode_block
from skywitness.frames.live_clock import LiveClock
from skywitness.pipeline import Pipeline
from skywitness.tracks.aircraft import aircraft_table
from skywitness.units import NS_PER_S

__all__ = ["warm_up"]

MESSAGES = (
    "5dc399198aaa37",
    "02018a10166b9a",
    "20000a10353306",
    "2800092163b5ee",
    "8dc3991958c90355f9c7415fec6f",
    "8dc399199915e0013008014687ec",
    "8dc39919224142f4e368203707f4",
    "8dc39919ea5228672b3f8c87c9f1",
    "8dc39919e10921000000005a2b32",
    "8dc39919f82300020049b88b88cd",
    "a0000a10a1380030aa0186ab7c5d",
    "a8000001801f9b21200487dade4e",
)
"""One of each kind that is heard everywhere; made by our own simulator."""


def warm_up() -> None:
    """Send a few messages the whole way, and forget them."""
    lines = "".join(f"@{12_000_000 + k:012x}{message};\n" for k, message in enumerate(MESSAGES)).encode()
    frames = BeastReader().push(BeastWriter().write(AvrReader().push(lines)))
    frames = LiveClock().push(frames, NS_PER_S)
    frames.receiver[1::2] = 1
    frames.id[:] = np.arange(len(frames))
    pipeline = Pipeline()
    output = pipeline.push(frames)
    Counting().push(output.messages, output.positions, np.array([(47.0, 8.0), (np.nan, np.nan)]))
    encode_block(frames, {0: ReceiverRows(0, 0), 1: ReceiverRows(0, 0)})
    pipeline.flush()
    tracker = pipeline.shards[0].tracker
    aircraft_table(tracker.aircraft, tracker.pairs)
    Frames.concat([frames, frames])
