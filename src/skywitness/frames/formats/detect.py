"""Which format bytes are in, from the bytes alone: names of files lie."""

from __future__ import annotations

import re

from skywitness.errors import FormatError

__all__ = ["FORMATS", "HEAD_BYTES", "detect"]

FORMATS = ("beast", "avr", "hex_csv", "jet1090", "segment", "sbs", "uat", "aircraft_json", "trace")

HEAD_BYTES = 1 << 16
"""As much of the beginning as is worth looking at."""

LINES_LOOKED_AT = 100

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BEAST_FRAME = re.compile(rb"\x1a[\x31-\x35\xe3\xe4\xe8]")
BYTES_A_BEAST_FRAME = 200
"""At least one message in so many bytes: in random bytes there is one in 9,000."""
NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")

LINES = {
    "avr": re.compile(rb"\s*[*:@<%](?:[0-9A-Fa-f]{2}){2,21};"),
    "uat": re.compile(rb"\s*(?:\d{1,18},)?[-+][0-9A-Fa-f]{20,}(?:;|\s*$)"),
    "sbs": re.compile(rb"\s*(?:\d{1,18},)?(?:MSG|SEL|ID|AIR|STA|CLK),(?:[^,]*,){2,}"),
    "hex_csv": re.compile(
        rb'\s*(?:[^,]*[,\t])*\s*"?\*?(?:1[aA]3[123](?:[0-9A-Fa-f]{18}|[0-9A-Fa-f]{28}|[0-9A-Fa-f]{42})|'
        rb'[0-9A-Fa-f]{28}|[0-9A-Fa-f]{14})"?;?\s*(?:[,\t]|$)'
    ),
}
LONGEST_LINE = 2048

KEY = {
    "jet1090": re.compile(rb'"frame"\s*:\s*"'),
    "trace": re.compile(rb'"trace"\s*:\s*\['),
    "aircraft_json": re.compile(rb'"aircraft"\s*:\s*\['),
}


def detect(head: bytes) -> str:
    """Return one of FORMATS for the beginning of a file (HEAD_BYTES or all of it, decompressed).

    FormatError, in one sentence, if it is empty or in none of them.
    """
    head = head[:HEAD_BYTES].removeprefix(BYTE_ORDER_MARK)
    if not head.strip():
        raise FormatError("it is empty: there is nothing in it to read")
    if head.startswith(b"SKYWSEG\n"):
        return "segment"
    body = head
    if body.startswith(b"PROXY "):  # PROXY protocol version 1, before a Beast stream
        body = body.partition(b"\r\n")[2] or body
    if NOT_TEXT.search(body):
        messages = len(BEAST_FRAME.findall(body))
        if messages and (body.startswith(b"\x1a") or messages * BYTES_A_BEAST_FRAME >= len(body)):
            return "beast"
        # A stream that text breaks into is still judged by what most of its lines are.
    elif body.lstrip()[:1] in (b"{", b"["):
        return _json(body)
    votes = dict.fromkeys(LINES, 0)
    for line in body.split(b"\n")[:LINES_LOOKED_AT]:
        for name, pattern in LINES.items():
            if pattern.match(line[:LONGEST_LINE]):
                votes[name] += 1
                break
    best = max(votes, key=lambda name: votes[name])
    if votes[best]:
        return best
    raise _unknown()


def _json(body: bytes) -> str:
    found = {name: match.start() for name, pattern in KEY.items() if (match := pattern.search(body))}
    if not found:
        raise _unknown()
    return min(found, key=lambda name: found[name])


def _unknown() -> FormatError:
    return FormatError(
        "its content is in no format that skywitness reads",
        hint="Formats are Beast, AVR, hex tables, jet1090, SBS, UAT, aircraft.json, traces and segments; "
        "radio samples are for `skywitness demod`.",
    )
