"""Read one UAT downlink: bits to `UatMessage`.

Bytes and bits are numbered as in RTCA DO-282B, 2.2.4.5: from 1, most significant first.
"""

from __future__ import annotations

import math
from typing import Any

from skywitness.errors import FormatError
from skywitness.messages.uat.message import (
    ADDRESS_QUALIFIERS,
    AIR_GROUND_STATES,
    EMERGENCIES,
    AuxiliaryState,
    ModeStatus,
    StateVector,
    TargetState,
    UatMessage,
)

__all__ = ["decode_uat"]

BASIC_BYTES, LONG_BYTES = 18, 34

LAST_WITH_STATE = 10
MODE_STATUS_TYPES = (1, 3)
AUXILIARY_TYPES = (1, 2, 5, 6)
TARGET_FIRST_BYTE = {3: 30, 4: 30, 6: 25}
"""Which payload types carry which elements, besides header and state vector (2.2.4.4)."""

GROUND_STATIONS = (2, 3, 6)
"""Address qualifiers of messages sent by a ground station, which name their site instead of UTC coupling."""

BASE_40 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ "
"""Characters of the call sign; 37 is "not available", 38 and 39 are reserved (2.2.4.5.4.2)."""

TURN_24 = 360.0 / (1 << 24)
TURN_9 = 360.0 / 512

WIDTHS_M = (11.5, 23.0, 28.5, 34.0, 33.0, 38.0, 39.5, 45.0, 45.0, 52.0, 59.5, 67.0, 72.5, 80.0, 80.0, 90.0)
"""Upper bound of the width by the four bits of the size code; length is 15 m, then 10 m a step (2.2.4.5.2.7)."""


def decode_uat(payload: bytes) -> UatMessage:
    """Read a downlink of 18 or 34 bytes, as it is after error correction.

    A long payload type in a basic message gives what 18 bytes hold. Raises FormatError on any other length.

    >>> message = decode_uat(bytes.fromhex("00a66ef135445d525a0c0519119021204800"))
    >>> message.icao24, message.altitude_ft, message.state.vertical_rate_fpm
    ('a66ef1', 1000, -192)
    """
    if len(payload) not in (BASIC_BYTES, LONG_BYTES):
        raise FormatError(
            f"a UAT downlink has 18 or 34 bytes, this has {len(payload)}",
            hint="Uplinks (432 bytes) are counted, not decoded.",
        )
    read = _Bits(payload)
    payload_type = read(1, 1, 1, 5)
    qualifier = read(1, 6, 1, 8)
    is_long = len(payload) == LONG_BYTES
    target_byte = TARGET_FIRST_BYTE.get(payload_type)
    mode = _mode_status(read) if is_long and payload_type in MODE_STATUS_TYPES else None
    if mode is not None and mode.version < 2:
        target_byte = None  # DO-282A lays out its target state otherwise
    return UatMessage(
        payload_type=payload_type,
        address_qualifier=ADDRESS_QUALIFIERS[qualifier],
        icao24=f"{read(2, 1, 4, 8):06x}",
        state=_state_vector(read, qualifier) if payload_type <= LAST_WITH_STATE else None,
        mode=mode,
        target=_target_state(read, target_byte) if is_long and target_byte else None,
        auxiliary=_auxiliary(read) if is_long and payload_type in AUXILIARY_TYPES else None,
    )


class _Bits:
    """Fields of a payload by the standard's byte and bit numbers, both ends inclusive."""

    __slots__ = ("length", "value")

    def __init__(self, payload: bytes) -> None:
        self.length = 8 * len(payload)
        self.value = int.from_bytes(payload, "big")

    def __call__(self, first_byte: int, first_bit: int, last_byte: int, last_bit: int) -> int:
        first = 8 * (first_byte - 1) + first_bit
        last = 8 * (last_byte - 1) + last_bit
        return self.value >> (self.length - last) & ((1 << (last - first + 1)) - 1)

    def flag(self, byte: int, bit: int) -> bool:
        return self(byte, bit, byte, bit) == 1


