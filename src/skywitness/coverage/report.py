"""What is known of each receiver's health and reach, as plain values for outputs."""

from __future__ import annotations

from dataclasses import dataclass

from skywitness.frames.receiver import Receiver

__all__ = ["SECTORS", "ReceiverReport", "Watermark"]

SECTORS = 36
"""Bearings are counted in sectors of ten degrees, the first one from 355 to 5 degrees true."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """What of one source is safe on disk: everything up to and including `sequence` survives a loss of power."""

    connection: int
    """Number of the connection, counted over the life of the data directory."""
    sequence: int
    """Running number of the reception within this receiver, from 0; -1 nothing yet."""
    time_ns: int
    """When the fsync that covers it returned, UTC."""


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """One receiver at one moment."""

    receiver: Receiver
    url: str
    """Where it comes from, without secrets, say `beast+tcp://10.0.0.7:30005`."""
    connected: bool
    since_ns: int
    """When it was last connected or lost, UTC."""
    seen_ns: int
    """Arrival of its newest frame, UTC; UNTIMED never."""
    bytes_in: int
    frames: int
    accepted: int
    rejected: dict[str, int]
    """By reason: STATUSES, and what the reader of its format counted."""
    unique: int
    """Transmissions that only this receiver heard."""
    shared: int
    """Transmissions that others heard too."""
    positions: int
    rate_frames_s: float
    """Mean over the last minute."""
    range_nmi: tuple[float, ...]
    """Farthest checked position of the last 24 h by sector, see SECTORS; 0 none or place unknown."""
    range_ft: tuple[float, ...]
    """Pressure altitude of that position; NaN none."""
    clock: str
    """See CLOCKS."""
    clock_offset_ms: float
    """Median difference of arrival and stamp in the last minute, less the least seen: network delay; NaN unknown."""
    clock_jumps: int
    rtt_ms: float
    """Round trip by Beast ping; NaN unknown."""
    quarantined: bool
    """Its stamps are more than 5 s off its arrivals: frames are kept as untimed."""
    watermark: Watermark | None
    last_error: str = ""
    """Why it was lost or slowed, in words; empty if nothing."""
