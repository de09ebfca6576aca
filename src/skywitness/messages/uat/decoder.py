"""The fold from UAT frames to positions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from skywitness.batches import ADDRESS_KINDS, POSITION_SOURCES, PROVENANCES, UNTIMED, VERDICTS, Positions
from skywitness.frames.formats.uat import UatFrames
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.messages.uat.decode import decode_uat
from skywitness.messages.uat.message import StateVector, UatMessage
from skywitness.units import NS_PER_S

__all__ = ["UatDecoder"]

_KIND_AND_SOURCE = {
    "adsb_icao": ("icao", "uat"),
    "adsb_self_assigned": ("anonymous", "uat"),
    "tisb_icao": ("icao", "tisb"),
    "tisb_track_file": ("tisb_track_file", "tisb"),
    "surface_vehicle": ("vehicle", "uat"),
    "fixed_beacon": ("vehicle", "uat"),
    "adsr_other": ("anonymous", "adsr"),
    "reserved": ("anonymous", "other"),
}
KIND_AND_SOURCE = {
    name: (ADDRESS_KINDS.index(kind), POSITION_SOURCES.index(source))
    for name, (kind, source) in _KIND_AND_SOURCE.items()
}
UNVERIFIABLE = VERDICTS.index("unverifiable")
RECEIVED = PROVENANCES.index("received")

REMEMBERED_NS = 600 * NS_PER_S
MOST_REMEMBERED = 100_000


@dataclass(slots=True)
class _Known:
    """What long messages said, for the basic ones in between."""

    time_ns: int
    callsign: int = 0
    squawk: int = 0xFFFF
    nac_p: int = 255


class UatDecoder:
    """Fold UAT frames into positions; a row is made for each downlink that carries one.

    A row's state is that of its own message; callsign, squawk and NACp, which only long messages carry, are those
    last heard from that address within ten minutes. Uplinks are passed over. Nothing is checked against motion: the
    verdict is `unverifiable`.

    counts  "positions", "no_position", "uplink", "reserved_type" (payload types 11 to 31, which carry no state vector)
    """

    def __init__(self, provenance: int = RECEIVED) -> None:
        self.provenance = provenance
        self.counts: Counter[str] = Counter()
        self._known: dict[tuple[int, int], _Known] = {}

    def push(self, frames: UatFrames) -> Positions:
        """Return the positions in these frames, in their order."""
        rows: list[tuple[int, UatMessage, StateVector]] = []
        for i in range(len(frames)):
            if frames.uplink[i]:
                self.counts["uplink"] += 1
                continue
            message = decode_uat(frames.data[i, : frames.length[i]].tobytes())
            self._remember(message, int(frames.time_ns[i]))
            if message.state is None:
                self.counts["reserved_type"] += 1
            elif message.state.lat_deg is None:
                self.counts["no_position"] += 1
            else:
                rows.append((i, message, message.state))
        positions = Positions.allocate(len(rows))
        for row, (i, message, state) in enumerate(rows):
            self._fill(positions, row, message, state)
            positions.time_ns[row] = frames.time_ns[i]
            positions.signal_dbfs[row] = frames.rssi_dbfs[i]
            positions.parent[row] = frames.id[i]
        positions.receivers[:] = 1
        positions.verdict[:] = UNVERIFIABLE
        positions.reason[:] = 0
        positions.revision[:] = 0
        positions.provenance[:] = self.provenance
        self.counts["positions"] += len(rows)
        return positions

    def flush(self) -> Positions:
        """Return nothing: no row waits."""
        return Positions.empty()

    def _key(self, message: UatMessage) -> tuple[int, int]:
        return KIND_AND_SOURCE[message.address_qualifier][0], int(message.icao24, 16)

    def _remember(self, message: UatMessage, time_ns: int) -> None:
        key = self._key(message)
        known = self._known.pop(key, None)
        if known is None or (time_ns != UNTIMED and time_ns - known.time_ns > REMEMBERED_NS):
            known = _Known(time_ns)
        known.time_ns = time_ns
        self._known[key] = known  # now the last in order: what is first was silent longest
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        mode = message.mode
        if mode is not None:
            known.callsign = pack_callsign(mode.callsign) if mode.callsign else known.callsign
            known.squawk = int(mode.squawk, 8) if mode.squawk else known.squawk
            known.nac_p = mode.nac_p if mode.nac_p < 12 else 255

    def _fill(self, positions: Positions, row: int, message: UatMessage, state: StateVector) -> None:
        kind, source = KIND_AND_SOURCE[message.address_qualifier]
        known = self._known[self._key(message)]
        on_ground = state.is_on_ground
        positions.icao[row] = int(message.icao24, 16)
        positions.address_kind[row] = kind
        positions.source[row] = source
        positions.lat_deg[row] = round(state.lat_deg or 0.0, 6)
        positions.lon_deg[row] = _longitude(state.lon_deg or 0.0)
        positions.on_ground[row] = 255 if on_ground is None else on_ground
        positions.altitude_ft[row] = np.nan if on_ground else _or_nan(message.altitude_ft)
        positions.altitude_geom_ft[row] = _or_nan(message.altitude_geom_ft)
        positions.groundspeed_kt[row] = _or_nan(state.groundspeed_kt, 1)
        positions.track_deg[row] = _or_nan(state.track_deg, 1) % 360.0
        positions.vertical_rate_fpm[row] = _or_nan(state.vertical_rate_fpm)
        positions.callsign[row] = known.callsign
        positions.squawk[row] = known.squawk
        positions.nic[row] = state.nic if state.nic < 12 else 255
        positions.nac_p[row] = known.nac_p


def _or_nan(value: float | None, digits: int = 6) -> float:
    return float("nan") if value is None else round(value, digits)


def _longitude(degrees: float) -> float:
    rounded = round(degrees, 6)
    return rounded - 360.0 if rounded >= 180.0 else rounded
