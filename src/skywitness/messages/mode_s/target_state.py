"""Layouts of target state and status, type code 29: subtype 0 of version 1, subtype 1 of version 2.

RTCA DO-260A 2.2.3.2.7.1 and DO-260B 2.2.3.2.7.1. Version 0 sent another type code 29 (trajectory intent) that nobody
fitted.
"""

from __future__ import annotations

from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.registers import REGISTERS
from skywitness.messages.mode_s.status import code, reserved

__all__ = ["TARGET_STATE_1", "TARGET_STATE_2"]

SECTION = "RTCA DO-260A 2.2.3.2.7.1.3"

TARGET_STATE_2 = Layout(
    "TC 29/1", "target state and status, version 2", REGISTERS[0x62].fields, "RTCA DO-260B 2.2.3.2.7.1"
)

TARGET_STATE_1 = Layout(
    "TC 29/0",
    "target state and status, version 1",
    (
        code(1, 5, "typecode", 29, "type code"),
        code(6, 7, "subtype", 0, "0 target state and status of version 1"),
        Field(
            "vertical_source",
            8,
            9,
            "enum",
            values=("none", "MCP or FCU", "holding altitude", "FMS or RNAV"),
            section=f"{SECTION}.2",
            doc="vertical data: there at all, and who gave the target altitude",
        ),
        Field(
            "target_altitude_type",
            10,
            10,
            "enum",
            values=("flight level", "above mean sea level"),
            section=f"{SECTION}.3",
            doc="reference of the target altitude",
        ),
        reserved(11, 11),
        Field(
            "target_altitude_capability",
            12,
            13,
            "enum",
            values=("holding altitude", "holding or panel", "holding, panel or FMS", "reserved"),
            section=f"{SECTION}.5",
            doc="which target altitudes the aircraft can tell",
        ),
        Field(
            "vertical_mode",
            14,
            15,
            "enum",
            values=("unknown", "acquiring", "capturing or maintaining", "reserved"),
            section=f"{SECTION}.6",
            doc="vertical mode",
        ),
        Field(
            "target_altitude_ft",
            16,
            25,
            scale=100,
            offset=-1000,
            unit="ft",
            section=f"{SECTION}.7",
            doc="target altitude",
        ),
        Field(
            "horizontal_source",
            26,
            27,
            "enum",
            values=("none", "MCP or FCU", "maintaining heading or track", "FMS or RNAV"),
            section=f"{SECTION}.8",
            doc="horizontal data: there at all, and who gave the target angle",
        ),
        Field("target_angle_deg", 28, 36, unit="deg", section=f"{SECTION}.9", doc="target heading or track"),
        Field(
            "target_angle",
            37,
            37,
            "enum",
            values=("heading", "track"),
            section=f"{SECTION}.10",
            doc="what the target angle is",
        ),
        Field(
            "horizontal_mode",
            38,
            39,
            "enum",
            values=("unknown", "acquiring", "capturing or maintaining", "reserved"),
            section=f"{SECTION}.11",
            doc="horizontal mode",
        ),
        Field("nac_p", 40, 43, section=f"{SECTION}.12", doc="navigation accuracy category for position"),
        Field("nic_baro", 44, 44, section=f"{SECTION}.13", doc="1 the pressure altitude is cross-checked"),
        Field("sil", 45, 46, section=f"{SECTION}.14", doc="surveillance integrity level"),
        reserved(47, 51),
        Field("tcas_absent", 52, 52, "flag", section=f"{SECTION}.16", doc="TCAS is not fitted or not operating"),
        Field("ra_active", 53, 53, "flag", section=f"{SECTION}.16", doc="an ACAS resolution advisory is active"),
        Field(
            "emergency",
            54,
            56,
            "enum",
            values=REGISTERS[0x61].fields[2].values,
            section=f"{SECTION}.17",
            doc="emergency or priority state",
        ),
    ),
    SECTION,
)
