"""From an aircraft's true state to the frame its transponder sends."""

from __future__ import annotations

import numpy as np

from skywitness.kernel import kernel, scalar
from skywitness.messages.mode_s.encode import (
    altitude_code_13,
    identity_code,
    write_long,
    write_short,
)
from skywitness.messages.mode_s.encode_comm_b import (
    aircraft_identification,
    common_usage,
    data_link_capability,
    heading_and_speed,
    meteorological_report,
    track_and_turn,
    vertical_intention,
)
from skywitness.messages.mode_s.encode_squitter import (
    airborne_position,
    airspeed_velocity,
    emergency_status,
    ground_velocity,
    identification,
    operational_status,
    position_typecode,
    resolution_advisory,
    surface_position,
    target_state,
)
from skywitness.simulate.state import (
    ACAS,
    ADVISORY,
    AIRBORNE,
    AIRSPEED_ONLY,
    ALERT,
    ALL_CALL,
    ALTITUDE,
    CALLSIGN,
    CATEGORY,
    CONTROL,
    DF,
    DF0,
    DF4,
    DF5,
    DF16,
    DF20,
    DF21,
    EMERGENCY,
    EMERGENCY_STATE,
    GEOMETRIC,
    GVA,
    HEADING,
    IAS,
    ICAO,
    IDENTIFICATION,
    IMF,
    LAT,
    LON,
    MACH,
    MAGNETIC,
    METEOROLOGICAL,
    MODES,
    NAC_P,
    NAC_V,
    NIC,
    NIC_BARO,
    ON_GROUND,
    OPERATIONAL,
    PRESSURE,
    QNH,
    RATE,
    ROLL,
    SDA,
    SELECTED,
    SIL,
    SPEED,
    SQUAWK,
    SURFACE,
    TARGET,
    TAS,
    TEMPERATURE,
    TRACK,
    TRACK_RATE,
    TYPECODE,
    VELOCITY,
    VERSION,
    WIND,
    WIND_FROM,
)

__all__ = ["fill_transmissions"]

SUPERSONIC_KT = 1000.0


@scalar
def squitter_message(kind, detail, state, who):
    """The 56 bits of an extended squitter.

    kind, detail  int               see KINDS
    state         (21,) float64     see STATE
    who           (22,) int64       see IDENTITY
    """
    nic = who[NIC]
    version = who[VERSION]
    if kind == AIRBORNE:
        alert = 2 if who[ALERT] else 0
        supplement = 1 if version >= 2 and (nic == 9 or nic == 3) else 0
        return airborne_position(
            position_typecode(nic), alert, supplement, state[ALTITUDE], state[LAT], state[LON], detail == 1
        )
    if kind == SURFACE:
        typecode = 5 if nic >= 11 else 6 if nic == 10 else 7 if nic >= 8 else 8
        return surface_position(typecode, state[SPEED], state[TRACK], state[LAT], state[LON], detail == 1)
    if kind == VELOCITY:
        difference = state[GEOMETRIC] - state[ALTITUDE]
        if who[DF] == 18 and who[CONTROL] == 2:
            difference = np.nan  # TIS-B has quality categories in its place
        if who[AIRSPEED_ONLY]:
            fast = state[TAS] > SUPERSONIC_KT
            return airspeed_velocity(state[TAS], True, state[HEADING], state[RATE], 1, difference, fast)
        fast = state[SPEED] > SUPERSONIC_KT
        return ground_velocity(state[SPEED], state[TRACK], state[RATE], 1, difference, who[NAC_V], fast)
    if kind == IDENTIFICATION:
        return identification(who[TYPECODE], who[CATEGORY], who[CALLSIGN])
    if kind == EMERGENCY:
        return emergency_status(who[EMERGENCY_STATE], who[SQUAWK])
    if kind == ADVISORY:
        return resolution_advisory(detail)
    if kind == TARGET:
        return target_state(
            state[SELECTED], state[QNH], state[MAGNETIC], who[NAC_P], who[NIC_BARO], who[SIL], who[MODES]
        )
    on_ground = state[ON_GROUND] > 0.0
    # Supplements A and B tell NIC 9 and 3 from 8 and 2 in the air and A and C 7 and 6 on the ground:
    # DO-260B table 2-14.
    supplement_a = 1 if nic == 9 or nic == (7 if on_ground else 3) else 0
    supplement_c = 1 if on_ground and (nic == 7 or nic == 6) else 0
    return operational_status(
        on_ground, version, supplement_a, supplement_c, who[NAC_P], who[NAC_V], who[GVA], who[SIL], who[NIC_BARO],
        who[SDA], who[ACAS],
    )  # fmt: skip


