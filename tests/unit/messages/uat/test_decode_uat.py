"""Every downlink of two recordings against the text another decoder made of one of them, field by field."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import zstandard

from skywitness.batches import POSITION_SOURCES
from skywitness.errors import FormatError
from skywitness.frames.formats.uat import UatReader
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.messages.uat.decode import decode_uat
from skywitness.messages.uat.decoder import UatDecoder
from skywitness.messages.uat.message import AIR_GROUND_STATES, UatMessage

QUALIFIERS = {
    "adsb_icao": "ICAO address via ADS-B",
    "tisb_icao": "ICAO address via TIS-B",
    "tisb_track_file": "TIS-B track file address",
}
CATEGORIES = {0: "No information", 1: "Light <= 7000kg", 2: "Medium Wake 7000-34000kg"}


def read_text(path: Path) -> list[dict[str, str]]:
    """Downlinks as they were printed: a mapping of "element.label" to text for each."""
    text = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read().decode()
    found = []
    element = ""
    for line in text.splitlines():
        if line == "HDR:":
            found.append({})
        if match := re.fullmatch(r"([A-Z]+):", line):
            element = match[1]
        elif element in ("HDR", "SV", "MS", "AUXSV") and (match := re.match(r" ([^:]+):\s*(.*)", line)):
            found[-1][f"{element}.{match[1]}"] = match[2].strip()
        elif not line.startswith(" "):
            element = ""
    return found


def altitude_text(baro_ft: int | None, geom_ft: int | None) -> str:
    if baro_ft is None and geom_ft is None:
        return "unavailable"
    return f"{baro_ft} ft (barometric)" if geom_ft is None else f"{geom_ft} ft (geometric)"


def as_text(message: UatMessage) -> dict[str, str]:
    """Our decode in the words of the other decoder."""
    state = message.state
    found = {
        "HDR.MDB Type": str(message.payload_type),
        "HDR.Address": f"{message.icao24.upper()} ({QUALIFIERS[message.address_qualifier]})",
        "SV.NIC": str(state.nic),
        "SV.Latitude": f"{state.lat_deg:+.4f}",
        "SV.Longitude": f"{state.lon_deg:+.4f}",
        "SV.Altitude": altitude_text(state.altitude_ft, state.altitude_geom_ft),
        "SV.N/S velocity": f"{state.north_kt} kt",
        "SV.E/W velocity": f"{state.east_kt} kt",
        "SV.Track": str(int(state.track_deg)),
        "SV.Speed": f"{int(state.groundspeed_kt)} kt",
        "SV.Vertical rate": f"{state.vertical_rate_fpm} ft/min (from {state.vertical_rate_source} altitude)",
        "SV.UTC coupling": "yes" if state.utc_coupled else "no",
        "SV.TIS-B site ID": str(state.tisb_site_id or 0),
    }
    if state.vertical_rate_fpm is None:
        found["SV.Vertical rate"] = "unavailable"
    if message.mode is not None:
        mode = message.mode
        found |= {
            "MS.Emitter category": CATEGORIES[mode.emitter_category],
            "MS.Callsign": mode.callsign or (f"squawk {mode.squawk}" if mode.squawk else "unavailable"),
            "MS.Emergency status": "No emergency" if mode.emergency == "none" else mode.emergency,
            "MS.UAT version": str(mode.version),
            "MS.SIL": str(mode.sil),
            "MS.Transmit MSO": str(mode.transmit_mso),
            "MS.NACp": str(mode.nac_p),
            "MS.NACv": str(mode.nac_v),
            "MS.NICbaro": str(mode.nic_baro),
        }
    if message.auxiliary is not None:
        auxiliary = message.auxiliary
        found["AUXSV.Sec. altitude"] = altitude_text(auxiliary.altitude_ft, auxiliary.altitude_geom_ft)
    return found


@pytest.fixture(scope="module")
def sample(data_dir):
    return gzip.open(data_dir / "uat" / "dump978_sample.txt.gz").read()


def downlinks(reader: UatReader, data: bytes):
    frames = reader.push(data)
    return frames.take(frames.uplink == 0)


def test_every_downlink_agrees_field_by_field(sample, data_dir):
    truth = read_text(data_dir / "uat" / "dump978_sample.decoded.txt.zst")
    reader = UatReader()
    frames = downlinks(reader, sample)
    assert len(truth) == len(frames) == reader.counts["downlink"] == 439
    assert reader.counts["uplink"] == len(reader.uplinks) == 704
    compared = 0
    capabilities = Counter()
    for row, length, expected in zip(frames.data, frames.length, truth, strict=True):
        message = decode_uat(row[:length].tobytes())
        # That decoder follows DO-282A, whose bits 1 and 2 of byte 27 are CDTI and ACAS; in version 2 messages
        # DO-282B, 2.2.4.5.4.11, has UAT in, 1090 in and TCAS there. So compare by version.
        told = expected.pop("MS.Capabilities", None)
        if message.mode is not None:
            mode = message.mode
            first, second = (mode.uat_in, mode.es_in) if mode.version == 2 else (mode.cdti, mode.acas_operational)
            assert told == ("CDTI " * first + "ACAS" * second).strip()
            capabilities[mode.version, told] += 1
            assert expected.pop("MS.Active modes") == ""
            assert not mode.ident_active
            assert not mode.receiving_atc
            assert expected.pop("MS.Target track type") == "true heading"
            assert not mode.track_is_magnetic_heading
        assert as_text(message) == expected
        compared += len(expected)
    assert compared == 439 * 13 + 192 * 9 + 270
    assert capabilities == {(1, ""): 42, (1, "ACAS"): 9, (2, ""): 73, (2, "CDTI ACAS"): 68}


def test_positions_carry_what_was_said(sample):
    reader, decoder = UatReader(segment=3), UatDecoder()
    positions = decoder.push(reader.push(sample))
    assert len(positions) == 439
    assert set(positions.parent >> 32) == {3}
    assert set(np.array(POSITION_SOURCES)[positions.source]) == {"uat", "tisb"}
    first = positions.slice(0, 1)
    assert (first.icao[0], first.altitude_ft[0], first.groundspeed_kt[0]) == (0xA66EF1, 1000.0, np.float32(118.4))
    assert abs(first.lat_deg[0] - 37.4534) < 5e-5
    names = {callsign_text(int(c)) for c in positions.callsign[positions.icao == 0xA66EF1] if c}
    assert names == {"N5130E"}
    assert set(positions.squawk[positions.icao == 0xA66EF1]) >= {0o322}


def test_drive_of_2015_reads_whole(data_dir):
    path = data_dir / "uat" / "stratux_20150907_uat.log.zst"
    reader, decoder = UatReader(), UatDecoder()
    frames = reader.push(zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read())
    assert (reader.counts["downlink"], reader.counts["uplink"]) == (303, 383)
    assert frames.time_ns[0] == 1441635461 * 10**9 + 597318177
    positions = decoder.push(frames)
    assert len(positions) + decoder.counts["no_position"] == 303
    # Around Reading in Pennsylvania, and no aircraft jumps: at most 0.3 nmi a second between its own reports.
    assert np.all((positions.lat_deg > 39) & (positions.lat_deg < 42))
    for icao in np.unique(positions.icao):
        mine = positions.take(positions.icao == icao)
        step_deg = np.abs(np.diff(mine.lat_deg)) + np.abs(np.diff(mine.lon_deg)) * 0.7
        assert np.all(step_deg * 60 <= 0.3 * np.diff(mine.time_ns) / 1e9 + 0.1)


def built(payload_type: int, **fields: tuple[int, int, int, int, int]) -> bytes:
    """34 bytes with the given fields set: name=(first byte, bit, last byte, bit, value)."""
    value = payload_type << 8 * 33 + 3
    for first_byte, first_bit, last_byte, last_bit, content in fields.values():
        assert content.bit_length() <= 8 * (last_byte - first_byte) + last_bit - first_bit + 1
        value |= content << 8 * (34 - last_byte) + 8 - last_bit
    return value.to_bytes(34, "big")


def test_surface_message_has_size_and_heading():
    payload = built(
        1,
        air_ground=(13, 1, 13, 2, 2),
        speed=(13, 4, 14, 6, 11),
        kind=(14, 7, 14, 8, 2),
        angle=(15, 1, 16, 1, 256),
        size=(16, 2, 16, 5, 5),
        offset=(16, 6, 16, 6, 1),
    )
    state = decode_uat(payload).state
    assert state.is_on_ground
    assert (state.groundspeed_kt, state.track_deg, state.heading_deg) == (10.0, None, 180.0)
    assert (state.heading_reference, state.length_m, state.width_m) == ("magnetic", 35.0, 38.0)
    assert state.position_offset_applied
    assert state.lat_deg is None


def test_quadrants():
    for lat, lon in ((-33.946, 151.177), (51.47, -0.45), (-0.001, -179.999), (89.9, 179.999)):
        payload = built(
            0,
            lat=(5, 1, 7, 7, round(lat * 2**24 / 360) & 0x7FFFFF),
            lon=(7, 8, 10, 7, round(lon * 2**24 / 360) & 0xFFFFFF),
        )[:18]
        state = decode_uat(payload).state
        assert abs(state.lat_deg - lat) < 1.1e-5
        assert abs(state.lon_deg - lon) < 1.1e-5


def test_supersonic_counts_in_4_kt():
    payload = built(0, state=(13, 1, 13, 2, 1), north=(13, 4, 14, 6, 1 << 10 | 201), east=(14, 7, 16, 1, 1))
    state = decode_uat(payload).state
    assert (state.north_kt, state.east_kt, state.groundspeed_kt, state.track_deg) == (-800, 0, 800.0, 180.0)
    assert state.air_ground == AIR_GROUND_STATES[1]


def test_target_state_of_both_places():
    for payload_type, byte in ((4, 30), (6, 25)):
        payload = built(
            payload_type,
            altitude=(byte, 2, byte + 1, 4, 1001),
            pressure=(byte + 1, 5, byte + 2, 5, 268),
            heading=(byte + 2, 6, byte + 3, 7, 1 << 9 | 128),
            modes=(byte + 3, 8, byte + 4, 5, 0b110001),
        )
        target = decode_uat(payload).target
        assert (target.selected_altitude_ft, target.selected_altitude_source) == (32000, "mcp")
        assert target.qnh_hpa == pytest.approx(1013.6)
        assert target.selected_heading_deg == 90.0
        assert (target.autopilot, target.vnav, target.lnav) == (True, False, True)


def test_nothing_known_is_none():
    message = decode_uat(bytes(34))
    assert message.state.lat_deg is None
    assert message.altitude_ft is message.altitude_geom_ft is message.state.groundspeed_kt is None
    assert decode_uat(bytes([31 << 3, *bytes(17)])).state is None


def test_other_lengths_are_named():
    with pytest.raises(FormatError, match="18 or 34"):
        decode_uat(bytes(432))
