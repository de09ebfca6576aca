"""Which aircraft sends what, and when.

Each kind of transmission of each aircraft has slots: slot j lies at (phase + j) intervals, and the transmission within
a tenth of an interval around it. Phase and place in the slot are chance, but a function of seed, aircraft, kind and j
alone, so that any window can be computed by itself.

Rates: RTCA DO-260B 2.2.3.3 (extended squitters), ICAO Annex 10 Vol. IV 3.1.2.8.5 (acquisition squitter); the rates of
replies are those of an aircraft in the view of a few radars.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skywitness.batches import I64, U8
from skywitness.simulate.chance import uniforms
from skywitness.simulate.state import KINDS
from skywitness.simulate.world import World

__all__ = ["Planned", "plan"]

REGISTERS_20 = (0x40, 0x50, 0x60, 0x20, 0x40, 0x50, 0x60, 0x17, 0x44)
REGISTERS_21 = (0x50, 0x60, 0x40, 0x10, 0x30)
KEPT = 1 << 10  # apart from the chance of the streams
STANDING_EVERY = 10  # on the ground, not moving: one position in ten

STREAMS = (
    # kind, interval in ns, needs ADS-B, needs a transponder that answers
    ("airborne_position", 500_000_000, True, False),
    ("velocity", 500_000_000, True, False),
    ("identification", 5_000_000_000, True, False),
    ("emergency", 5_000_000_000, True, False),
    ("target_state", 1_250_000_000, True, False),
    ("operational_status", 2_500_000_000, True, False),
    ("all_call", 1_000_000_000, False, True),
    ("df0", 1_500_000_000, False, True),
    ("df4", 1_000_000_000, False, True),
    ("df5", 1_700_000_000, False, True),
    ("df20", 1_000_000_000, False, True),
    ("df21", 1_200_000_000, False, True),
)


class Planned(NamedTuple):
    """Slots of a window that are used, in order of time; times since the scenario's start."""

    time_ns: I64
    aircraft: I64
    kind: U8
    detail: I64
    slot: I64


def plan(world: World, seed: int, reply_share: float, from_ns: int, until_ns: int, kept_share: float = 1.0) -> Planned:
    """Transmissions due in a window, before it is known who stands on the ground."""
    times, owners, kinds, details, slots = [], [], [], [], []
    count = len(world.aircraft)
    everyone = np.arange(count)[:, None]
    for stream, (name, usual_ns, adsb, transponder) in enumerate(STREAMS):
        is_reply = name.startswith("df")
        if is_reply and reply_share == 0.0:
            continue
        interval_ns = round(usual_ns / reply_share) if is_reply else usual_ns
        fitted = (world.is_adsb | (not adsb)) & (world.is_transponder | (not transponder))
        if name in ("operational_status", "target_state"):
            fitted &= ~world.is_version_0
        a = everyone[fitted]
        phase = uniforms(seed, a, stream)
        first = np.floor(from_ns / interval_ns - phase).astype(np.int64) - 1
        j = first + np.arange(-(-(until_ns - from_ns) // interval_ns) + 3)
        place = phase + 0.2 * (uniforms(seed, a, stream, j + 16) - 0.5)
        time_ns = j * interval_ns + np.floor(place * interval_ns).astype(np.int64)
        due = (time_ns >= from_ns) & (time_ns < until_ns) & (time_ns >= world.on_ns[a]) & (time_ns < world.off_ns[a])
        if kept_share < 1.0:
            due &= uniforms(seed, a, stream + KEPT, j + 16) < kept_share
        owner, slot = np.broadcast_to(a, j.shape)[due], j[due]
        times.append(time_ns[due])
        owners.append(owner)
        slots.append(slot)
        kinds.append(np.full(len(slot), KINDS.index(name), np.uint8))
        details.append(_detail(name, slot))
    for a_index, aircraft in enumerate(world.aircraft):
        for advisory in aircraft.advisory:
            content = _advisory_bits(advisory.ara, advisory.threat)
            for name, every_ns in (("advisory", 800_000_000), ("df16", 1_000_000_000)):
                start = round(advisory.at_s * 1e9)
                sent = np.arange(start, round(advisory.until_s * 1e9), every_ns)
                sent = sent[(sent >= from_ns) & (sent < until_ns)]
                times.append(sent)
                owners.append(np.full(len(sent), a_index))
                slots.append((sent - start) // every_ns)
                kinds.append(np.full(len(sent), KINDS.index(name), np.uint8))
                details.append(np.full(len(sent), content))
    time_ns, owner, kind = np.concatenate(times), np.concatenate(owners), np.concatenate(kinds)
    order = np.lexsort((kind, owner, time_ns))
    return Planned(
        time_ns[order], owner[order], kind[order], np.concatenate(details)[order], np.concatenate(slots)[order]
    )


def _detail(name: str, slot: I64) -> I64:
    if name == "airborne_position":
        return slot & 1
    if name == "df20":
        return np.array(REGISTERS_20)[slot % len(REGISTERS_20)]
    if name == "df21":
        return np.array(REGISTERS_21)[slot % len(REGISTERS_21)]
    return np.zeros_like(slot)


def _advisory_bits(ara: str, threat: str) -> int:
    """Bits 9-56 of BDS 3,0: ARA 9-22, and of one threat with an address its type (1) in 29-30 and identity in 31-54."""
    bits = int(ara.ljust(14, "0")[:14], 2) << (56 - 22)
    if threat:
        bits |= 1 << (56 - 30) | int(threat, 16) << (56 - 54)
    return bits


def on_the_ground(planned: Planned, ground: np.ndarray, speed_kt: np.ndarray) -> tuple[Planned, np.ndarray]:
    """What is sent by those on the ground: other messages, and fewer of them while they stand.

    Returns the transmissions that remain and the mask of their rows.
    """
    kind = planned.kind.copy()
    detail = planned.detail.copy()
    position = kind == KINDS.index("airborne_position")
    standing = ground & (speed_kt < 0.5)
    kind[ground & position] = KINDS.index("surface_position")
    silent = ground & np.isin(kind, [KINDS.index(name) for name in ("velocity", "target_state", "df0")])
    silent |= standing & position & (planned.slot % STANDING_EVERY != 0)
    # Standing, every tenth slot would always be even.
    few = standing & position
    detail[few] = planned.slot[few] // STANDING_EVERY & 1
    keep = ~silent
    return (
        Planned(
            planned.time_ns[keep],
            planned.aircraft[keep],
            np.ascontiguousarray(kind[keep]),
            detail[keep],
            planned.slot[keep],
        ),
        keep,
    )
