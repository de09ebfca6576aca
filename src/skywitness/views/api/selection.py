"""Which aircraft a question is about: filters over the columns of a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64
from skywitness.geo.sphere import distance_nmi
from skywitness.identity.table import FLAGS, IdentityTable
from skywitness.messages.mode_s.pack import CHARACTERS
from skywitness.tracks.aircraft import AircraftTable
from skywitness.tracks.picture import Picture
from skywitness.views.api.bodies import problem
from skywitness.views.api.clients import address_of
from skywitness.views.feeds.aircraft_json import FRESH_NS, KEPT_NS, is_listed

__all__ = ["MOST_NAMES", "Scene", "names_of", "number_of", "numbers_of"]

MOST_NAMES = 1000
"""Addresses, callsigns and the like in one question."""

LETTERS = np.frombuffer(CHARACTERS.replace("#", "@").encode("ascii"), np.uint8)
Mask = NDArray[np.bool_]


def number_of(text: str, name: str, least: float = -math.inf, most: float = math.inf) -> float:
    """Read a finite number between limits; 400 if it is none."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and least <= value <= most):
        limits = f" from {least:g} to {most:g}" if math.isfinite(least) and math.isfinite(most) else ""
        raise problem(400, f"{name} must be a number{limits}.")
    return value


def numbers_of(text: str, names: Sequence[tuple[str, float, float]], title: str) -> list[float]:
    """Read numbers with commas between, each within its limits; 400 if they are not."""
    parts = text.split(",")
    if len(parts) != len(names):
        raise problem(400, f"{title} needs {len(names)} numbers with commas between: {','.join(n[0] for n in names)}.")
    return [number_of(part, *name) for part, name in zip(parts, names, strict=True)]


def names_of(text: str, title: str) -> list[str]:
    """Read names with commas between; 400 if there are too many."""
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    if len(names) > MOST_NAMES:
        raise problem(400, f"{title} takes at most {MOST_NAMES} names.")
    return names


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The aircraft of a picture with what questions ask of them; each method gives a mask over its rows."""

    picture: Picture
    table: AircraftTable
    identity: IdentityTable
    row: I64
    """Row of each aircraft in the identity table, -1 unknown."""

    @classmethod
    def of(cls, picture: Picture, identity: IdentityTable) -> Scene:
        """Look the aircraft of a picture up."""
        table = picture.table
        return cls(picture, table, identity, identity.find(table.icao, table.address_kind))

    @property
    def now_ns(self) -> int:
        """Time of the picture."""
        return self.picture.now_ns

    def listed(self) -> Mask:
        """Say which belong in aircraft.json."""
        return is_listed(self.table, self.now_ns)

    def placed(self) -> Mask:
        """Say which have a place of the last minute."""
        return (self.now_ns - self.table.position_time_ns < FRESH_NS) & ~np.isnan(self.table.lat_deg)

    def distance_nmi(self, lat_deg: float, lon_deg: float) -> NDArray[np.float64]:
        """Distance of those with a place; infinite for the others."""
        distance = np.full(len(self.table), np.inf)
        rows = np.flatnonzero(self.placed())
        distance[rows] = distance_nmi(lat_deg, lon_deg, self.table.lat_deg[rows], self.table.lon_deg[rows])
        return distance

    def in_box(self, south: float, north: float, west: float, east: float) -> Mask:
        """Say which are in a box; one that is more west in the east crosses the antimeridian."""
        lat, lon = self.table.lat_deg, self.table.lon_deg
        across = (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
        return self.placed() & (lat >= south) & (lat <= north) & across

    def with_hex(self, names: Sequence[str]) -> Mask:
        """Say which have one of these addresses, an old place or none included."""
        wanted: list[int] = []
        for name in names:
            address = address_of(name)
            if address is None:
                raise problem(400, f"{name[:12]!r} is no address of six hexadecimal digits.")
            wanted.append(address[0] | (1 << 24 if address[1][0] else 0))
        key = self.table.icao.astype(np.int64) | (self.table.address_kind != 0).astype(np.int64) << 24
        return member(key, np.array(wanted, np.int64))

    def callsigns(self) -> NDArray[np.bytes_]:
        """Return callsigns without the spaces behind; empty if unknown."""
        packed = self.table.callsign
        letters = np.empty((len(packed), 8), np.uint8)
        for k in range(8):
            letters[:, k] = LETTERS[packed >> np.uint64(42 - 6 * k) & np.uint64(63)]
        letters[packed == 0] = ord(" ")
        stripped: NDArray[np.bytes_] = np.char.rstrip(letters.view("S8").reshape(-1))
        return stripped

    def of_identity(self, column: str) -> NDArray[Any]:
        """Return a column of the identity table for each aircraft; empty or 0 where it is unknown."""
        values: NDArray[Any] = getattr(self.identity, column)
        if not len(values):
            return np.zeros(len(self.row), values.dtype)
        return np.where(self.row >= 0, values[self.row], np.zeros((), values.dtype))

    def with_callsign(self, names: Sequence[str]) -> Mask:
        """Say which have one of these callsigns."""
        return member(self.callsigns(), encoded(names))

    def with_callsign_prefix(self, prefix: str) -> Mask:
        """Say which have a callsign that begins so."""
        found: Mask = np.char.startswith(self.callsigns(), prefix.encode("ascii", "replace"))
        matches: Mask = found & (self.table.callsign != 0)
        return matches

    def with_registration(self, names: Sequence[str]) -> Mask:
        """Say which have one of these registrations; a hyphen may be left out."""
        known = np.char.replace(np.char.upper(self.of_identity("registration")), b"-", b"")
        matches: Mask = member(known, encoded([name.replace("-", "") for name in names])) & (known != b"")
        return matches

    def with_type(self, names: Sequence[str]) -> Mask:
        """Say which are of one of these ICAO types."""
        kinds = self.of_identity("type")
        matches: Mask = member(kinds, encoded(names)) & (kinds != b"")
        return matches

    def with_squawk(self, names: Sequence[str]) -> Mask:
        """Say which send one of these codes."""
        codes = []
        for name in names:
            if len(name) != 4 or set(name) - set("01234567"):
                raise problem(400, f"{name[:12]!r} is no squawk: four digits from 0 to 7.")
            codes.append(int(name, 8))
        fresh = self.now_ns - self.table.squawk_time_ns < KEPT_NS
        return np.asarray(fresh) & member(self.table.squawk, np.array(codes, np.int64))

    def with_flags(self, names: Sequence[str]) -> Mask:
        """Say which have one of these flags, see FLAGS."""
        bits = sum(1 << FLAGS.index(name) for name in names)
        found: Mask = (self.of_identity("flags") & np.uint8(bits)) != 0
        return found

    def altitude(self, is_right: Callable[[NDArray[np.float32]], Mask]) -> Mask:
        """Say of which the pressure altitude is known and as wished; on the ground it counts as 0."""
        table = self.table
        fresh = self.now_ns - table.altitude_time_ns < FRESH_NS
        feet = np.where(table.on_ground == 1, np.float32(0), np.where(fresh, table.altitude_ft, np.float32(np.nan)))
        return is_right(feet)


def member(values: NDArray[Any], wanted: NDArray[Any]) -> Mask:
    """Say which values are among the wanted ones."""
    found: Mask = np.isin(values, wanted)
    return found


def encoded(names: Sequence[str]) -> NDArray[np.bytes_]:
    """Names as bytes to compare with a column."""
    return np.array([name.encode("ascii", "replace") for name in names] or [b"\0"], "S")