def _twelve_bits_ft(code: int) -> int | None:
    """Twelve bits in steps of 25 ft from -1,000 (2.2.4.5.2.3); the highest code is "above 101,337.5 ft"."""
    return 25 * (code - 1) - 1000 if code else None


def _altitudes(code: int, is_geometric: bool) -> tuple[int | None, int | None]:
    """Pressure altitude and height above the ellipsoid, one of which is not there."""
    value = _twelve_bits_ft(code)
    return (None, value) if is_geometric else (value, None)


def _state_vector(read: _Bits, qualifier: int) -> StateVector:
    raw_lat, raw_lon, nic = read(5, 1, 7, 7), read(7, 8, 10, 7), read(12, 5, 12, 8)
    latitude: float | None = None
    longitude: float | None = None
    if raw_lat or raw_lon or nic:  # all zero is "no position"; zero alone is the Gulf of Guinea (2.2.4.5.2.1)
        latitude, longitude = raw_lat * TURN_24, raw_lon * TURN_24
        latitude -= 180.0 * (latitude > 90.0)
        longitude -= 360.0 * (longitude >= 180.0)
    baro_ft, geom_ft = _altitudes(read(11, 1, 12, 4), read.flag(10, 8))
    air_ground = read(13, 1, 13, 2)
    from_ground = qualifier in GROUND_STATIONS
    return StateVector(
        lat_deg=latitude,
        lon_deg=longitude,
        nic=nic,
        altitude_ft=baro_ft,
        altitude_geom_ft=geom_ft,
        air_ground=AIR_GROUND_STATES[air_ground],
        **(_surface_motion(read) if air_ground == 2 else _air_motion(read, air_ground) if air_ground < 2 else {}),
        utc_coupled=None if from_ground else read.flag(17, 5),
        uplink_feedback=None if from_ground else read(17, 6, 17, 8),
        tisb_site_id=read(17, 5, 17, 8) if from_ground else None,
    )


def _signed(read: _Bits, first_byte: int, first_bit: int, last_byte: int, last_bit: int) -> int | None:
    """Sign bit, then a magnitude that begins at 1 for zero; 0 is "no information"."""
    code = read(first_byte, first_bit, last_byte, last_bit)
    width = 8 * (last_byte - first_byte) + last_bit - first_bit
    magnitude = code & ((1 << width) - 1)
    if not magnitude:
        return None
    return 1 - magnitude if code >> width else magnitude - 1


def _air_motion(read: _Bits, air_ground: int) -> dict[str, Any]:
    """Velocity in the air: two components of 1 kt, or 4 kt when supersonic (2.2.4.5.2.6, 2.2.4.5.2.7)."""
    step = 4 if air_ground == 1 else 1
    north, east = _signed(read, 13, 4, 14, 6), _signed(read, 14, 7, 16, 1)
    rate = _signed(read, 16, 3, 17, 4)
    found: dict[str, Any] = {
        "north_kt": None if north is None else step * north,
        "east_kt": None if east is None else step * east,
        "vertical_rate_fpm": None if rate is None else 64 * rate,
        "vertical_rate_source": None if rate is None else ("barometric" if read.flag(16, 2) else "geometric"),
    }
    if north is not None and east is not None:
        found["groundspeed_kt"] = step * math.sqrt(north * north + east * east)
        if north or east:
            found["track_deg"] = math.degrees(math.atan2(east, north)) % 360.0
    return found


def _surface_motion(read: _Bits) -> dict[str, Any]:
    """Velocity and size on the ground (2.2.4.5.2.6, 2.2.4.5.2.7)."""
    speed, angle_kind, angle_deg = read(13, 4, 14, 6), read(14, 7, 14, 8), read(15, 1, 16, 1) * TURN_9
    size = read(16, 2, 16, 5)
    return {
        "groundspeed_kt": float((speed & 0x3FF) - 1) if speed & 0x3FF else None,
        "track_deg": angle_deg if angle_kind == 1 else None,
        "heading_deg": angle_deg if angle_kind > 1 else None,
        "heading_reference": (None, None, "magnetic", "true")[angle_kind],
        "length_m": 15.0 + 10.0 * (size >> 1) if size else None,
        "width_m": WIDTHS_M[size] if size else None,
        "position_offset_applied": read.flag(16, 6),
    }


