"""Registrations that follow from the address by a State's own rule, both ways.

What comes of a rule is `derived`: it says what the rule would give, not what anybody has seen painted on the aircraft,
and is never a second source beside a list, which may itself have been computed so. Each rule was checked against lists
of aircraft; a State whose addresses agree with no rule in 24 of 25 cases has none here.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RULES", "LetterRule", "address_of", "registration_of", "rule_of"]

A = ord("A")


@dataclass(frozen=True, slots=True)
class LetterRule:
    """Three letters in a row of addresses: `first` is that of `begin`, each letter a step of its own.

    Steps are 1024 and 32 where a letter takes five bits (A is 1), 676 and 26 or 1296 and 36 where they are counted.
    """

    prefix: str
    first: int
    steps: tuple[int, int]
    begin: str = "AAA"
    end: str = "ZZZ"

    def address(self, letters: str) -> int | None:
        """Return the address of a suffix; None if it is not of this rule."""
        if len(letters) != 3 or not letters.isalpha() or not letters.isascii() or not self.begin <= letters <= self.end:
            return None
        a, b, c = (ord(x) - ord(y) for x, y in zip(letters, self.begin, strict=True))
        return self.first + a * self.steps[0] + b * self.steps[1] + c

    def letters(self, address: int) -> str | None:
        """Return the suffix of an address; None if it is not of this rule."""
        # Counted from where AAA would be.
        offset = address - self.first
        for letter, step in zip(self.begin, (*self.steps, 1), strict=True):
            offset += (ord(letter) - A) * step
        if offset < 0:
            return None
        a, rest = divmod(offset, self.steps[0])
        b, c = divmod(rest, self.steps[1])
        if a > 25 or b > 25 or c > 25:
            return None
        text = chr(A + a) + chr(A + b) + chr(A + c)
        return text if self.begin <= text <= self.end else None


FIVE_BITS, COUNTED, COUNTED_36 = (1024, 32), (676, 26), (1296, 36)

RULES: tuple[LetterRule, ...] = (
    LetterRule("9V-", 0x768421, FIVE_BITS),
    LetterRule("AP-", 0x760421, FIVE_BITS),
    LetterRule("C-F", 0xC00001, COUNTED),
    LetterRule("C-G", 0xC044A9, COUNTED),
    LetterRule("CS-", 0x490421, FIVE_BITS),
    LetterRule("D-A", 0x3C4421, FIVE_BITS, "AAA", "OZZ"),
    LetterRule("D-A", 0x3C0001, COUNTED, "PAA", "ZZZ"),
    LetterRule("D-B", 0x3C8421, FIVE_BITS, "AAA", "OZZ"),
    LetterRule("D-B", 0x3C2001, COUNTED, "PAA", "ZZZ"),
    LetterRule("D-C", 0x3CC000, COUNTED),
    LetterRule("D-E", 0x3D04A8, COUNTED),
    LetterRule("D-F", 0x3D4950, COUNTED),
    LetterRule("D-G", 0x3D8DF8, COUNTED),
    LetterRule("D-H", 0x3DD2A0, COUNTED),
    LetterRule("D-I", 0x3E1748, COUNTED),
    LetterRule("EP-", 0x730421, FIVE_BITS),
    LetterRule("F-G", 0x390000, FIVE_BITS),
    LetterRule("F-H", 0x398000, FIVE_BITS),
    LetterRule("F-O", 0x3A0000, FIVE_BITS),
    LetterRule("HA-", 0x470000, COUNTED),
    LetterRule("HB-", 0x4B0000, COUNTED),
    LetterRule("HS-", 0x880421, FIVE_BITS),
    LetterRule("JY-", 0x740421, FIVE_BITS),
    LetterRule("OH-", 0x460000, COUNTED),
    LetterRule("OO-", 0x448421, FIVE_BITS),
    LetterRule("OY-", 0x458421, FIVE_BITS),
    LetterRule("SE-", 0x4A8421, FIVE_BITS),
    LetterRule("SX-", 0x468421, FIVE_BITS),
    LetterRule("TC-", 0x4B8421, FIVE_BITS),
    LetterRule("TS-", 0x028000, FIVE_BITS),
    LetterRule("VH-", 0x7C0000, COUNTED_36),
    LetterRule("YI-", 0x728421, FIVE_BITS),
    LetterRule("YR-", 0x4A0421, FIVE_BITS),
    LetterRule("YU-", 0x4C0000, FIVE_BITS),
)

BOUNDS = tuple((rule.address(rule.begin) or 0, rule.address(rule.end) or 0, rule) for rule in RULES)
"""Least and greatest address of each rule."""

RUSSIA = 0x140000
KOREA = {"5": 0x71A800, "7": 0x71B800, "8": 0x71C000, "9": 0x71D000}
"""First digit after HL, and the address of the one with three zeros; the digits are those of the hexadecimal number."""

JAPAN = 0x840000
JAPAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
JAPAN_STEPS = (22_984, 916)
JAPAN_BOTH = 34  # a digit, then one of ten digits and 24 letters

US_FIRST, US_LAST = 0xA00001, 0xADF7C7
US_LETTERS = JAPAN_LETTERS  # no I, no O
SUFFIXES = 1 + 24 * 25  # nothing, one letter, two letters
US_BUCKETS = (101_711, 10_111, 951, 35)
"""Registrations that begin with one, two, three, four digits: what one more digit steps over (14 CFR 47.15 (b))."""


def registration_of(icao: int) -> str:
    """Return the registration that the State's rule gives an address; empty if it has no rule or none for this one."""
    if RUSSIA <= icao <= RUSSIA + 99_999:
        return f"RA-{icao - RUSSIA:05d}"
    if US_FIRST <= icao <= US_LAST:
        return _us(icao)
    if 0x71A800 <= icao < 0x71E000:
        return _korea(icao)
    if JAPAN <= icao < JAPAN + 10 * JAPAN_STEPS[0]:
        return _japan(icao)
    for least, most, rule in BOUNDS:
        if least <= icao <= most and (letters := rule.letters(icao)) is not None:
            return rule.prefix + letters
    return ""


