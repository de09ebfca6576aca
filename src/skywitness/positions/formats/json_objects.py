"""Whole JSON objects out of a stream of bytes, however it is cut, and what can be saved of one that has no end."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

__all__ = ["LARGEST_OBJECT", "ObjectCutter"]

LARGEST_OBJECT = 1 << 28
"""Bytes of the largest object kept; 50,000 aircraft, or the busiest day of one, are a fifth of it."""

BETWEEN_TEXTS = re.compile(rb'["{}\[\]]')
IN_TEXT = re.compile(rb'["\\\n]')
QUOTE, BACKSLASH, NEWLINE, BRACE, BRACKET = b'"\\\n{['
BEFORE_BRACE = b"[:,"  # what may stand before an object within another one
BLANKS = b" \t\r\n"
LOOK_BACK = 64
PASSED_OVER = BLANKS + b",;[]\x00\x1e\xef\xbb\xbf"  # a list of objects, a byte-order mark, record separators
LIST_DEPTH = 2  # elements of a list that is a member of the object


class ObjectCutter:
    """Fold bytes into the JSON objects of the outermost level.

    What is between objects is passed over and, unless blank, counted: `skipped` bytes. Objects that are no JSON are
    counted as `no_json`, larger ones than LARGEST_OBJECT as `too_large`; their bytes are `skipped` as well. An object
    that breaks off and is followed by others (a line cut short) ends where JSON must break off: at a line's end within
    a text, or at a brace where none can be.
    """

    def __init__(self, counts: Counter[str], largest: int = LARGEST_OBJECT) -> None:
        self.counts = counts
        self.largest = largest
        self._kept = bytearray()
        self._depth = 0
        self._opened = b""
        self._in_text = False
        self._scanned = 0
        self._saved = 0

    def push(self, chunk: bytes | bytearray | memoryview) -> list[dict[str, Any]]:
        """Return the objects completed by these bytes."""
        self._kept += chunk
        found: list[dict[str, Any]] = []
        kept = self._kept
        start = 0 if self._depth else -1
        begun = 0
        p = self._scanned
        while True:
            if not self._depth:
                begun = p
                p = kept.find(b"{", p)
                self._skip(kept[begun:] if p < 0 else kept[begun:p])
                if p < 0:
                    start = len(kept)
                    break
                start = p
                self._open(BRACE)
                p += 1
                continue
            match = (IN_TEXT if self._in_text else BETWEEN_TEXTS).search(kept, p)
            if match is None:
                p = max(p, len(kept))
                break
            mark = kept[match.start()]
            p = match.end()
            if mark == QUOTE:
                self._in_text = not self._in_text
            elif mark == BACKSLASH:
                p += 1  # what follows is part of the text, also if it has not come yet
            elif mark == NEWLINE:
                self._break_off(kept[start:p], found)
                start = p
            elif mark == BRACE and not _may_open(kept[max(start, p - 1 - LOOK_BACK) : p - 1]):
                p -= 1
                self._break_off(kept[start:p], found)
                start = p
            elif mark in (BRACE, BRACKET):
                self._open(mark)
            elif self._close(p - start) == 0:
                self._take(bytes(kept[start:p]), found)
                start = p
        del kept[:start]
        self._scanned = p - start if self._depth else 0
        if len(kept) > self.largest:
            self.counts["too_large"] += 1
            self.counts["skipped"] += len(kept)
            kept.clear()
            self._forget()
        return found

    def flush(self) -> list[dict[str, Any]]:
        """Return an object that has no end with those members of its list that are complete.

        The bytes after them are counted as `unfinished`.
        """
        found: list[dict[str, Any]] = []
        if self._depth:
            self.counts["unfinished"] += len(self._kept) - self._save(self._kept, found)
        self._kept.clear()
        self._forget()
        return found

    def _forget(self) -> None:
        """Be outside of all objects again."""
        self._depth = 0
        self._opened = b""
        self._in_text = False
        self._scanned = 0
        self._saved = 0

    def _open(self, mark: int) -> None:
        self._depth += 1
        if self._depth <= LIST_DEPTH:
            self._opened = self._opened[: self._depth - 1] + bytes((mark,))

    def _close(self, size: int) -> int:
        self._depth -= 1
        if self._depth == LIST_DEPTH and self._opened == b"{[":
            self._saved = size
        elif self._depth == 0:
            self._saved = 0
        return self._depth

    def _break_off(self, text: bytearray, found: list[dict[str, Any]]) -> None:
        self.counts["no_json"] += 1
        self.counts["skipped"] += len(text) - self._save(text, found)
        self._forget()

    def _save(self, text: bytearray, found: list[dict[str, Any]]) -> int:
        """Take what is complete of an object's list; return its size, 0 if there is nothing."""
        before = len(found)
        if self._saved:
            self._take(bytes(text[: self._saved]) + b"]}", found)
        return self._saved if len(found) > before else 0

    def _skip(self, between: bytearray) -> None:
        if size := len(between.translate(None, PASSED_OVER)):
            self.counts["skipped"] += size

    def _take(self, text: bytes, found: list[dict[str, Any]]) -> None:
        try:
            value = json.loads(text.decode("utf-8", "replace"))
        except (ValueError, RecursionError):  # also numbers of thousands of digits, and brackets nested as deep
            self.counts["no_json"] += 1
            self.counts["skipped"] += len(text)
            return
        found.append(value)


def _may_open(before: bytearray) -> bool:
    """Whether an object may begin after these bytes, blanks alone included."""
    text = before.rstrip(BLANKS)
    return not text or text[-1] in BEFORE_BRACE
