"""What changed from picture to picture, by filter and tile, and the last of it kept for those who come back.

The comparison of two pictures is made once; a filter only chooses from it. Nothing here knows clients, sockets or
time: it is called from one thread at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, U8, U16
from skywitness.errors import QuestionError
from skywitness.identity.table import NOBODY, IdentityTable
from skywitness.tracks.picture import Picture
from skywitness.views.live.filters import EMERGENCY_SQUAWKS, Filter, Subject
from skywitness.views.live.tiles import TILES, UNPLACED, WORLD, thinned
from skywitness.views.live.wire import ALL_GROUPS, COMPARED, DELTA, SIMULATED, SNAPSHOT, Columns, Part, pack, quantised

__all__ = ["KEPT_PICTURES", "MOST_FILTERS", "WORLD_EVERY", "Changes", "Deltas", "changes"]

KEPT_PICTURES = 30
"""Changes of so many pictures are kept, and given to a client that was away for no longer."""
KEPT_BYTES = 32 << 20
"""Of all filters and tiles together, before compression; when there is more, fewer pictures are kept."""
WORLD_EVERY = 5
"""The world view is made at every fifth picture."""
MOST_FILTERS = 200

Mask = NDArray[np.bool_]
NO_ROWS: I64 = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """How two pictures differ."""

    before: I64
    """Of each aircraft now, its row in the earlier picture; -1 if it was not there, or in another tile."""
    after: I64
    """Of each aircraft of the earlier picture, its row now; -1 if it is not there, or in another tile."""
    groups: U8
    """Which groups of values changed; all of them for an aircraft that was not there."""


def changes(earlier: Columns, now: Columns, *, moving: bool = True) -> Changes:
    """Compare two pictures, column by column.

    moving  whether an aircraft that has changed its tile is another one
    """
    place = np.minimum(np.searchsorted(earlier.key, now.key), max(len(earlier.key) - 1, 0))
    if not len(earlier.key):
        return Changes(np.full(len(now.key), -1), NO_ROWS, np.full(len(now.key), ALL_GROUPS, np.uint8))
    same = earlier.key[place] == now.key
    if moving:
        same &= earlier.tile[place] == now.tile
    groups = np.zeros(len(now.key), np.uint8)
    for bit, names in enumerate(COMPARED):
        differs = np.zeros(len(now.key), np.bool_)
        for name in names:
            differs |= now.values[name] != earlier.values[name][place]
        groups |= differs.view(np.uint8) << np.uint8(bit)
    groups[~same] = ALL_GROUPS
    after = np.full(len(earlier.key), -1)
    after[place[same]] = np.flatnonzero(same)
    return Changes(np.where(same, place, -1), after, groups)


@dataclass(slots=True)
class TileLog:
    """One tile of one filter: who wants it, and what it had to say lately."""

    since: int
    """Changes of all pictures after this one are in `parts`."""
    users: int = 0
    idle: int = 0
    """Pictures since the last user went."""
    parts: deque[Part] = field(default_factory=deque)


class Channel:
    """One filter."""

    def __init__(self, filter: Filter) -> None:
        self.filter = filter
        self.tiles: dict[int, TileLog] = {}
        self.near: Mask = np.zeros(0, np.bool_)
        """Of the latest picture's aircraft, those let through."""
        self.world: Mask = np.zeros(0, np.bool_)
        """Of the latest world view's aircraft, those shown."""
        self.snapshots: dict[int, Part] = {}

    def wanted(self) -> Mask:
        """Which tiles somebody wants."""
        wanted = np.zeros(TILES, np.bool_)
        wanted[list(self.tiles)] = True
        return wanted


