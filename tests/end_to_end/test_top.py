"""`skywitness top` in a terminal, on a source of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path


def test_it_draws_takes_keys_and_gives_the_terminal_back(tmp_path: Path):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-m", "skywitness", "top", "demo"],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path,
        env=os.environ | {"TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path)},
    )  # fmt: skip
    seen = ""

    def wait_for(word: str, seconds: float = 60.0) -> None:
        nonlocal seen
        end = time.monotonic() + seconds
        while word not in seen:
            assert time.monotonic() < end, seen[-2000:]
            if select.select([ours], [], [], 0.2)[0]:
                seen += os.read(ours, 1 << 16).decode("utf-8", "replace")

    try:
        wait_for("SIM")
        assert "SIMULATED" in seen
        assert "UTC" in seen
        seen = ""
        os.write(ours, b"/SIM\r")
        wait_for("filter")
        seen = ""
        os.write(ours, b"p")
        wait_for("PAUSED")
        os.write(ours, b"q")
        assert process.wait(30) == 0
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)
