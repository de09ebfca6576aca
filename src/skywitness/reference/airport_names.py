"""Airfields by name: looked through for the first few, by an index of words for all after them.

The index takes a tenth of a second to make, looking through all names a few milliseconds: a command that asks for two
names is done sooner without it, a node that asks for many answers each in less than a tenth of a millisecond. Words
that thousands of fields have, such as "airport", are not looked up: walked from the largest field down, the first ones
have them.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skywitness.batches import F64, I64

if TYPE_CHECKING:
    from skywitness.reference.airports import Gazetteer

__all__ = ["KIND_RANK", "WITHOUT_INDEX", "named_rows"]

KIND_RANK = np.array([3, 4, 5, 2, 1, 0, -3])
"""Larger kinds are meant before smaller ones."""
MANY = 1_000
WITHOUT_INDEX = 8
"""Names that are asked for before the index is made."""
EXACT, BEGINS, WITHIN, APART = 0, 2, 3, 4
"""How well a name fits: it is the one asked for, begins so, has it somewhere, has its words in any order."""


def named_rows(gazetteer: Gazetteer, name: str, most: int) -> list[int]:
    """Return rows of the airfields that have all words of a name, best first, at most so many.

    name  as `merging.normalised` leaves it, not empty

    Better: a name that fits better (see above), the larger field, the shorter own name.
    """
    words = list(dict.fromkeys(name.split()))
    rows = _words_of(gazetteer).rows(words)
    if len(rows) <= MANY:
        return _best(gazetteer, name, words, rows, most)
    return _first_of_many(gazetteer, name, words, most)


def _best(gazetteer: Gazetteer, name: str, words: list[str], rows: Iterable[int], most: int) -> list[int]:
    size = _sizes(gazetteer)
    ranked = []
    for row in rows:
        search = gazetteer.search[row]
        fit = _fit(search, name, words)
        if fit is not None:
            ranked.append((fit, -float(size[row]), _own_length(search), row))
    ranked.sort()
    return [row for *_, row in ranked[:most]]


def _first_of_many(gazetteer: Gazetteer, name: str, words: list[str], most: int) -> list[int]:
    """The same, of words that are all common: those that a name begins with, then from the largest field down."""
    begin = _rows_with_beginning(gazetteer, name)
    found = _best(gazetteer, name, words, begin, most)
    taken, within, apart = set(begin), list[int](), list[int]()
    for row in _largest_first(gazetteer):
        if len(found) + len(within) >= most:
            break
        fit = None if row in taken else _fit(gazetteer.search[row], name, words)
        if fit is not None:
            (within if fit == WITHIN else apart).append(row)
    return [*found, *within, *apart][:most]


def _fit(search: str, name: str, words: list[str]) -> int | None:
    """How well the names of a field, apart by |, fit; None if they do not have all words."""
    together = f" {search.replace('|', ' ')} "
    if not all(f" {word} " in together for word in words):
        return None
    framed = f"|{search}|"
    if f"|{name}|" in framed:
        return EXACT
    return BEGINS if f"|{name}" in framed else WITHIN if name in search else APART


def _own_length(search: str) -> int:
    end = search.find("|")
    return len(search) if end < 0 else end


def _rows_with_beginning(gazetteer: Gazetteer, name: str) -> list[int]:
    """Rows of the airfields of which a name begins so, its last word perhaps going on."""
    text, starts = _all_names(gazetteer)
    places: list[int] = []
    place = text.find(f"|{name}")
    while place >= 0:
        places.append(place)
        place = text.find(f"|{name}", place + 1)
    rows = np.searchsorted(starts, np.array(places, np.int64), "right") - 1
    return list(dict.fromkeys(rows.tolist()))


class _Words:
    """Which airfields may have some words."""

    def __init__(self, search: Sequence[str]) -> None:
        self._search = search
        self._asked = 0
        self._index: Mapping[str, Sequence[int]] | None = None

    def rows(self, words: Sequence[str]) -> Sequence[int]:
        """Rows of all that have these words, in order, and of others: of those with the rarest or the longest one."""
        self._asked += 1
        if self._index is None and self._asked > WITHOUT_INDEX:
            index: dict[str, list[int]] = defaultdict(list)
            for row, search in enumerate(self._search):
                for word in set(search.replace("|", " ").split()):
                    index[word].append(row)
            self._index = dict(index)
        if self._index is None:
            longest = max(words, key=len)
            return [row for row, search in enumerate(self._search) if longest in search]
        return min((self._index.get(word, ()) for word in words), key=len)


@functools.lru_cache(maxsize=4)
def _words_of(gazetteer: Gazetteer) -> _Words:
    return _Words(gazetteer.search)


@functools.lru_cache(maxsize=4)
def _all_names(gazetteer: Gazetteer) -> tuple[str, I64]:
    """All names in one text, each behind a |; and where those of each airfield begin."""
    lengths = np.fromiter(map(len, gazetteer.search), np.int64, len(gazetteer))
    return "|" + "\n|".join(gazetteer.search), np.r_[0, np.cumsum(lengths + 2)[:-1]].astype(np.int64)


@functools.lru_cache(maxsize=4)
def _sizes(gazetteer: Gazetteer) -> F64:
    has_indicator = np.fromiter(map(bool, gazetteer.icao), bool, len(gazetteer))
    size: F64 = KIND_RANK[gazetteer.kind] + 0.5 * gazetteer.scheduled + 0.25 * has_indicator
    return size


@functools.lru_cache(maxsize=4)
def _largest_first(gazetteer: Gazetteer) -> list[int]:
    own = np.fromiter(map(_own_length, gazetteer.search), np.int64, len(gazetteer))
    rows: list[int] = np.lexsort((np.arange(len(own)), own, -_sizes(gazetteer))).tolist()
    return rows
