"""Who was heard in a whole recording: every aircraft with its last state, though the core forgets the silent ones."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, VERDICTS, Positions
from skywitness.messages.mode_s.address_table import FORGET_AFTER_NS
from skywitness.pipeline import Pipeline
from skywitness.positions.pairing import PAIR
from skywitness.tracks.aircraft import AircraftTable, aircraft_key, aircraft_table, table_of_positions
from skywitness.tracks.state import AIRCRAFT, NEVER

__all__ = ["Census", "Found"]

EVERY_NS = FORGET_AFTER_NS // 3
"""How often the states are looked at, in data time: no slot has found another aircraft in between."""


@dataclass(frozen=True, slots=True)
class Found:
    """The aircraft of a recording, one per row of `aircraft`.

    positions  (n, len(VERDICTS)) rows by verdict
    receivers  (n,) how many heard one and the same position of it, at most
    """

    aircraft: AircraftTable
    positions: I64
    receivers: I64


class Census:
    """Fold over what a pipeline knows, and over positions that come from elsewhere."""

    def __init__(self) -> None:
        self.row_of: dict[int, int] = {}
        self.states: NDArray[Any] = np.empty(0, AIRCRAFT)
        self.pairs: NDArray[Any] = np.empty(0, PAIR)
        self.messages: I64 = np.empty(0, np.int64)
        self.positions: I64 = np.empty((0, len(VERDICTS)), np.int64)
        self.receivers: I64 = np.empty(0, np.int64)
        self.looked_ns = NEVER
        self.seen: dict[int, tuple[I64, I64]] = {}
        """By shard, and by slot: whom it held at the last look, and how many messages it had."""
        self.imported = Positions.empty()
        """The newest row of each aircraft of which there are positions and no messages."""

    def look(self, pipeline: Pipeline, *, at_end: bool = False) -> None:
        """Take down the states of all aircraft, if it is time."""
        now_ns = int(pipeline.front.data_time.state[0])
        if not at_end and now_ns - self.looked_ns < EVERY_NS:
            return
        self.looked_ns = now_ns
        for shard, of in enumerate(pipeline.shards):
            self._look_at(shard, of.tracker.aircraft, of.tracker.pairs)

    def count(self, positions: Positions, *, imported: bool = False) -> None:
        """Count positions, final revisions only; `imported` ones stand for the messages that nobody has kept."""
        if not len(positions):
            return
        key = aircraft_key(positions.icao, positions.address_kind)
        different, count = np.unique(key << 3 | positions.verdict, return_counts=True)
        rows = self._rows(different >> 3)
        np.add.at(self.positions, (rows, different & 7), count)
        self.receivers[rows] = np.maximum(self.receivers[rows], 1)
        several = np.flatnonzero(positions.receivers > 1)
        if len(several):
            np.maximum.at(self.receivers, self._rows(key[several]), positions.receivers[several])
        if imported:
            np.add.at(self.messages, rows, count)
            both = Positions.concat([self.imported, positions])
            order = np.lexsort((both.parent, both.time_ns, aircraft_key(both.icao, both.address_kind)))
            key = aircraft_key(both.icao, both.address_kind)[order]
            self.imported = both.take(order[np.r_[key[1:] != key[:-1], True]])

    def found(self) -> Found:
        """Return everybody, by address kind and address."""
        parts = [aircraft_table(self.states, self.pairs)]
        known = set(aircraft_key(parts[0].icao, parts[0].address_kind).tolist())
        key = aircraft_key(self.imported.icao, self.imported.address_kind)
        others = np.array([k not in known for k in key.tolist()], np.bool_)
        parts.append(table_of_positions(self.imported.take(np.flatnonzero(others))))
        table = AircraftTable.concat(parts)
        table = table.take(np.argsort(aircraft_key(table.icao, table.address_kind), kind="stable"))
        rows = self._rows(aircraft_key(table.icao, table.address_kind))
        messages = np.minimum(self.messages[rows], 0xFFFFFFFF).astype(np.uint32)
        return Found(dataclasses.replace(table, messages=messages), self.positions[rows], self.receivers[rows])

    def _look_at(self, shard: int, aircraft: NDArray[Any], pairs: NDArray[Any]) -> None:
        held, before = self.seen.get(shard, (np.empty(0, np.int64), np.empty(0, np.int64)))
        more = len(aircraft) - len(held)
        held = np.concatenate([held, np.full(more, -1, np.int64)])
        before = np.concatenate([before, np.zeros(more, np.int64)])
        key = aircraft_key(aircraft["icao"], aircraft["kind"])
        messages = aircraft["messages"].astype(np.int64)
        changed = np.flatnonzero((aircraft["seen_ns"] != NEVER) & ((key != held) | (messages != before)))
        # Fewer messages than before: it was silent for so long that it has begun anew.
        same = (key == held)[changed] & (messages >= before)[changed]
        rows = self._rows(key[changed])
        np.add.at(self.messages, rows, messages[changed] - np.where(same, before[changed], 0))
        self.states[rows] = aircraft[changed]
        self.pairs[rows] = pairs[changed]
        held[changed] = key[changed]
        before[changed] = messages[changed]
        self.seen[shard] = held, before

    def _rows(self, keys: I64) -> I64:
        """Rows of aircraft, made where there are none yet."""
        different, places = np.unique(keys, return_inverse=True)
        rows = np.array([self.row_of.setdefault(k, len(self.row_of)) for k in different.tolist()], np.int64)
        if len(self.row_of) > len(self.messages):
            self._grow(max(len(self.row_of), 2 * len(self.messages), 64))
        return rows[places]

    def _grow(self, size: int) -> None:
        more = size - len(self.messages)
        states = np.zeros(more, AIRCRAFT)
        states["seen_ns"] = NEVER
        self.states = np.concatenate([self.states, states])
        self.pairs = np.concatenate([self.pairs, np.zeros(more, PAIR)])
        self.messages = np.concatenate([self.messages, np.zeros(more, np.int64)])
        self.positions = np.concatenate([self.positions, np.zeros((more, len(VERDICTS)), np.int64)])
        self.receivers = np.concatenate([self.receivers, np.zeros(more, np.int64)])
