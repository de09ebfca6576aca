"""Who heard what: receptions of a time decoded once more, for `show:receptions` and `receiver:`.

What a frame is, and which receptions are of the same transmission, is said by the pipeline and nothing else; it begins
a little earlier than the time asked, so that aircraft are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, U8, Frames, Messages
from skywitness.errors import QuestionError
from skywitness.pipeline import Pipeline
from skywitness.questions.answer import Receptions
from skywitness.questions.globs import fits_any
from skywitness.questions.names import IDENTITY, Names
from skywitness.questions.question import And, Flag, Node, Not, Or, Pattern, Text, When
from skywitness.units import NS_PER_S

__all__ = ["GOOD", "Heard", "Hearing"]

Bools = NDArray[np.bool_]

WARM_NS = 60 * NS_PER_S
BATCH_ROWS = 1 << 14
GOOD = 1
"""Statuses up to this one are of frames that were accepted."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Some receptions, and what they were."""

    frames: Frames
    messages: Messages


@dataclass(slots=True)
class Hearing:
    """Asks the receptions of a record.

    most  receptions that one question may read
    """

    receptions: Receptions
    names: Names
    most: int

    def found(self, node: Node, from_ns: int, until_ns: int) -> Iterator[Heard]:
        """Yield the receptions of a time that a part is true of, in the order of their ids.

        Raises QuestionError for terms that are told of positions or flights alone, and for what is too dear.
        """
        receivers = self.receptions.receivers()
        self._mask(node, Heard(Frames.empty(), Messages.empty()), receivers)  # what cannot be asked is told at once
        for heard in self._decoded(from_ns, until_ns):
            rows = np.flatnonzero(self._mask(node, heard, receivers))
            if len(rows):
                yield Heard(heard.frames.take(rows), heard.messages.take(rows))

    def of_aircraft(self, icao: int, kinds: U8, from_ns: int, until_ns: int) -> Iterator[Heard]:
        """Yield the good receptions of one address and a time, in the order of their ids.

        Raises QuestionError for what is too dear.
        """
        for heard in self._decoded(from_ns, until_ns):
            messages = heard.messages
            mine = (messages.icao == icao) & (messages.status <= GOOD) & np.isin(messages.address_kind, kinds)
            rows = np.flatnonzero(mine)
            if len(rows):
                yield Heard(heard.frames.take(rows), messages.take(rows))

    def transmissions(self, patterns: Sequence[Pattern], from_ns: int, until_ns: int) -> I64:
        """Return the transmissions of a time that receivers heard, by the ids that positions have as parents."""
        wanted = self._numbers(patterns, self.receptions.receivers())
        parts = [np.zeros(0, np.int64)]
        for heard in self._decoded(from_ns, until_ns) if wanted else ():
            parts.append(heard.messages.transmission[np.isin(heard.frames.receiver, wanted)])
        return np.unique(np.concatenate(parts))

    def _decoded(self, from_ns: int, until_ns: int) -> Iterator[Heard]:
        rows = self.receptions.rows_about(from_ns, until_ns)
        if rows > self.most:
            raise QuestionError(
                f"about {rows:,} receptions would have to be read, {self.most:,} are allowed",
                hint="Ask for a shorter time.",
            )
        pipeline, newest_ns = Pipeline(), 0
        for frames in self.receptions.receptions(from_ns - WARM_NS, until_ns):
            if len(frames) and int(frames.time_ns.min()) < newest_ns - WARM_NS:  # another replay
                pipeline, newest_ns = Pipeline(), 0
            for start in range(0, len(frames), BATCH_ROWS):
                part = frames.slice(start, min(start + BATCH_ROWS, len(frames)))
                newest_ns = max(newest_ns, int(part.time_ns.max()))
                messages = pipeline.push(part).messages
                inside = np.flatnonzero((part.time_ns >= from_ns) & (part.time_ns < until_ns))
                if len(inside):
                    yield Heard(part.take(inside), messages.take(inside))

    def _numbers(self, patterns: Sequence[Pattern], receivers: dict[int, str]) -> list[int]:
        found = [number for number, name in receivers.items() if fits_any(patterns, name)]
        if not found:
            known = ", ".join(sorted(receivers.values())[:20]) or "none"
            raise QuestionError(f"no receiver is called {' or '.join(map(str, patterns))}", hint=f"There are: {known}.")
        return found

    def _mask(self, node: Node, heard: Heard, receivers: dict[int, str]) -> Bools:
        frames, messages = heard.frames, heard.messages
        if isinstance(node, And | Or):
            out = np.full(len(frames), isinstance(node, And))
            for part in node.parts:
                mask = self._mask(part, heard, receivers)
                out = out & mask if isinstance(node, And) else out | mask
            return out
        if isinstance(node, Not):
            return ~self._mask(node.part, heard, receivers)
        if isinstance(node, When):
            inside = [(frames.time_ns >= span.from_ns) & (frames.time_ns < span.until_ns) for span in node.spans]
            return np.asarray(np.logical_or.reduce(inside))
        if isinstance(node, Text) and node.key == "receiver":
            return np.isin(frames.receiver, self._numbers(node.patterns, receivers))
        if isinstance(node, Text | Flag) and node.key in IDENTITY:
            known = messages.status <= GOOD
            return known & self.names.mask(node, messages.icao, messages.address_kind, frames.time_ns)
        raise QuestionError(
            "receptions are asked for by airframe, receiver and time alone",
            hint="show:positions takes the other terms; `parent` of a position is its reception.",
        )
