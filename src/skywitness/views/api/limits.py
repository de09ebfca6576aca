"""How much one client may ask: a bucket of tokens each, in bounded memory."""

from __future__ import annotations

import ipaddress
import math
from collections import Counter, OrderedDict
from dataclasses import dataclass

__all__ = ["Buckets", "Connections", "Verdict", "client_name"]

MOST_BUCKETS = 50_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and what its client is told."""

    is_allowed: bool
    limit: int
    """Requests a minute."""
    remaining: int
    """Requests that would pass now."""
    reset_s: int
    """Seconds until the bucket is full again."""
    retry_s: int = 0
    """Seconds until this request would pass."""


class Buckets:
    """A bucket a client: it holds a burst and fills at a steady rate.

    The bucket that was longest unused is forgotten when there are too many: it is full again by then unless somebody
    asks from 50,000 addresses a minute, which no bucket per address can hold off.
    """

    def __init__(self, most: int = MOST_BUCKETS) -> None:
        self.most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, cost: float, per_minute: int, now_s: float) -> Verdict:
        """Take tokens from a bucket; more than a burst costs as much as a burst.

        now_s  monotonic
        """
        burst = max(1.0, per_minute / 4.0)
        rate = per_minute / 60.0
        tokens, then_s = self._buckets.pop(name, (burst, now_s))
        tokens = min(burst, tokens + max(0.0, now_s - then_s) * rate)
        cost = min(cost, burst)
        is_allowed = tokens >= cost
        if is_allowed:
            tokens -= cost
        self._buckets[name] = tokens, now_s
        if len(self._buckets) > self.most:
            self._buckets.popitem(last=False)
        return Verdict(
            is_allowed,
            per_minute,
            int(tokens),
            math.ceil((burst - tokens) / rate),
            0 if is_allowed else max(1, math.ceil((cost - tokens) / rate)),
        )

    def __len__(self) -> int:
        return len(self._buckets)


class Connections:
    """Requests and sockets that are open, in all and by client."""

    def __init__(self, most: int, most_each: int) -> None:
        self.most = most
        self.most_each = most_each
        self.open = 0
        self._each: Counter[str] = Counter()

    def enter(self, name: str, *, is_limited: bool = True) -> bool:
        """Count one in; False if there are too many, then it is not counted."""
        if self.open >= self.most or (is_limited and self._each[name] >= self.most_each):
            return False
        self.open += 1
        self._each[name] += 1
        return True

    def leave(self, name: str) -> None:
        """Count one out."""
        self.open -= 1
        self._each[name] -= 1
        if not self._each[name]:
            del self._each[name]


def client_name(host: str) -> str:
    """Who asks, for counting: an IPv4 address, or the /64 an IPv6 address is in, which is one subscriber's."""
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)