def _call_sign(read: _Bits) -> tuple[int, str | None]:
    """Emitter category and eight characters, three digits of base 40 to each 16 bits (2.2.4.5.4.1, 2.2.4.5.4.2)."""
    digits: list[int] = []
    for byte in (18, 20, 22):
        word = read(byte, 1, byte + 1, 8)
        digits += (word // 1600, word // 40 % 40, word % 40)
    category, *codes = digits
    if any(code > 37 for code in codes) or category > 39 or codes[0] == 37:
        return category, None
    text = "".join(BASE_40[code] if code < 37 else " " for code in codes).rstrip(" ")
    return category, text or None


def _mode_status(read: _Bits) -> ModeStatus:
    category, text = _call_sign(read)
    version = read(24, 4, 24, 6)
    is_b = version >= 2
    is_call_sign = read.flag(27, 7)
    shift = 1 if is_b else 0  # 2.2.4.5.4.11: DO-282B has three capability bits where DO-282A had two
    squawk = None
    if text is not None and not is_call_sign:
        squawk = text if len(text) == 4 and all(c in "01234567" for c in text) else None
    return ModeStatus(
        emitter_category=category,
        category=f"{'ABC'[category >> 3]}{category & 7}" if category < 24 else None,
        callsign=text if is_call_sign else None,
        squawk=squawk,
        emergency=EMERGENCIES[read(24, 1, 24, 3)],
        version=version,
        sil=read(24, 7, 24, 8),
        transmit_mso=read(25, 1, 25, 6),
        sda=read(25, 7, 25, 8) if is_b else None,
        nac_p=read(26, 1, 26, 4),
        nac_v=read(26, 5, 26, 7),
        nic_baro=read(26, 8, 26, 8),
        uat_in=read.flag(27, 1) if is_b else None,
        es_in=read.flag(27, 2) if is_b else None,
        cdti=None if is_b else read.flag(27, 1),
        acas_operational=read.flag(27, 2 + shift),
        ra_active=read.flag(27, 3 + shift),
        ident_active=read.flag(27, 4 + shift),
        receiving_atc=read.flag(27, 5 + shift),
        track_is_magnetic_heading=None if is_b else read.flag(27, 6),
        sil_per_sample=read.flag(27, 8) if is_b else None,
        gva=read(28, 1, 28, 2) if is_b else None,
        single_antenna=read.flag(28, 3) if is_b else None,
        nic_supplement=read(28, 4, 28, 4) if is_b else None,
    )


def _target_state(read: _Bits, byte: int) -> TargetState:
    """Five bytes from `byte` on."""
    altitude, pressure = read(byte, 2, byte + 1, 4), read(byte + 1, 5, byte + 2, 5)
    has_modes = read.flag(byte + 3, 8)

    def mode(bit: int) -> bool | None:
        return read.flag(byte + 4, bit) if has_modes else None

    return TargetState(
        selected_altitude_ft=32 * (altitude - 1) if altitude else None,
        selected_altitude_source=None if not altitude else "fms" if read.flag(byte, 1) else "mcp",
        qnh_hpa=800.0 + 0.8 * (pressure - 1) if pressure else None,
        selected_heading_deg=read(byte + 2, 7, byte + 3, 7) * 180.0 / 256 if read.flag(byte + 2, 6) else None,
        autopilot=mode(1),
        vnav=mode(2),
        altitude_hold=mode(3),
        approach=mode(4),
        lnav=mode(5),
    )


def _auxiliary(read: _Bits) -> AuxiliaryState:
    """Secondary altitude: of the kind that the state vector's is not (2.2.4.5.5)."""
    baro_ft, geom_ft = _altitudes(read(30, 1, 31, 4), not read.flag(10, 8))
    return AuxiliaryState(altitude_ft=baro_ft, altitude_geom_ft=geom_ft)