def address_of(registration: str) -> int | None:
    """Return the address that the State's rule gives a registration; None if there is no rule for it."""
    text = registration.strip().upper()
    if text.startswith("RA-") and len(text) == 8 and text[3:].isdecimal() and text.isascii():
        return RUSSIA + int(text[3:])
    if text.startswith("N") and len(text) > 1 and text[1] in "123456789":
        return _us_address(text)
    if text.startswith("HL") and len(text) == 6 and text[2:].isdecimal() and text.isascii() and text[2] in KOREA:
        return KOREA[text[2]] + int(text[3:], 16)
    if text.startswith("JA") and len(text) == 6:
        return _japan_address(text[2:])
    if text.startswith("CF-"):
        text = "C-F" + text[3:]
    for rule in RULES:
        if text.startswith(rule.prefix):
            address = rule.address(text[len(rule.prefix) :])
            if address is not None:
                return address
    return None


def rule_of(icao: int) -> str:
    """Return in words which rule an address follows; empty if none."""
    found = registration_of(icao)
    if not found:
        return ""
    if found.startswith("RA-"):
        return "RA- and the decimal number above 140000"
    if found.startswith("N"):
        return "N-numbers in alphabetical order from A00001"
    return f"{found.split('-')[0]} in order of letters and digits"


def _suffix(offset: int) -> str:
    """Return up to two letters: nothing, A, AA, AB .. AZ, B, BA .."""
    if offset == 0:
        return ""
    first, second = divmod(offset - 1, 25)
    return US_LETTERS[first] + (US_LETTERS[second - 1] if second else "")


def _us(icao: int) -> str:
    offset = icao - US_FIRST
    digit, offset = divmod(offset, US_BUCKETS[0])
    text = f"N{digit + 1}"
    for step in US_BUCKETS[1:]:
        if offset < SUFFIXES:
            return text + _suffix(offset)
        digit, offset = divmod(offset - SUFFIXES, step)
        text += str(digit)
    if offset == 0:
        return text
    if offset <= 24:
        return text + US_LETTERS[offset - 1]
    return text + str(offset - 25)


def _us_address(text: str) -> int | None:
    digits = text[1:].rstrip(US_LETTERS)
    letters = text[1 + len(digits) :]
    if not digits.isdecimal() or not digits.isascii() or len(digits) > 5 or len(letters) > 2:
        return None
    if len(digits) + len(letters) > 5 or any(letter not in US_LETTERS for letter in letters):
        return None
    address = US_FIRST + (int(digits[0]) - 1) * US_BUCKETS[0]
    for digit, step in zip(digits[1:4], US_BUCKETS[1:], strict=False):
        address += SUFFIXES + int(digit) * step
    if len(digits) == 5:
        return address + 25 + int(digits[4])
    if len(digits) == 4:
        return address + (US_LETTERS.index(letters) + 1 if letters else 0) if len(letters) < 2 else None
    if letters:
        address += 1 + 25 * US_LETTERS.index(letters[0])
        address += US_LETTERS.index(letters[1]) + 1 if len(letters) == 2 else 0
    return address


def _korea(icao: int) -> str:
    for digit, first in KOREA.items():
        rest = f"{icao - first:03x}" if first <= icao < first + 0x1000 else ""
        if len(rest) == 3 and rest.isdecimal():
            return f"HL{digit}{rest}"
    return ""


def _japan(icao: int) -> str:
    first, rest = divmod(icao - JAPAN, JAPAN_STEPS[0])
    second, rest = divmod(rest, JAPAN_STEPS[1])
    if second > 9:
        return ""
    if rest < 10 * JAPAN_BOTH:
        third, fourth = divmod(rest, JAPAN_BOTH)
        last = str(fourth) if fourth < 10 else JAPAN_LETTERS[fourth - 10]
        return f"JA{first}{second}{third}{last}"
    third, fourth = divmod(rest - 10 * JAPAN_BOTH, 24)
    return f"JA{first}{second}{JAPAN_LETTERS[third]}{JAPAN_LETTERS[fourth]}" if third < 24 else ""


def _japan_address(text: str) -> int | None:
    if not text.isascii() or not text[:2].isdecimal():
        return None
    address = JAPAN + int(text[0]) * JAPAN_STEPS[0] + int(text[1]) * JAPAN_STEPS[1]
    third, fourth = text[2], text[3]
    if third.isdecimal() and (fourth.isdecimal() or fourth in JAPAN_LETTERS):
        return (
            address
            + int(third) * JAPAN_BOTH
            + (int(fourth) if fourth.isdecimal() else 10 + JAPAN_LETTERS.index(fourth))
        )
    if third in JAPAN_LETTERS and fourth in JAPAN_LETTERS:
        return address + 10 * JAPAN_BOTH + JAPAN_LETTERS.index(third) * 24 + JAPAN_LETTERS.index(fourth)
    return None
