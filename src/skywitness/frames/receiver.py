"""A receiver: an antenna and its clock, as the rest of the program names it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["CLOCKS", "NO_PLACE", "Place", "Receiver", "receiver_id"]

CLOCKS = ("none", "counter_12mhz", "gps_ns", "arrival")
"""What a receiver's times rest on: nothing known, its 12 MHz counter, GPS nanoseconds, or arrival stamps alone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an antenna stands, exactly: never leaves the node unblurred unless its owner says so."""

    lat_deg: float
    lon_deg: float
    altitude_m: float = 0.0
    """Above mean sea level."""


NO_PLACE: Place | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver of a node. Its number is what `Frames.receiver` holds, the same for ever in one data directory."""

    number: int
    name: str
    """What people call it; unique in the node."""
    id: bytes
    """32 bytes that name it in the evidence, see `receiver_id`."""
    uuid: str = ""
    """The name it gave itself (Beast E4), 36 characters; empty if none."""
    place: Place | None = None
    place_public: bool = False
    """Whether its owner lets the exact place out."""
    own: bool = True
    """The operator's own source; False for one that a feeder brought."""


def receiver_id(name: str, public_key: bytes = b"") -> bytes:
    """Return the SHA-256 of the receiver's public key, or, without one, of its name under a prefix that no key has."""
    return hashlib.sha256(public_key or b"skywitness receiver without key\0" + name.encode("utf-8")).digest()