@scalar
def rebroadcast_flag(kind):
    """The bit of the message that tells an address that is not an ICAO address, in TIS-B and ADS-R; 0 if it has none.

    source  RTCA DO-260B 2.2.17.3 and 2.2.18.4
    """
    if kind == AIRBORNE:
        return 1 << 48
    if kind == SURFACE:
        return 1 << 35
    if kind == VELOCITY:
        return 1 << 47
    if kind == TARGET:
        return 1 << 5
    if kind == OPERATIONAL:
        return 1
    return 0


@scalar
def register_content(bds, state, who):
    """The 56 bits of a Comm-B register; 0 for one that the aircraft does not keep up."""
    if bds == 0x10:
        return data_link_capability(who[ACAS])
    if bds == 0x17:
        return common_usage(who[METEOROLOGICAL])
    if bds == 0x20:
        return aircraft_identification(who[CALLSIGN])
    if bds == 0x30:
        return 0x30 << 48
    if bds == 0x40:
        return vertical_intention(state[SELECTED], np.nan, state[QNH], who[MODES] >> 2 & 7)
    if bds == 0x44 and who[METEOROLOGICAL]:
        return meteorological_report(state[WIND], state[WIND_FROM], state[TEMPERATURE], state[PRESSURE])
    if bds == 0x50:
        return track_and_turn(state[ROLL], state[TRACK], state[SPEED], state[TRACK_RATE], state[TAS])
    if bds == 0x60:
        return heading_and_speed(state[MAGNETIC], state[IAS], state[MACH], state[RATE], state[RATE])
    return 0


@scalar
def flight_status(on_ground, alert):
    """FS field: 0 airborne, 1 on the ground; 2 and 3 the same with an alert.

    source  ICAO Annex 10 Vol. IV, 3.1.2.6.5.1
    """
    return (1 if on_ground else 0) | (2 if alert else 0)


@kernel
def fill_transmissions(kind, detail, who, state, identity, out_data, out_length):
    """Encode one frame a row.

    kind        (n,)     uint8     index into KINDS
    detail      (n,)     int64     see KINDS
    who         (n,)     int32     row of `identity`
    state       (n, 21)  float64   see STATE
    identity    (a, 22)  int64     see IDENTITY
    out_data    (n, 14)  uint8
    out_length  (n,)     uint8     7 or 14
    """
    for i in range(len(kind)):
        now = state[i]
        me = identity[who[i]]
        icao = me[ICAO]
        sent = int(kind[i])
        ground = now[ON_GROUND] > 0.0
        # Every kind is brought to the same five parts, so that the writers are compiled into this loop once.
        code = 0
        status = flight_status(ground, me[ALERT])
        message = 0
        overlay = icao
        if sent in (DF5, DF21):
            code = identity_code(me[SQUAWK])
        elif sent >= DF0:
            code = altitude_code_13(now[ALTITUDE])
        if sent < DF0 and sent != ALL_CALL:
            message = squitter_message(sent, detail[i], now, me)
            control = me[CONTROL]
            if me[DF] == 18:
                if me[IMF]:
                    message |= rebroadcast_flag(sent)
            elif ground and control == 5:
                control = 4
            first, middle, overlay, long = me[DF] << 3 | control, icao, 0, True
        elif sent == ALL_CALL:
            first, middle, overlay, long = 11 << 3 | (4 if ground else 5), icao, detail[i], False
        elif sent in (DF0, DF16):
            # Reply information 3: ACAS with vertical resolution; 0 none. The short one is cross-link capable.
            long = sent == DF16
            first = (16 << 3 if long else 2) | (4 if ground else 0)
            middle = (3 if me[ACAS] else 0) << 15 | code
            message = 0x30 << 48 | detail[i]
        else:
            long = sent >= DF20
            first = (4 + (sent - DF4) if not long else 20 + (sent - DF20)) << 3 | status
            middle = code
            if long:
                message = register_content(detail[i], now, me)
        if long:
            write_long(out_data[i], first, middle, message, overlay)
            out_length[i] = 14
        else:
            write_short(out_data[i], first, middle, overlay)
            out_length[i] = 7
