"""Who was heard in a whole recording: every aircraft with its last state, though the core forgets the silent ones."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, VERDICTS, Messages, Positions
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
    """Fold over what a pipeline hears and knows, and over positions that come from elsewhere."""

    def __init__(self) -> None:
        self.keys: I64 = np.empty(0, np.int64)
        """Everybody met, see `aircraft_key`, sorted; `row_of` tells the row of each in the tables below."""
        self.row_of: I64 = np.empty(0, np.int64)
        self.states: NDArray[Any] = np.empty(0, AIRCRAFT)
        self.pairs: NDArray[Any] = np.empty(0, PAIR)
        self.messages: I64 = np.empty(0, np.int64)
        self.positions: I64 = np.empty((0, len(VERDICTS)), np.int64)
        self.receivers: I64 = np.empty(0, np.int64)
        self.looked_ns = NEVER
        self.imported = Positions.empty()
        """The newest row of each aircraft of which there are positions and no messages."""

    def hear(self, messages: Messages) -> None:
        """Count good messages."""
        good = messages.slot >= 0
        key = aircraft_key(messages.icao[good], messages.address_kind[good])
        different, count = np.unique(key, return_counts=True)
        rows = self._rows(different)  # first, for it may make room
        self.messages[rows] += count

    def look(self, pipeline: Pipeline, *, at_end: bool = False) -> None:
        """Take down the states of all aircraft, if it is time."""
        now_ns = int(pipeline.front.data_time.state[0])
        if not at_end and now_ns - self.looked_ns < EVERY_NS:
            return
        for shard in pipeline.shards:
            aircraft, pairs = shard.tracker.aircraft, shard.tracker.pairs
            key = aircraft_key(aircraft["icao"], aircraft["kind"])
            heard = np.flatnonzero(aircraft["seen_ns"] != NEVER)
            rows = self._rows(key[heard])
            changed = self.states["seen_ns"][rows] != aircraft["seen_ns"][heard]
            self.states[rows[changed]] = aircraft[heard[changed]]
            self.pairs[rows[changed]] = pairs[heard[changed]]
        self.looked_ns = now_ns

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
        table = self.joined(aircraft_table(self.states, self.pairs))
        rows = self._rows(aircraft_key(table.icao, table.address_kind))
        messages = np.minimum(self.messages[rows], 0xFFFFFFFF).astype(np.uint32)
        return Found(dataclasses.replace(table, messages=messages), self.positions[rows], self.receivers[rows])

    def joined(self, heard: AircraftTable) -> AircraftTable:
        """Add to a table those known only by imported positions; by address kind and address."""
        key = aircraft_key(self.imported.icao, self.imported.address_kind)
        others = self.imported.take(~np.isin(key, aircraft_key(heard.icao, heard.address_kind)))
        table = AircraftTable.concat([heard, table_of_positions(others)])
        return table.take(np.argsort(aircraft_key(table.icao, table.address_kind), kind="stable"))

    def _rows(self, keys: I64) -> I64:
        """Rows of aircraft, made where there are none yet."""
        places = np.searchsorted(self.keys, keys)
        known = places < len(self.keys)
        known[known] = self.keys[places[known]] == keys[known]
        if not known.all():
            new = np.unique(keys[~known])
            rows = np.arange(len(self.keys), len(self.keys) + len(new))
            order = np.argsort(np.concatenate([self.keys, new]), kind="stable")
            self.keys = np.concatenate([self.keys, new])[order]
            self.row_of = np.concatenate([self.row_of, rows])[order]
            if len(self.keys) > len(self.messages):
                self._grow(max(len(self.keys), 2 * len(self.messages), 64))
            places = np.searchsorted(self.keys, keys)
        return self.row_of[places]

    def _grow(self, size: int) -> None:
        more = size - len(self.messages)
        states = np.zeros(more, AIRCRAFT)
        states["seen_ns"] = NEVER
        self.states = np.concatenate([self.states, states])
        self.pairs = np.concatenate([self.pairs, np.zeros(more, PAIR)])
        self.messages = np.concatenate([self.messages, np.zeros(more, np.int64)])
        self.positions = np.concatenate([self.positions, np.zeros((more, len(VERDICTS)), np.int64)])
        self.receivers = np.concatenate([self.receivers, np.zeros(more, np.int64)])
