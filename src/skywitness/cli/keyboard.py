"""Single keys from a terminal, by name, without waiting for a line."""

from __future__ import annotations

import os
import select
import sys
import time
from types import TracebackType
from typing import Any, Self

__all__ = ["Keyboard", "names_of"]

SEQUENCES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "[H": "home", "[F": "end", "[1~": "home", "[4~": "end",
    "[7~": "home", "[8~": "end", "[5~": "page up", "[6~": "page down", "[3~": "delete", "[Z": "back tab",
    "OA": "up", "OB": "down", "OC": "right", "OD": "left", "OH": "home", "OF": "end",
}  # fmt: skip
"""What terminals send after an escape: ECMA-48 control sequences, as xterm and the Linux console use them."""
CONTROL = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\b": "backspace", "\x03": "q", "\x0c": "^l"}
WINDOWS = {"H": "up", "P": "down", "K": "left", "M": "right", "G": "home", "O": "end", "I": "page up", "Q": "page down",
           "S": "delete"}  # fmt: skip
LONGEST_SEQUENCE = 8


def names_of(text: str) -> list[str]:
    """Return the keys in what a terminal has sent: characters as they are, others by name, unknown ones left out."""
    keys: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\x1b":
            if at == len(text) or text[at] not in "[O":
                keys.append("escape")
                continue
            end = at + 1
            while end < min(len(text), at + LONGEST_SEQUENCE) and not "@" <= text[end] <= "~":
                end += 1
            if name := SEQUENCES.get(text[at : end + 1]):
                keys.append(name)
            at = end + 1
        elif char in CONTROL:
            keys.append(CONTROL[char])
        elif char.isprintable():
            keys.append(char)
    return keys


class Keyboard:
    """A terminal's keys, between `with`; afterwards the terminal is as it was."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._fd = sys.stdin.fileno() if descriptor is None else descriptor
        self._before: list[Any] | None = None
        self._is_closed = False

    def __enter__(self) -> Self:
        if sys.platform != "win32":
            import termios
            import tty

            self._before = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if sys.platform != "win32" and self._before is not None:
            import termios

            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def read(self, timeout_s: float) -> list[str]:
        """Return the keys that were pressed, the first within the time given; none if there was none."""
        if sys.platform == "win32":
            return _read_windows(timeout_s)
        if self._is_closed:
            time.sleep(timeout_s)
            return []
        try:
            if not select.select([self._fd], [], [], timeout_s)[0]:
                return []
            data = os.read(self._fd, 1024)
        except OSError:  # the terminal has gone
            data = b""
        if not data:
            self._is_closed = True
            return ["q"]
        return names_of(data.decode("utf-8", "ignore"))


def _read_windows(timeout_s: float) -> list[str]:
    import importlib

    console = importlib.import_module("msvcrt")
    until = time.monotonic() + timeout_s
    while not console.kbhit():
        if time.monotonic() >= until:
            return []
        time.sleep(0.02)
    keys: list[str] = []
    while console.kbhit():
        char = console.getwch()
        if char in ("\x00", "\xe0"):  # the first half of a function key
            keys += [name] if (name := WINDOWS.get(console.getwch())) else []
        else:
            keys += names_of(char)
    return keys
