"""Decoded UAT downlinks out: one row a message, its elements side by side as columns."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa

from skywitness.batches import PROVENANCES, UNTIMED
from skywitness.frames.formats.uat import UatFrames
from skywitness.messages.uat.decode import decode_uat
from skywitness.messages.uat.message import UatMessage

__all__ = ["UAT_SCHEMA", "uat_table"]

_TEXT, _INT, _FLOAT, _FLAG = pa.string(), pa.int32(), pa.float64(), pa.bool_()

_HEARD = (
    ("time", pa.timestamp("ns", "UTC"), "when it was received"),
    ("frame", _TEXT, "the message as received, lower-case hex"),
    ("reception", pa.int64(), "reception: segment << 32 | row"),
    ("receiver", _INT, "index of the receiver in the input"),
    ("signal_dbfs", _FLOAT, "level"),
    ("corrected", _INT, "symbols repaired by the receiver's error correction"),
    ("provenance", _TEXT, "received, imported or simulated"),
)
_SAID = (
    ("icao24", _TEXT, "address, lower-case hex; of ICAO only if the qualifier says so"),
    ("address_qualifier", _TEXT, "whose address it is and who sent the message"),
    ("payload_type", _INT, "which elements the message has"),
    ("lat_deg", _FLOAT, "WGS-84, north positive"),
    ("lon_deg", _FLOAT, "WGS-84, east positive"),
    ("nic", _INT, "navigation integrity category"),
    ("altitude_ft", _INT, "pressure altitude"),
    ("altitude_geom_ft", _INT, "height above the WGS-84 ellipsoid"),
    ("air_ground", _TEXT, "in the air, supersonic, or on the ground"),
    ("north_kt", _INT, "velocity to the north"),
    ("east_kt", _INT, "velocity to the east"),
    ("groundspeed_kt", _FLOAT, "speed over ground"),
    ("track_deg", _FLOAT, "true track over ground"),
    ("heading_deg", _FLOAT, "heading, on the ground"),
    ("heading_reference", _TEXT, "magnetic or true"),
    ("vertical_rate_fpm", _INT, "positive up"),
    ("vertical_rate_source", _TEXT, "geometric or barometric"),
    ("length_m", _FLOAT, "upper bound of the length, on the ground"),
    ("width_m", _FLOAT, "upper bound of the width, on the ground"),
    ("position_offset_applied", _FLAG, "position of the airframe, not of the antenna"),
    ("utc_coupled", _FLAG, "timed by UTC"),
    ("uplink_feedback", _INT, "uplinks received lately, as a code"),
    ("tisb_site_id", _INT, "ground station that sent it"),
    ("emitter_category", _INT, "kind of aircraft or vehicle, as a number"),
    ("category", _TEXT, "the same as a letter and a digit"),
    ("callsign", _TEXT, "call sign"),
    ("squawk", _TEXT, "Mode A code"),
    ("emergency", _TEXT, "emergency or priority status"),
    ("version", _INT, "0 DO-282, 1 DO-282A, 2 DO-282B"),
    ("sil", _INT, "source integrity level"),
    ("transmit_mso", _INT, "six low bits of the slot it was sent in"),
    ("sda", _INT, "system design assurance"),
    ("nac_p", _INT, "navigation accuracy category for position"),
    ("nac_v", _INT, "navigation accuracy category for velocity"),
    ("nic_baro", _INT, "pressure altitude was cross-checked"),
    ("uat_in", _FLAG, "receives UAT"),
    ("es_in", _FLAG, "receives 1090 MHz extended squitters"),
    ("cdti", _FLAG, "traffic display fitted"),
    ("acas_operational", _FLAG, "ACAS is operating"),
    ("ra_active", _FLAG, "an ACAS resolution advisory is active"),
    ("ident_active", _FLAG, "the pilot has pressed IDENT"),
    ("receiving_atc", _FLAG, "receiving ATC services"),
    ("track_is_magnetic_heading", _FLAG, "target track angles are magnetic headings"),
    ("sil_per_sample", _FLAG, "SIL is a chance per sample, not per hour"),
    ("gva", _INT, "geometric vertical accuracy"),
    ("single_antenna", _FLAG, "one antenna only"),
    ("nic_supplement", _INT, "tells two radii of one NIC apart"),
    ("selected_altitude_ft", _INT, "altitude selected"),
    ("selected_altitude_source", _TEXT, "mcp or fms"),
    ("qnh_hpa", _FLOAT, "pressure set"),
    ("selected_heading_deg", _FLOAT, "heading selected"),
    ("autopilot", _FLAG, "engaged"),
    ("vnav", _FLAG, "engaged"),
    ("altitude_hold", _FLAG, "engaged"),
    ("approach", _FLAG, "engaged"),
    ("lnav", _FLAG, "engaged"),
)
UNITS = {"deg": "deg", "ft": "ft", "kt": "kt", "fpm": "ft/min", "m": "m", "hpa": "hPa", "dbfs": "dBFS"}
DECIMALS = {"lat_deg": 6, "lon_deg": 6, "groundspeed_kt": 1, "track_deg": 1, "qnh_hpa": 1, "signal_dbfs": 1}
"""Of values that are computed; the others are exact multiples of a binary fraction."""

UAT_SCHEMA = pa.schema(
    [
        pa.field(name, kind, metadata={"unit": UNITS.get(name.rsplit("_", 1)[-1], ""), "doc": doc})
        for name, kind, doc in (*_HEARD, *_SAID)
    ]
)
"""Columns of the files; names shared with Mode S messages mean the same."""


def uat_table(frames: UatFrames, provenance: int) -> pa.Table:
    """Decode the downlinks among these frames; uplinks have no row.

    provenance  index into PROVENANCES
    """
    rows = [_row(frames, i, PROVENANCES[provenance]) for i in np.flatnonzero(frames.uplink == 0).tolist()]
    return pa.Table.from_pylist(rows, schema=UAT_SCHEMA)


def _row(frames: UatFrames, i: int, provenance: str) -> dict[str, Any]:
    payload = frames.data[i, : frames.length[i]].tobytes()
    row: dict[str, Any] = {
        "time": None if frames.time_ns[i] == UNTIMED else int(frames.time_ns[i]),
        "frame": payload.hex(),
        "reception": int(frames.id[i]),
        "receiver": int(frames.receiver[i]),
        "signal_dbfs": None if np.isnan(frames.rssi_dbfs[i]) else float(frames.rssi_dbfs[i]),
        "corrected": None if frames.corrected[i] == 255 else int(frames.corrected[i]),
        "provenance": provenance,
    }
    row |= _values(decode_uat(payload))
    return {
        name: round(value, DECIMALS[name]) if name in DECIMALS and value is not None else value
        for name, value in row.items()
    }


def _values(message: UatMessage) -> dict[str, Any]:
    """Every field by name; the altitudes are those of whichever element carries them."""
    found: dict[str, Any] = {}
    for element in (message.state, message.mode, message.target):
        if element is not None:
            found |= {field.name: getattr(element, field.name) for field in dataclasses.fields(element)}
    return found | {
        "payload_type": message.payload_type,
        "address_qualifier": message.address_qualifier,
        "icao24": message.icao24,
        "altitude_ft": message.altitude_ft,
        "altitude_geom_ft": message.altitude_geom_ft,
    }
