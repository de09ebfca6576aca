"""The service manager's protocol, spoken to a socket of our own."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from skywitness.run.notify import STUCK_S, Watchdog, notify, watchdog_s

needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")


@needs_unix
def test_states_arrive_as_lines_of_one_datagram(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        assert notify("READY=1", "STATUS=two\nlines", environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1\nSTATUS=two lines"


@needs_unix
@pytest.mark.skipif(not os.path.exists("/proc"), reason="only Linux has names outside the file system")  # noqa: PTH110
def test_an_abstract_name_is_reached():
    name = f"skywitness-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(10)
        assert notify("WATCHDOG=1", environment={"NOTIFY_SOCKET": "@" + name})
        assert manager.recv(100) == b"WATCHDOG=1"


def test_without_a_manager_nothing_happens(tmp_path: Path):
    assert not notify("READY=1", environment={})
    assert not notify("READY=1", environment={"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert not notify("READY=1", environment={"NOTIFY_SOCKET": "vsock:2:1"})


def test_the_watchdog_is_fed_twice_in_its_time():
    assert watchdog_s({"WATCHDOG_USEC": "60000000"}) == 30.0
    assert watchdog_s({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}) == 30.0
    assert watchdog_s({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}) == 0.0
    assert watchdog_s({}) == watchdog_s({"WATCHDOG_USEC": "soon"}) == 0.0


def test_a_core_that_turns_is_told_to_live_and_one_that_hangs_is_not():
    told: list[str] = []
    now = [100.0]
    watchdog = Watchdog(30.0, told.append, lambda: now[0])
    for turn in range(200):
        now[0] += 0.5
        watchdog.feed(turn)
    assert told == ["WATCHDOG=1"] * 4
    for _ in range(int(STUCK_S)):
        now[0] += 1.0
        watchdog.feed(199)
    count = len(told)
    now[0] += 60.0
    watchdog.feed(199)
    assert len(told) == count
    watchdog.feed(200)
    assert len(told) == count + 1


def test_nothing_is_told_to_who_does_not_ask():
    Watchdog(0.0, pytest.fail).feed(1)
