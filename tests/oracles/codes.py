"""Second opinions on the codes of Mode S, from the standard by another route: strings of bits and counting, no shifts.

Slow on purpose; nothing here imports what it is to check.
"""

from __future__ import annotations

import math

# The order in which the pulses stand in an altitude or identity field (Annex 10 Vol. IV 3.1.2.6.5.4, 3.1.2.6.7.1).
PULSES = ("C1", "A1", "C2", "A2", "C4", "A4", "X", "B1", "D1", "B2", "D2", "B4", "D4")


def gray_words(width: int) -> list[str]:
    """All words of a reflected binary code in order, built by reflection."""
    words = [""]
    for _ in range(width):
        words = ["0" + word for word in words] + ["1" + word for word in reversed(words)]
    return words


def gillham_table() -> dict[tuple[str, str], int]:
    """Altitude in feet by (D2 D4 A1 A2 A4 B1 B2 B4, C1 C2 C4), counted up in steps of 100 ft from -1,200 ft.

    The C pulses run through 001 011 010 110 100 and back.
    Anchor: -1,000 ft is C2 alone, so -1,200 ft, two steps before, is C4 alone.
    """
    up = ["001", "011", "010", "110", "100"]
    table = {}
    altitude = -1200
    for place, slow in enumerate(gray_words(8)):
        for fast in up if place % 2 == 0 else reversed(up):
            table[slow, fast] = altitude
            altitude += 100
    return table


GILLHAM = gillham_table()


def pulses_of(code: str) -> dict[str, str]:
    return dict(zip(PULSES, code, strict=True))


def altitude_13_ft(code: str) -> float:
    """Altitude of 13 bits, written as text."""
    assert len(code) == 13
    if set(code) == {"0"} or code[6] == "1":
        return math.nan
    if code[8] == "1":
        return int(code[:6] + code[7] + code[9:], 2) * 25 - 1000
    pulses = pulses_of(code)
    slow = "".join(pulses[name] for name in ("D2", "D4", "A1", "A2", "A4", "B1", "B2", "B4"))
    fast = "".join(pulses[name] for name in ("C1", "C2", "C4"))
    return GILLHAM.get((slow, fast), math.nan)


def altitude_12_ft(code: str) -> float:
    return altitude_13_ft(code[:6] + "0" + code[6:])


def squawk_digits(code: str) -> str:
    """Four octal digits of 13 bits, written as text."""
    pulses = pulses_of(code)
    return "".join(str(sum(weight for weight in (1, 2, 4) if pulses[f"{letter}{weight}"] == "1")) for letter in "ABCD")


def character(code: str) -> str:
    """Annex 10 Vol. IV table 3-9: columns by the upper two bits, rows by the lower four."""
    column, row = int(code[:2], 2), int(code[2:], 2)
    columns = ("#ABCDEFGHIJKLMNO", "PQRSTUVWXYZ#####", " ###############", "0123456789######")
    return columns[column][row]


def callsign(code: str) -> str:
    return "".join(character(code[k : k + 6]) for k in range(0, 48, 6))


def movement_kt(code: int) -> float:
    """Surface speed, walking up the steps of DO-260B table 2-18 one code at a time."""
    if code == 0 or code > 124:
        return math.nan
    if code == 1:
        return 0.0
    speed = 0.125
    for _ in range(2, code):
        for limit, step in ((1, 0.125), (2, 0.25), (15, 0.5), (70, 1.0), (100, 2.0), (175, 5.0)):
            if speed < limit:
                speed += step
                break
    return speed
