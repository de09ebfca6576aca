"""Tell the service manager how the node is: the notification protocol of systemd, sd_notify(3).

A datagram of `NAME=value` lines to the socket named by NOTIFY_SOCKET. Nothing is sent, and nothing fails, where there
is no such manager.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

__all__ = ["notify", "watchdog_s"]


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
