"""What leaves the node about where its receivers stand: everything that could betray a place goes through here.

A place that its owner has not let out is shown at a fixed wrong one. All that is computed about a place (distances,
bearings, outlines) is computed about the wrong one from public positions, so that it tells nothing that these do not.
What a stranger could measure against (levels, times finer than TIME_STEP_NS) stays inside. docs/security.md has the
attacks, and what cannot be hidden.
"""

from __future__ import annotations

import hmac
import json
import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywitness.batches import F32, F64, I32, I64, POSITION_SOURCES, PROVENANCES, REASONS, U8, U32, VERDICTS, Positions
from skywitness.coverage.report import SECTORS, ReceiverReport
from skywitness.errors import ConfigError
from skywitness.frames.receiver import Place, Receiver
from skywitness.geo.sphere import MEAN_RADIUS_NMI, bearing_deg, distance_nmi
from skywitness.questions.answer import Searchable
from skywitness.tracks.aircraft import AircraftTable
from skywitness.tracks.picture import Picture
from skywitness.tracks.state import NEVER
from skywitness.units import LIGHT_MPS, NMI_M, NS_PER_S
from skywitness.views.secret_file import write_private

__all__ = ["TIME_STEP_NS", "Blur", "Outline", "Privacy", "destination", "open_blur"]

TIME_STEP_NS = NS_PER_S // 10
"""Times of reception are given to strangers in steps of this: see `Privacy.times`."""

LEAST_SECTORS = 12
"""Sectors in which something was heard, from which on a receiver's reach is known well enough to be trimmed."""
ANTENNA_FT = 30.0
HORIZON_NMI = 1.23
"""Radio horizon in nautical miles over the square root of a height in feet, 4/3 earth (ITU-R P.310)."""

SECRET_BYTES = 32
HOUR_NS = 3600 * NS_PER_S
HOURS = 24
FRESH_NS = 15 * NS_PER_S
OWN_RECEPTION = np.array([word in ("adsb", "adsr", "tisb", "uat") for word in POSITION_SOURCES] + [False])
IMPORTED = PROVENANCES.index("imported")
CONTRADICTED = VERDICTS.index("contradicted")
ABOUT_THE_PLACE = [REASONS.index(word) for word in ("range", "surface_range", "horizon", "arrival_times")]
"""Reasons that are thresholds about the receiver's exact place."""


def destination(lat_deg: float, lon_deg: float, bearing: ArrayLike, distance: ArrayLike) -> tuple[F64, F64]:
    """Where one comes along a great circle on the sphere.

    bearing   (n,)    degrees true at the start
    distance  (n,)    nautical miles
    return    latitude and longitude, degrees, longitude in [-180, 180)
    """
    lat, angle, course = math.radians(lat_deg), np.divide(distance, MEAN_RADIUS_NMI), np.radians(bearing)
    sine = np.sin(lat) * np.cos(angle) + np.cos(lat) * np.sin(angle) * np.cos(course)
    east = np.arctan2(np.sin(course) * np.sin(angle) * np.cos(lat), np.cos(angle) - np.sin(lat) * sine)
    return np.degrees(np.arcsin(np.clip(sine, -1, 1))), (lon_deg + np.degrees(east) + 180.0) % 360.0 - 180.0


