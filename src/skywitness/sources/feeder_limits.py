"""What feeders may do, and who has used how much of it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

__all__ = ["Address", "Addresses", "Bucket", "FeederLimits", "address_key"]

MOST_ADDRESSES = 1 << 14
FORGET_AFTER_S = 120.0


@dataclass(frozen=True, slots=True)
class FeederLimits:
    """Limits of a node's listening ports. Rates are averages; BURST_S seconds of each may come at once."""

    anonymous: bool = False
    """Take feeders without a key."""
    connections: int = 1000
    connections_per_address: int = 20
    attempts_per_minute: int = 120
    """New connections of one address."""
    bytes_per_s: float = 2_000_000.0
    messages_per_s: float = 20_000.0
    address_bytes_per_s: float = 8_000_000.0
    total_bytes_per_s: float = 0.0
    """Of all feeders together; 0 without limit."""
    silence_s: float = 120.0
    hello_s: float = 10.0
    """A first line or name must be complete so soon after its first byte."""
    patience_s: float = 60.0
    """A feeder that has to be slowed for so long without a pause is cut."""
    strikes: int = 3
    """Complaints of the core, such as garbage, in `strike_s` seconds after which a feeder is cut."""
    strike_s: float = 300.0
    slowed_s: float = 2.0
    """How long nothing is read after a complaint."""
    names: int = 2000
    """Different names that feeders without a key may bring in one run of the node."""
    same_name: int = 4
    """Connections at once under one name: each but the first is a receiver of its own."""


BURST_S = 5.0


class Bucket:
    """Tokens that come at a rate; may go below zero, and then somebody must wait."""

    __slots__ = ("filled_s", "most", "rate", "tokens")

    def __init__(self, rate: float, now_s: float, burst_s: float = BURST_S) -> None:
        self.rate = rate
        self.most = rate * burst_s
        self.tokens = self.most
        self.filled_s = now_s

    def spend(self, tokens: float, now_s: float) -> float:
        """Take tokens; return for how many seconds nothing more may be taken. A rate of 0 is no limit."""
        if not self.rate:
            return 0.0
        self.tokens = min(self.most, self.tokens + self.rate * (now_s - self.filled_s)) - tokens
        self.filled_s = now_s
        return -self.tokens / self.rate if self.tokens < 0 else 0.0


class Address:
    """What one address has."""

    __slots__ = ("attempts", "bytes", "connections", "seen_s")

    def __init__(self, limits: FeederLimits, now_s: float) -> None:
        self.connections = 0
        self.seen_s = now_s
        self.bytes = Bucket(limits.address_bytes_per_s, now_s)
        self.attempts = Bucket(limits.attempts_per_minute / 60, now_s, burst_s=60.0)


def address_key(host: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 an IPv6 address is in."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)


class Addresses:
    """The addresses that have or lately had connections; bounded."""

    def __init__(self, limits: FeederLimits) -> None:
        self.limits = limits
        self._known: dict[str, Address] = {}

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._known)

    def of(self, host: str, now_s: float) -> Address:
        """Return the address's entry."""
        key = address_key(host)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_ADDRESSES:
                self.forget(now_s, 0.0)
            found = self._known[key] = Address(self.limits, now_s)
        found.seen_s = now_s
        return found

    def forget(self, now_s: float, after_s: float = FORGET_AFTER_S) -> None:
        """Drop those without a connection that have not come for a while."""
        self._known = {
            key: address
            for key, address in self._known.items()
            if address.connections or now_s - address.seen_s < after_s
        }
