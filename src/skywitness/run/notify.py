"""Tell the service manager how the node is: the notification protocol of systemd, sd_notify(3).

A datagram of `NAME=value` lines to the socket named by NOTIFY_SOCKET. Nothing is sent, and nothing fails, where there
is no such manager.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping

__all__ = ["Watchdog", "notify", "watchdog_s"]

STUCK_S = 600.0
"""A core that has not turned for longer hangs: on a small computer, compiling its kernels takes minutes."""


def notify(*states: str, environment: Mapping[str, str] | None = None) -> bool:
    """Send states such as "READY=1", "WATCHDOG=1", "STOPPING=1" or "STATUS=..."; return whether somebody took them."""
    address = (os.environ if environment is None else environment).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux: a name outside the file system
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)  # a manager that does not read must not hold the node up
            sender.sendto("\n".join(state.replace("\n", " ") for state in states).encode(), address)
    except OSError:
        return False
    return True


def watchdog_s(environment: Mapping[str, str] | None = None) -> float:
    """Seconds between two "WATCHDOG=1" that the manager is content with, half of its limit; 0 if it does not ask."""
    environment = os.environ if environment is None else environment
    limit_us = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0  # the request is to another process, which passed its environment on
    return int(limit_us) / 2e6 if limit_us.isdecimal() else 0.0


class Watchdog:
    """Tells the manager that the node lives, as often as it wants to know.

    interval_s  see `watchdog_s`; 0 tells nothing
    """

    def __init__(
        self, interval_s: float, tell: Callable[[str], object] = notify, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.interval_s = interval_s
        self._tell, self._clock = tell, clock
        self._turns = -1
        self._turned_s = clock()
        self._told_s = -STUCK_S

    def feed(self, turns: int) -> None:
        """Call often, with how often the core has turned; a core that hangs is not told to be alive."""
        now = self._clock()
        if turns != self._turns:
            self._turns, self._turned_s = turns, now
        if 0 < self.interval_s <= now - self._told_s and now - self._turned_s < STUCK_S:
            self._told_s = now
            self._tell("WATCHDOG=1")