@dataclass(slots=True)
class Blur:
    """The wrong places.

    A receiver is moved by once to twice the radius, in a direction and by a length that its id and the node's secret
    decide: they are never drawn again, or the mean of the draws would be the truth. The operator's own receivers that
    stand near one another are moved together for the same reason; a feeder's are not, since whoever feeds from a place
    he knows would learn how his neighbours were moved.
    """

    secret: bytes
    """32 bytes that never leave the node."""
    radius_nmi: float = 5.0
    anchors: dict[str, str] = field(default_factory=dict)
    """Whose move an own receiver shares, by id: kept for ever, see `open_blur`."""
    file: Path | None = None
    _places: dict[bytes, Place] = field(default_factory=dict)
    """True places of the own receivers that others may be near to."""

    def moved(self, receiver: Receiver) -> tuple[float, float]:
        """By how much a receiver is moved: bearing in degrees, distance in nautical miles."""
        if not self.radius_nmi:
            return 0.0, 0.0
        name = bytes.fromhex(self._anchor(receiver)) if receiver.own else receiver.id
        # The radius is part of the draw: two lengths along one line would lead back to its start.
        draw = hmac.digest(self.secret, b"skywitness blur\0%a\0" % float(self.radius_nmi) + name, "sha256")
        turn, part = (int.from_bytes(draw[at : at + 8], "big") / 2.0**64 for at in (0, 8))
        return turn * 360.0, self.radius_nmi * math.sqrt(1.0 + 3.0 * part)

    def place(self, receiver: Receiver) -> Place | None:
        """Return the place to tell others: the true one only if its owner lets it out; None unknown.

        A moved place has no height: over known ground the height would tell the place again.
        """
        if receiver.place is None:
            return None
        if receiver.place_public:
            return receiver.place
        lat, lon = destination(receiver.place.lat_deg, receiver.place.lon_deg, *self.moved(receiver))
        return Place(round(float(lat), 4), round(float(lon), 4), 0.0)

    def _anchor(self, receiver: Receiver) -> str:
        """Id of the receiver whose move this one shares: an own one of less than twice the radius away, or itself."""
        name = receiver.id.hex()
        known = self.anchors.get(name)
        if receiver.place is None:
            return known or name
        if known is None:
            known = name
            for other, place in self._places.items():
                apart = distance_nmi(place.lat_deg, place.lon_deg, receiver.place.lat_deg, receiver.place.lon_deg)
                if apart < 2 * self.radius_nmi:
                    known = self.anchors[other.hex()]
                    break
            self.anchors[name] = known
            self._save()
        self._places[receiver.id] = receiver.place
        return known

    def _save(self) -> None:
        if self.file is not None:
            write_private(
                self.file, json.dumps({"secret": self.secret.hex(), "anchors": self.anchors}, indent=1) + "\n"
            )


def open_blur(directory: Path, radius_nmi: float = 5.0) -> Blur:
    """Return the blur of a data directory; the first time its secret is drawn and kept in `blur.json`, mode 0600.

    Raises ConfigError if the file is damaged: another secret would move the receivers anew, so that is for a person.
    """
    file = directory / "blur.json"
    try:
        kept = json.loads(file.read_text("utf-8"))
        secret = bytes.fromhex(kept["secret"])
        anchors = {bytes.fromhex(k).hex(): bytes.fromhex(v).hex() for k, v in kept["anchors"].items()}
        if len(secret) != SECRET_BYTES:
            raise ValueError("the secret is too short")
        return Blur(secret, radius_nmi, anchors, file)
    except FileNotFoundError:
        blur = Blur(secrets.token_bytes(SECRET_BYTES), radius_nmi, {}, file)
        blur._save()
        return blur
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"it is damaged ({error})",
            source=str(file),
            hint="Restore it from a backup; without it receivers are shown at new wrong places.",
        ) from None


def is_own_reception(source: U8) -> NDArray[np.bool_]:
    """Say which places a receiver of the node must have heard to know them."""
    return OWN_RECEPTION[np.minimum(source, len(OWN_RECEPTION) - 1)]


class Outline:
    """Farthest public position of the last 24 hours by bearing about the public place; a listener of the Hub.

    Nothing is counted about an exact place here, so the outline tells nothing that the positions do not.
    """

    def __init__(self) -> None:
        self.centre: Place | None = None
        shape = HOURS, SECTORS
        self._range_nmi = np.zeros(shape)
        self._lat, self._lon, self._ft = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
        self._hour = -1

    def aim(self, centre: Place | None) -> None:
        """Set the place it is counted about; another place begins anew."""
        if centre != self.centre:
            self.centre = centre
            self._range_nmi[:] = 0

    def push(self, picture: Picture) -> None:
        """Take in the aircraft placed lately."""
        table, now_ns = picture.table, picture.now_ns
        hour = now_ns // HOUR_NS
        if hour != self._hour:
            since = min(hour - self._hour, HOURS) if self._hour >= 0 else HOURS
            self._range_nmi[[(hour - k) % HOURS for k in range(since)]] = 0
            self._hour = hour
        if self.centre is None:
            return
        heard = is_own_reception(table.position_source)
        rows = np.flatnonzero(heard & (now_ns - table.position_time_ns < FRESH_NS) & ~np.isnan(table.lat_deg))
        if not len(rows):
            return
        lat, lon = table.lat_deg[rows], table.lon_deg[rows]
        reach = distance_nmi(self.centre.lat_deg, self.centre.lon_deg, lat, lon)
        sector = sectors(bearing_deg(self.centre.lat_deg, self.centre.lon_deg, lat, lon))
        order = np.lexsort((reach, sector))
        last = order[np.r_[sector[order][1:] != sector[order][:-1], True]]
        here = int(hour % HOURS)
        last = last[reach[last] > self._range_nmi[here, sector[last]]]
        at = sector[last]
        self._range_nmi[here, at], self._lat[here, at], self._lon[here, at] = reach[last], lat[last], lon[last]
        self._ft[here, at] = table.altitude_ft[rows[last]]

    def points(self) -> list[tuple[float, float, float]]:
        """Latitude, longitude and pressure altitude in feet (NaN unknown) of the ring, clockwise from north."""
        hour = np.argmax(self._range_nmi, axis=0)
        at = hour, np.arange(SECTORS)
        ring = zip(self._range_nmi[at], self._lat[at], self._lon[at], self._ft[at], strict=True)
        return [(float(lat), float(lon), float(ft)) for reach, lat, lon, ft in ring if reach > 0]

    def farthest_nmi(self) -> float:
        """Distance of the farthest position from the public place; 0 none."""
        return float(self._range_nmi.max())


