"""What a live node tells of its receivers."""

from __future__ import annotations

import math
import time
from collections import deque

from skywitness.batches import STATUSES, UNTIMED
from skywitness.coverage.counting import Counting
from skywitness.coverage.report import SECTORS, ReceiverReport, Watermark
from skywitness.frames.receiver import Receiver
from skywitness.run.live_input import LinkInput

__all__ = ["Station", "report"]

MINUTE_S = 60


class Station:
    """A receiver as this node has met it since its start."""

    def __init__(
        self,
        receiver: Receiver,
        source: LinkInput,
        local: int,
        connection: int,
        now_ns: int,
        before: Station | None = None,
    ) -> None:
        self.receiver = receiver
        self.source = source
        self.local = local
        """Its number within the link."""
        self.connection = connection
        self.is_connected = True
        self.since_ns = now_ns
        self.error = ""
        self.bytes_before = before.bytes_in if before else 0
        self.counted: deque[tuple[float, int]] = before.counted if before else deque(maxlen=MINUTE_S + 1)
        """(monotonic seconds, frames) of the last minute."""

    @property
    def bytes_in(self) -> int:
        """Bytes that came on its links."""
        return self.bytes_before + self.source.link.counts.get("bytes_in", 0)

    def lose(self, reason: str, now_ns: int) -> None:
        """Its link is closed."""
        self.is_connected = False
        self.since_ns = now_ns
        self.error = reason


def report(station: Station, counting: Counting, watermark: Watermark | None) -> ReceiverReport:
    """Describe one receiver now; called once a second."""
    number = station.receiver.number
    source = station.source
    known = number < len(counting.statuses)
    statuses = counting.statuses[number].tolist() if known else [0] * len(STATUSES)
    frames = sum(statuses) + source.uat_rows
    now_s = time.monotonic()
    station.counted.append((now_s, frames))
    then_s, before = station.counted[0]
    rejected = {reason: count for reason, count in zip(STATUSES[2:], statuses[2:], strict=True) if count}
    for reason, count in source.counts.items():
        rejected[reason] = rejected.get(reason, 0) + count
    none = (0.0,) * SECTORS, (math.nan,) * SECTORS
    range_nmi, range_ft = counting.farthest(number) if known else none
    return ReceiverReport(
        receiver=station.receiver,
        url=source.link.url,
        connected=station.is_connected,
        since_ns=station.since_ns,
        seen_ns=source.seen_ns or UNTIMED,
        bytes_in=station.bytes_in,
        frames=frames,
        accepted=sum(statuses[:2]) + source.uat_rows,
        rejected=rejected,
        unique=int(counting.unique[number]) if known else 0,
        shared=int(counting.shared[number]) if known else 0,
        positions=int(counting.positions[number]) if known else 0,
        rate_frames_s=(frames - before) / (now_s - then_s) if now_s > then_s else 0.0,
        range_nmi=range_nmi,
        range_ft=range_ft,
        clock=source.clock_kind,
        clock_offset_ms=source.clock.late_ns(station.local) / 1e6 if source.clock_kind != "none" else math.nan,
        clock_jumps=source.clock.jumps(station.local),
        rtt_ms=source.link.rtt_ms,
        quarantined=source.clock.is_quarantined(station.local),
        watermark=watermark,
        last_error=station.error,
    )
