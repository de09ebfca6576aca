"""From IQ samples at 1090 MHz to frames.

`samples` makes magnitudes, `preamble` marks where a reply may begin, `slicer` reads its bits at several sub-sample
phases, `demodulator` is the stage around them: bytes in, `Frames` out.
"""

from __future__ import annotations

from skywitness.frames.demodulate.demodulator import REPAIR_POLICIES, Demodulator, Details
from skywitness.frames.demodulate.samples import SAMPLE_FORMATS

__all__ = ["REPAIR_POLICIES", "SAMPLE_FORMATS", "Demodulator", "Details"]