class Deltas:
    """Fold from pictures to parts.

    identity  for registrations and types
    """

    def __init__(self, identity: IdentityTable = NOBODY) -> None:
        self.identity = identity
        self.channels: dict[str, Channel] = {}
        self.now: Columns | None = None
        """The latest picture; None while nobody watches."""
        self.world: Columns | None = None
        self.kept = KEPT_PICTURES
        self._held = 0
        self._subject: Subject | None = None
        self._world_subject: Subject | None = None

    def advance(self, picture: Picture) -> dict[str, dict[int, Part]]:
        """Go on to the next picture; return the changes by filter and tile, empty while nobody watches."""
        self._forget()
        if not self.channels:
            self.now = self.world = self._subject = self._world_subject = None
            return {}
        earlier, world = self.now, self.world
        self._see(picture)
        assert self.now is not None
        assert self.world is not None
        if earlier is None or world is None:
            self._restart()
            return {}
        near = changes(earlier, self.now)
        far = changes(world, self.world, moving=False) if self.world is not world else None
        made: dict[str, dict[int, Part]] = {}
        for text, channel in self.channels.items():
            parts = self._near(channel, earlier, near)
            if far is not None:
                parts |= self._far(channel, world, far)
            for tile, part in parts.items():
                channel.tiles[tile].parts.append(part)
                self._held += len(part.body)
            channel.snapshots = {
                tile: part for tile, part in channel.snapshots.items() if tile == WORLD and far is None
            }
            made[text] = parts
        self._trim()
        return made

    def subscribe(
        self, filter: Filter, tiles: Iterable[int], picture: Picture, known: int | None = None
    ) -> tuple[int, list[Part]]:
        """Begin to want tiles; return the number of the picture, and what brings a client to it.

        picture  the latest one; looked at only if nobody watched until now
        known    number of the picture that the client has of all these tiles; None if it has nothing

        Raises QuestionError if there are too many filters.
        """
        if filter.text not in self.channels and len(self.channels) >= MOST_FILTERS:
            raise QuestionError("too many different filters are watched", hint="Try again later, or without a filter.")
        if self.now is None:
            self._see(picture)
        assert self.now is not None
        channel = self.channels.get(filter.text)
        if channel is None:
            channel = self.channels[filter.text] = Channel(filter)
            self._look(channel)
        number = self.now.number
        missing, parts = [], []
        for tile in tiles:
            log = channel.tiles.get(tile)
            if log is None:
                log = channel.tiles[tile] = TileLog(number)
            log.users += 1
            log.idle = 0
            if known is not None and log.since <= known <= number:
                parts += [part for part in log.parts if part.picture > known]
            else:
                missing.append(tile)
        parts.sort(key=lambda part: part.picture)
        return number, [*self._snapshots(channel, missing), *parts]

    def release(self, filter: Filter, tiles: Iterable[int]) -> None:
        """End to want tiles; what they have to say is kept for a while."""
        if channel := self.channels.get(filter.text):
            for tile in tiles:
                if tile in channel.tiles:
                    channel.tiles[tile].users -= 1

    def _see(self, picture: Picture) -> None:
        flags = SIMULATED if picture.simulated else 0
        columns = quantised(picture.table, picture.number, picture.now_ns, self.identity)
        self.now = replace(columns, flags=flags)
        self._subject = Subject(picture.table, picture.now_ns, self.identity)
        if self.world is None or picture.number - self.world.number >= WORLD_EVERY:
            self.world, self._world_subject = self.now, self._subject

    def _restart(self) -> None:
        """Nothing was known of the picture before: whoever waits gets snapshots."""
        assert self.now is not None
        for channel in self.channels.values():
            self._look(channel)
            channel.snapshots = {}
            for log in channel.tiles.values():
                self._held -= sum(len(part.body) for part in log.parts)
                log.parts.clear()
                log.since = self.now.number

    def _look(self, channel: Channel) -> None:
        assert self._subject is not None
        assert self._world_subject is not None
        channel.near = channel.filter.mask(self._subject)
        channel.world = self._shown(channel, self._world_subject)

    def _shown(self, channel: Channel, subject: Subject) -> Mask:
        """Which aircraft of the world view a filter shows."""
        assert self.world is not None
        columns = self.world
        shown: Mask = channel.filter.mask(subject) & (columns.tile != UNPLACED)
        if len(columns.key):
            rows = np.flatnonzero(shown)
            is_first = np.isin(columns.values["squawk"][rows], EMERGENCY_SQUAWKS).astype(np.uint8)
            lat, lon = columns.values["lat_e5"][rows], columns.values["lon_e5"][rows]
            shown[rows] = thinned(columns.key[rows], lat, lon, is_first) == 1
        return shown

    def _near(self, channel: Channel, earlier: Columns, change: Changes) -> dict[int, Part]:
        assert self.now is not None
        assert self._subject is not None
        mask = channel.filter.mask(self._subject)
        wanted = channel.wanted()
        parts = chosen(self.now, self.now.tile, mask, earlier, earlier.tile, channel.near, change, wanted)
        channel.near = mask
        return parts

    def _far(self, channel: Channel, earlier: Columns, change: Changes) -> dict[int, Part]:
        assert self.world is not None
        assert self._world_subject is not None
        if WORLD not in channel.tiles:
            channel.world = np.zeros(0, np.bool_)
            return {}
        mask = self._shown(channel, self._world_subject)
        if len(channel.world) != len(earlier.key):
            channel.world = np.zeros(len(earlier.key), np.bool_)
        tiles = [np.full(len(columns.key), WORLD, np.uint16) for columns in (self.world, earlier)]
        wanted = channel.wanted()
        parts = chosen(self.world, tiles[0], mask, earlier, tiles[1], channel.world, change, wanted)
        channel.world = mask
        return parts

    def _snapshots(self, channel: Channel, tiles: list[int]) -> list[Part]:
        """Parts that say all there is in some tiles; an empty one if there is nothing."""
        assert self.now is not None
        assert self.world is not None
        missing = [tile for tile in tiles if tile not in channel.snapshots]
        none_gone = np.zeros(0, np.uint32), np.zeros(0, np.uint16)
        if WORLD in missing:
            assert self._world_subject is not None
            channel.world = self._shown(channel, self._world_subject)
            rows = np.flatnonzero(channel.world)
            tile = np.full(len(self.world.key), WORLD, np.uint16)
            everything = np.full(len(rows), ALL_GROUPS, np.uint8)
            channel.snapshots |= pack(self.world, rows, everything, *none_gone, SNAPSHOT, 0, tile)
        wanted = np.zeros(TILES, np.bool_)
        wanted[missing] = True
        wanted[WORLD] = False
        rows = np.flatnonzero(channel.near & wanted[self.now.tile])
        channel.snapshots |= pack(self.now, rows, np.full(len(rows), ALL_GROUPS, np.uint8), *none_gone, SNAPSHOT, 0)
        for number in missing:
            if number not in channel.snapshots:
                of = self.world if number == WORLD else self.now
                channel.snapshots[number] = Part(SNAPSHOT, number, of.number, 0, of.now_ms, 0, 0, b"", of.flags)
        return [channel.snapshots[number] for number in tiles]

    def _forget(self) -> None:
        """Drop the tiles nobody has wanted for a while, and filters without tiles."""
        for text, channel in list(self.channels.items()):
            for tile, log in list(channel.tiles.items()):
                log.idle = 0 if log.users > 0 else log.idle + 1
                if log.idle > KEPT_PICTURES:
                    self._held -= sum(len(part.body) for part in log.parts)
                    del channel.tiles[tile]
            if not channel.tiles:
                del self.channels[text]

    def _trim(self) -> None:
        """Keep the changes of the last pictures, and not too many bytes of them."""
        assert self.now is not None
        self.kept = min(self.kept + 1, KEPT_PICTURES)
        logs = [log for channel in self.channels.values() for log in channel.tiles.values()]
        while True:
            since = self.now.number - self.kept
            for log in logs:
                while log.parts and log.parts[0].picture <= since:
                    self._held -= len(log.parts.popleft().body)
                log.since = max(log.since, since)
            if self._held <= KEPT_BYTES or self.kept <= 1:
                return
            self.kept //= 2


def chosen(
    now: Columns, tile: U16, mask: Mask, earlier: Columns, earlier_tile: U16, earlier_mask: Mask,
    change: Changes, wanted: Mask,
) -> dict[int, Part]:  # fmt: skip
    """Make the parts of one filter from what changed altogether.

    tile, mask    (n,) of the aircraft now: where they are, and which the filter lets through
    earlier_*     (m,) the same of the picture before
    wanted        (TILES,) tiles that somebody wants
    """
    had = (change.before >= 0) & earlier_mask[np.maximum(change.before, 0)] if len(earlier_mask) else mask & False
    groups = np.where(mask & wanted[tile], np.where(had, change.groups, np.uint8(ALL_GROUPS)), np.uint8(0))
    rows = np.flatnonzero(groups)
    stays = (change.after >= 0) & mask[np.maximum(change.after, 0)] if len(mask) else earlier_mask & False
    gone = np.flatnonzero(earlier_mask & ~stays & wanted[earlier_tile])
    return pack(now, rows, groups[rows], earlier.key[gone], earlier_tile[gone], DELTA, earlier.number, tile)