def coarse(time_ns: I64, way_ns: I64) -> I64:
    """Times less the wave's way, rounded down; NEVER and UNTIMED stay what they are."""
    sent_ns = time_ns - way_ns
    return np.where(time_ns > 0, sent_ns - sent_ns % TIME_STEP_NS, time_ns)


def mean_place(places: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """The middle of places on the sphere; None if there are none, or they are all around it."""
    if len(places) < 2:
        return places[0] if places else None
    lat, lon = np.radians(np.array(places)).T
    x, y, z = (float(v.mean()) for v in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
    if math.hypot(x, y, z) < 1e-6:
        return None
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def sectors(bearings: F64) -> I64:
    """Sector of each bearing, see SECTORS."""
    width = 360.0 / SECTORS
    return ((bearings + width / 2) // width).astype(np.int64) % SECTORS


class Privacy:
    """What every output asks before it tells something about receivers.

    blur       where they are shown
    is_public  whether others than this computer can ask: then what could be measured against stays inside. On a node
               that answers to its own computer alone, levels and times are whole; places are blurred all the same,
               since an answer is easily passed on.
    """

    def __init__(self, blur: Blur | None = None, *, is_public: bool = True) -> None:
        self.blur = blur or Blur(secrets.token_bytes(SECRET_BYTES))
        self.is_public = is_public
        self.outline = Outline()
        self._shown: tuple[Receiver, ...] = ()
        self._places: dict[int, Place] = {}
        self._is_strict = is_public
        self._true_centre: tuple[float, float] | None = None
        self._reach: list[tuple[Place, float]] = []
        self._made: tuple[Picture | None, Picture | None] = (None, None)

    def update(self, reports: Sequence[ReceiverReport], picture: Picture | None = None) -> None:
        """Take in the receivers as they are now, and the newest picture; from one thread, once a picture."""
        receivers = tuple(report.receiver for report in reports)
        if receivers != self._shown:
            self._shown = receivers
            # In the order of their numbers, so that whose move is shared does not depend on who is here first.
            ordered = sorted(receivers, key=lambda receiver: receiver.number)
            places = ((receiver.number, self.blur.place(receiver)) for receiver in ordered)
            self._places = {number: place for number, place in places if place is not None}
            hidden = any(receiver.place is None or not receiver.place_public for receiver in receivers)
            self._is_strict = self.is_public and hidden
            self.outline.aim(self.centre())
            exact = [receiver.place for receiver in receivers if receiver.place is not None]
            self._true_centre = mean_place([(place.lat_deg, place.lon_deg) for place in exact])
        self._reach = self._reaches(reports) if self._is_strict else []
        if picture is not None:
            self.outline.push(self.picture(picture))

    def _reaches(self, reports: Sequence[ReceiverReport]) -> list[tuple[Place, float]]:
        """Public place and usual reach of each receiver; none if one of them hides nothing."""
        found = []
        for report in reports:
            place = self._places.get(report.receiver.number)
            if place is None or report.receiver.place_public:
                return []
            heard = [reach for reach in report.range_nmi if reach > 0]
            found.append((place, float(np.median(heard)) if len(heard) >= LEAST_SECTORS else math.inf))
        return found

    @property
    def is_strict(self) -> bool:
        """Whether levels, fine times and reasons about places stay inside: strangers ask, and a place is hidden."""
        return self._is_strict

    def place(self, number: int) -> Place | None:
        """Public place of a receiver by its number; None unknown."""
        return self._places.get(number)

    def centre(self) -> Place | None:
        """The node's public place: that of its only receiver, else the mean of all; None if none is known."""
        if len(self._places) == 1:
            return next(iter(self._places.values()))
        mean = mean_place([(place.lat_deg, place.lon_deg) for place in self._places.values()])
        return None if mean is None else Place(round(mean[0], 4), round(mean[1], 4), 0.0)

    def distance(self, lat_deg: F64, lon_deg: F64) -> tuple[F64, F64]:
        """`r_dst` in nautical miles and `r_dir` in degrees from the node's public place; NaN if there is none."""
        centre = self.centre()
        if centre is None:
            unknown = np.full(len(lat_deg), np.nan)
            return unknown, unknown.copy()
        return (
            distance_nmi(centre.lat_deg, centre.lon_deg, lat_deg, lon_deg),
            bearing_deg(centre.lat_deg, centre.lon_deg, lat_deg, lon_deg),
        )

    def times(self, time_ns: I64, lat_deg: F64, lon_deg: F64) -> I64:
        """Times of reception as others may know them; NEVER and UNTIMED stay what they are.

        Who knows to the microsecond when aircraft send (every network for multilateration does) has a range to the
        receiver in each exact time, and the mean of many rounded ones is exact again. So the time the wave took is
        taken off before the rest is rounded down: what remains is when the aircraft sent.
        """
        if not self._is_strict:
            return time_ns
        return coarse(time_ns, self._way_ns(lat_deg, lon_deg))

    def _way_ns(self, lat_deg: F64, lon_deg: F64) -> I64:
        """How long the wave took from each place; 0 where a place is not known."""
        if self._true_centre is None:
            return np.zeros(len(lat_deg), np.int64)
        away = distance_nmi(*self._true_centre, lat_deg, lon_deg)
        return np.nan_to_num(away * (NMI_M / LIGHT_MPS * NS_PER_S)).astype(np.int64)

    def is_shown(self, lat_deg: F64, lon_deg: F64, altitude_ft: F32, is_own: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Say which places of aircraft may be told.

        The edge of what is heard is a circle about the antenna. What is told ends before it, at a circle about the
        public place: twice the radius of the blur, which is the farthest a receiver is moved, inside its usual reach
        and inside the horizon at that height. Where hills end the reach before that, it is told as it is.

        is_own  (n,)  heard by the node's own receivers, not found otherwise
        """
        if not self._is_strict or not self._reach:
            return np.ones(len(lat_deg), np.bool_)
        height = np.maximum(np.nan_to_num(altitude_ft.astype(np.float64)), 0.0)
        horizon = HORIZON_NMI * (np.sqrt(height) + math.sqrt(ANTENNA_FT))
        shown: NDArray[np.bool_] = ~is_own
        for place, reach in self._reach:
            away = distance_nmi(place.lat_deg, place.lon_deg, lat_deg, lon_deg)
            # Near the antenna there is no edge to see: an aircraft on the ground of the airport is told.
            limit = np.maximum(np.minimum(horizon, reach) - 2 * self.blur.radius_nmi, 2 * self.blur.radius_nmi)
            shown |= away <= limit
        return shown

    def table(self, table: AircraftTable) -> AircraftTable:
        """The aircraft as others may know them: no level, receiver, fine time or far place that would tell a place."""
        if not self._is_strict:
            return table
        lat, lon = table.lat_deg, table.lon_deg
        way_ns = self._way_ns(lat, lon)
        changed: dict[str, Any] = {
            name: coarse(getattr(table, name), way_ns) for name in table.names() if name.endswith("_time_ns")
        }
        changed["signal_dbfs"] = np.full(len(table), np.nan, np.float32)
        changed["receiver"] = np.zeros(len(table), np.uint16)
        hidden = ~self.is_shown(lat, lon, table.altitude_ft, is_own_reception(table.position_source)) & ~np.isnan(lat)
        if hidden.any():
            for name, value in (("lat_deg", np.nan), ("lon_deg", np.nan), ("position_source", 255), ("nic", 255)):
                values = getattr(table, name)
                changed[name] = np.where(hidden, values.dtype.type(value), values)
            changed["position_time_ns"] = np.where(hidden, NEVER, changed["position_time_ns"])
        return replace(table, **changed)

    def positions(self, positions: Positions) -> Positions:
        """Position rows as others may know them; those contradicted by the receiver's exact place are left out."""
        if not self._is_strict:
            return positions
        hidden: NDArray[np.bool_] = (positions.verdict == CONTRADICTED) & np.isin(positions.reason, ABOUT_THE_PLACE)
        own = is_own_reception(positions.source) & (positions.provenance != IMPORTED)
        hidden |= ~self.is_shown(positions.lat_deg, positions.lon_deg, positions.altitude_ft, own)
        if hidden.any():
            positions = positions.take(~hidden)
        level = np.full(len(positions), np.nan, np.float32)
        time_ns = self.times(positions.time_ns, positions.lat_deg, positions.lon_deg)
        return replace(positions, time_ns=time_ns, signal_dbfs=level)

    def picture(self, picture: Picture) -> Picture:
        """The picture as others may know it: what the Hub is given, so that no output can forget to ask."""
        if not self._is_strict:
            return picture
        of, made = self._made
        if of is not picture:
            made = replace(picture, table=self.table(picture.table))
            self._made = picture, made
        assert made is not None
        return made

    def history(self, history: Searchable) -> Searchable:
        """The record as others may know it: what `Node.history` is."""
        return PublicHistory(history, self)


class PublicHistory:
    """A record, seen through a Privacy."""

    def __init__(self, history: Searchable, privacy: Privacy) -> None:
        self._history = history
        self._privacy = privacy

    def positions(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
    ) -> Positions:
        """See `History.positions`."""
        rows = self._history.positions(
            from_ns, until_ns, icao=icao, address_kind=address_kind, contradicted=contradicted
        )  # fmt: skip
        return self._privacy.positions(rows)

    def positions_in_parts(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
    ) -> Iterator[Positions]:
        """See `History.positions_in_parts`."""
        for rows in self._history.positions_in_parts(
            from_ns, until_ns, icao=icao, address_kind=address_kind, contradicted=contradicted
        ):
            yield self._privacy.positions(rows)

    def states(
        self, from_ns: int, until_ns: int, *, icao: U32 | None = None, address_kind: U8 | None = None
    ) -> AircraftTable:
        """See `History.states`."""
        return self._privacy.table(self._history.states(from_ns, until_ns, icao=icao, address_kind=address_kind))

    def days(self) -> list[str]:
        """See `History.days`."""
        return self._history.days()

    def extent(self) -> tuple[int, int]:
        """See `Searchable.extent`."""
        return self._history.extent()

    def aircraft(self, from_ns: int, until_ns: int) -> tuple[U32, U8]:
        """See `Searchable.aircraft`."""
        return self._history.aircraft(from_ns, until_ns)

    def visitors(self, fields: I32, side: int, from_ns: int, until_ns: int) -> tuple[U32, U8]:
        """See `Searchable.visitors`."""
        return self._history.visitors(fields, side, from_ns, until_ns)

    def holders(
        self, name: str, holds: Callable[[Any, Any], NDArray[np.bool_]], from_ns: int, until_ns: int
    ) -> tuple[U32, U8]:
        """See `Searchable.holders`."""
        return self._history.holders(name, holds, from_ns, until_ns)

    def positions_within(
        self, boxes: tuple[tuple[float, float, float, float], ...], from_ns: int, until_ns: int
    ) -> Iterator[Positions]:
        """See `Searchable.positions_within`."""
        for rows in self._history.positions_within(boxes, from_ns, until_ns):
            yield self._privacy.positions(rows)

    def cost(
        self,
        from_ns: int,
        until_ns: int,
        *,
        boxes: tuple[tuple[float, float, float, float], ...] | None = None,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
    ) -> int:
        """See `Searchable.cost`."""
        return self._history.cost(from_ns, until_ns, boxes=boxes, icao=icao, address_kind=address_kind)

    def rows_about(self, from_ns: int, until_ns: int) -> int:
        """See `Searchable.rows_about`."""
        return self._history.rows_about(from_ns, until_ns)

    def minutes(self, from_ns: int, until_ns: int) -> I64:
        """See `Searchable.minutes`."""
        return self._history.minutes(from_ns, until_ns)
