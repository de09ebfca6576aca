"""Whole lines out of a stream of bytes, however it is cut."""

from __future__ import annotations

from collections import Counter

__all__ = ["LONGEST_LINE", "LineCutter"]

LONGEST_LINE = 1 << 20
"""Bytes of the longest line kept; what is longer is no text of ours and must not fill the memory."""


class LineCutter:
    """Fold bytes into the lines that end in them; a line too long is dropped and counted as `line_too_long`."""

    def __init__(self, counts: Counter[str], longest: int = LONGEST_LINE) -> None:
        self.counts = counts
        self.longest = longest
        self.parts: list[bytes] = []
        self.waiting = 0
        self.dropping = False

    def push(self, chunk: bytes | memoryview) -> list[bytes]:
        """Return the lines completed by these bytes, without their line ends (LF or CR LF)."""
        *ended, rest = bytes(chunk).split(b"\n")
        lines: list[bytes] = []
        if ended:
            first = self._close(ended[0])
            if first is not None:
                lines.append(first)
            for line in ended[1:]:
                if len(line) > self.longest:
                    self.counts["line_too_long"] += 1
                else:
                    lines.append(line)
        self._keep(rest)
        return [line[:-1] if line.endswith(b"\r") else line for line in lines]

    def flush(self) -> list[bytes]:
        """Return the last line if the stream ended without a line end."""
        if not self.waiting and not self.dropping:
            return []
        line = self._close(b"")
        return [] if line is None else [line.removesuffix(b"\r")]

    def _close(self, end: bytes) -> bytes | None:
        if self.dropping or self.waiting + len(end) > self.longest:
            self.counts["line_too_long"] += 1
            line = None
        else:
            line = b"".join((*self.parts, end))
        self.parts, self.waiting, self.dropping = [], 0, False
        return line

    def _keep(self, rest: bytes) -> None:
        if self.dropping or not rest:
            return
        if self.waiting + len(rest) > self.longest:
            self.parts, self.waiting, self.dropping = [], 0, True
        else:
            self.parts.append(rest)
            self.waiting += len(rest)
