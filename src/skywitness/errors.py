"""One hierarchy of exceptions: each is something a person must act on.

A garbled frame is no exception; it is a row with a reason, and a count.
"""

from __future__ import annotations

__all__ = [
    "ArchiveError",
    "ConfigError",
    "EvidenceError",
    "FormatError",
    "QuestionError",
    "SkywitnessError",
    "SourceError",
]


class SkywitnessError(Exception):
    """What went wrong, where, and what to do next.

    The words are for people; the facts (`source`, `offset`, `hint`) are attributes for programs.
    """

    def __init__(self, what: str, *, source: str = "", offset: int | None = None, hint: str = "") -> None:
        self.what = what
        self.source = source
        self.offset = offset
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        where = self.source
        if self.offset is not None:
            where = f"{where} at byte {self.offset}" if where else f"byte {self.offset}"
        text = f"{where}: {self.what}" if where else self.what
        return f"{text}. {self.hint}" if self.hint else text


class ConfigError(SkywitnessError):
    """A setting must be changed."""


class SourceError(SkywitnessError):
    """An input cannot be reached or read now; trying again may help."""


class FormatError(SkywitnessError):
    """Bytes are not what their format requires."""


class ArchiveError(SkywitnessError):
    """Stored data is missing, damaged or of a newer version."""


class QuestionError(SkywitnessError):
    """A question cannot be asked so; `offset` counts characters of its text."""

    def __str__(self) -> str:
        where = "" if self.offset is None else f"at character {self.offset + 1}: "
        return f"{where}{self.what}. {self.hint}" if self.hint else f"{where}{self.what}"


class EvidenceError(SkywitnessError):
    """A proof fails."""
