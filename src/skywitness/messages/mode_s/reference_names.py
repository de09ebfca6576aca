"""The reference pages of messages: every layout, and what each value is called here and elsewhere.

The pages are made of the layouts themselves; `docs/generate.py` writes them and a test holds them up to date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from skywitness.batches import Positions
from skywitness.messages.mode_s.catalogue import fields_of
from skywitness.messages.mode_s.column_plan import GROUPS
from skywitness.messages.mode_s.columns import SCHEMA
from skywitness.messages.mode_s.extended_squitter import CATEGORY_WORDS
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.registers import REGISTERS
from skywitness.messages.mode_s.surveillance import FORMATS

__all__ = ["NAMES", "Name", "messages_page", "names_page"]


@dataclass(frozen=True, slots=True)
class Name:
    """What one value is called."""

    message: str = ""
    """By `decode` and in its files; empty if no single message says it."""
    positions: str = ""
    """Column of Positions."""
    tracks: str = ""
    """Column of track exports."""
    jet1090: str = ""
    readsb: str = ""


NAMES: tuple[Name, ...] = (
    Name("time", "time_ns", "time, timestamp", "timestamp", "now - seen_pos"),
    Name("frame", "", "", "frame"),
    Name("icao24", "icao", "icao24", "icao24", "hex"),
    Name("address_kind", "address_kind", "", "", "hex (leading ~)"),
    Name("df", "", "", "df"),
    Name("typecode", "", "", "tc"),
    Name("bds", "", "", "bds, bds20, bds40, ..."),
    Name("callsign", "callsign", "callsign", "callsign", "flight"),
    Name("category", "", "", "wake_vortex", "category"),
    Name("squawk", "squawk", "squawk", "squawk", "squawk"),
    Name("emergency", "", "", "emergency_state", "emergency"),
    Name("alert", "", "", "", "alert"),
    Name("spi", "", "", "", "spi"),
    Name("on_ground", "on_ground", "on_ground", "", 'alt_baro ("ground")'),
    Name("", "lat_deg", "latitude", "latitude", "lat"),
    Name("", "lon_deg", "longitude", "longitude", "lon"),
    Name("cpr_lat", "", "", "lat_cpr"),
    Name("cpr_lon", "", "", "lon_cpr"),
    Name("cpr_odd", "", "", "parity (odd, even)"),
    Name("altitude_ft", "altitude_ft", "altitude_baro_ft", "altitude", "alt_baro"),
    Name("altitude_geom_ft", "altitude_geom_ft", "altitude_geom_ft", "altitude", "alt_geom"),
    Name("geo_minus_baro_ft", "", "", "geo_minus_baro"),
    Name("groundspeed_kt", "groundspeed_kt", "groundspeed_kt", "groundspeed", "gs"),
    Name("track_deg", "track_deg", "track_deg", "track", "track"),
    Name("vertical_rate_fpm", "vertical_rate_fpm", "vertical_rate_fpm", "vertical_rate", "baro_rate, geom_rate"),
    Name("vertical_rate_source", "", "", "vrate_src"),
    Name("heading_deg", "", "", "heading", "mag_heading, true_heading"),
    Name("ias_kt", "", "", "IAS, airspeed", "ias"),
    Name("tas_kt", "", "", "TAS, airspeed", "tas"),
    Name("mach", "", "", "Mach", "mach"),
    Name("roll_deg", "", "", "roll", "roll"),
    Name("track_rate_deg_s", "", "", "track_rate", "track_rate"),
    Name("baro_rate_fpm", "", "", "vrate_barometric", "baro_rate"),
    Name("inertial_rate_fpm", "", "", "vrate_inertial", "geom_rate"),
    Name("mcp_altitude_ft", "", "", "selected_mcp", "nav_altitude_mcp"),
    Name("fms_altitude_ft", "", "", "selected_fms", "nav_altitude_fms"),
    Name("selected_altitude_ft", "", "", "selected_altitude", "nav_altitude_mcp, nav_altitude_fms"),
    Name("selected_heading_deg", "", "", "selected_heading", "nav_heading"),
    Name("qnh_hpa", "", "", "barometric_setting", "nav_qnh"),
    Name("autopilot", "", "", "autopilot", "nav_modes: autopilot"),
    Name("vnav", "", "", "", "nav_modes: vnav"),
    Name("altitude_hold", "", "", "", "nav_modes: althold"),
    Name("approach", "", "", "", "nav_modes: approach"),
    Name("lnav", "", "", "", "nav_modes: lnav"),
    Name("tcas_operational", "", "", "tcas_operational", "nav_modes: tcas"),
    Name("wind_speed_kt", "", "", "wind_speed", "ws"),
    Name("wind_direction_deg", "", "", "wind_direction", "wd"),
    Name("sat_c", "", "", "temperature, static_temperature", "oat"),
    Name("static_pressure_hpa", "", "", "pressure, static_pressure"),
    Name("turbulence", "", "", "turbulence"),
    Name("humidity_percent", "", "", "humidity"),
    Name("radio_height_ft", "", "", "radio_height"),
    Name("adsb_version", "", "", "version", "version"),
    Name("", "nic", "nic", "", "nic"),
    Name("nuc_p", "", "", "NUCp"),
    Name("nic_supplement_b", "", "", "NICb"),
    Name("nic_baro", "", "", "", "nic_baro"),
    Name("nac_p", "nac_p", "nac_p", "NACp", "nac_p"),
    Name("nac_v", "", "", "NACv", "nac_v"),
    Name("sil", "", "", "SIL", "sil"),
    Name("sil_basis", "", "", "", "sil_type"),
    Name("gva", "", "", "GVA", "gva"),
    Name("sda", "", "", "", "sda"),
    Name("heading_reference", "", "", "HRD"),
    Name("registration", "", "registration", "registration", "r"),
    Name("airline", "", "", "airline"),
    Name("advisory", "", "", "", "acas_ra.advisory"),
    Name("advisory_complement", "", "", "", "acas_ra.advisory_complement"),
    Name("ara", "", "", "issued_ra, corrective, ...", "acas_ra.ARA"),
    Name("ra_terminated", "", "", "", "acas_ra.RAT"),
    Name("multiple_threats", "", "", "", "acas_ra.MTE"),
    Name("rac", "", "", "", "acas_ra.RAC"),
    Name("threat_type", "", "", "threat_type", "acas_ra.TTI"),
    Name("threat_icao24", "", "", "threat_identity", "acas_ra.threat_id_hex"),
    Name("signal_dbfs", "signal_dbfs", "", "metadata.rssi", "rssi"),
    Name("receiver", "receivers", "receivers", "metadata.serial", "rId"),
    Name("", "source", "source", "", "type"),
)
"""Only values that have a name elsewhere, or in another table of ours; all others are on the page of messages."""

INTRODUCTION = """\
# Names

One value has one name in the files of `skywitness decode` and as an attribute of `skywitness.decode(...)`, another in
the tables inside the package, and others again in the formats of other programs. Names elsewhere appear only in those
formats. Units are those of the first column's name.
"""

MESSAGES_INTRODUCTION = """\
# Messages

Every field of every message that is decoded, from the tables the decoder itself reads. Bits count from 1: of the frame
for downlink formats, of the 56-bit message (ME, MV or MB, bits 33 to 88 of the frame) for all others. `decode`,
`explain` and the columns of `skywitness decode` use these names; a value without a name is not given out.
"""


def names_page() -> str:
    """Markdown that maps our names and those of other programs."""
    doc = {field.name: (field.metadata or {}).get(b"doc", b"").decode() for field in SCHEMA}
    doc |= {name: Positions.schema().field(name).metadata[b"doc"].decode() for name in Positions.names()} | doc
    rows = ["| decode | positions | track export | jet1090 | readsb | meaning |", "|---|---|---|---|---|---|"]
    for name in NAMES:
        meaning = doc.get(name.message) or doc.get(name.positions) or _OTHER[name.message]
        cells = (name.message, name.positions, name.tracks, name.jet1090, name.readsb)
        rows.append(f"| {' | '.join(_code(cell) for cell in cells)} | {meaning} |")
    return f"{INTRODUCTION}\n" + "\n".join(rows) + "\n"


_OTHER = {
    "frame": "the frame as received, lower-case hex",
    "signal_dbfs": "level of the pulses",
    "receiver": "who heard it",
}


def messages_page() -> str:
    """Markdown of all layouts, and of all columns of `decode_table`."""
    parts = [MESSAGES_INTRODUCTION, "## Downlink formats\n"]
    parts += [_layout(layout) for layout in FORMATS.values()]
    parts.append("## Messages of extended squitters and of ACAS\n")
    inside = [layout for layout in GROUPS if layout not in FORMATS.values() and layout not in REGISTERS.values()]
    parts += [_layout(layout) for layout in inside if not _is_variant(layout)]
    parts.append(
        "ADS-R repeats these messages with the ICAO/Mode A flag (`not_icao`) in one bit: "
        + ", ".join(sorted(_flag_places()))
        + ".\n"
    )
    parts.append("## Comm-B registers\n")
    parts += [_layout(layout) for layout in REGISTERS.values()]
    parts.append("## Emitter categories\n")
    parts.append("\n".join(f"- {code}: {words}" for code, words in CATEGORY_WORDS.items()) + "\n")
    parts.append("## Columns\n")
    parts.append(_columns())
    return "\n".join(parts)


def _is_variant(layout: Layout) -> bool:
    return layout.name.startswith("ADS-R")


def _flag_places() -> Iterator[str]:
    for layout in GROUPS:
        if _is_variant(layout):
            bit = next(field.first for field in layout.fields if field.name == "not_icao")
            yield f"{layout.name.removeprefix('ADS-R ')} bit {bit}"


def _layout(layout: Layout) -> str:
    rows = [
        f"### {layout.name}: {layout.title}\n",
        f"{layout.section}\n",
        "| bits | name | how it is read | meaning |",
        "|---|---|---|---|",
    ]
    named = {id(field) for field in fields_of(layout)}
    for field in (*layout.fields, *layout.derived):
        bits = f"{field.first}-{field.last}" if field.last > field.first else f"{field.first}"
        name = _code(field.name) if id(field) in named else ""
        rows.append(f"| {bits} | {name} | {_reading(field)} | {_meaning(field)} |")
    return "\n".join(rows) + "\n"


def _reading(field: Field) -> str:
    words = {
        "uint": "",
        "int": "two's complement",
        "altitude_ac12": "altitude code, 12 bits",
        "altitude_ac13": "altitude code, 13 bits",
        "sign_magnitude": "sign, then magnitude from 1",
        "lookup": "by a table",
        "callsign": "6-bit characters",
        "characters": "6-bit characters",
    }.get(field.kind, field.kind.replace("_", " "))
    parts = [words] if words else []
    if field.kind in ("uint", "int", "sign_magnitude") and (field.scale != 1 or field.offset):
        parts.append(f"x {field.scale:.9g}" + (f" {field.offset:+.9g}" if field.offset else ""))
    if field.unit:
        parts.append(field.unit)
    if field.constant is not None:
        parts.append(f"always {field.constant}")
    if field.missing is not None:
        parts.append(f"{field.missing} is none")
    if field.status:
        parts.append(f"if bit {field.status} is 1")
    return ", ".join(parts)


def _meaning(field: Field) -> str:
    text = field.doc or ("reserved" if field.kind == "reserved" else "")
    if field.kind == "enum" and len(field.values) <= 16:
        text += ": " + "; ".join(f"{number} {word}" for number, word in enumerate(field.values) if word)
    return text.replace("|", "\\|")


def _columns() -> str:
    rows = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for field in SCHEMA:
        kind = str(field.type).replace("dictionary<values=string, indices=", "words by ").split(", ordered")[0]
        unit, meaning = field.metadata[b"unit"].decode(), field.metadata[b"doc"].decode()
        rows.append(f"| `{field.name}` | {kind} | {unit} | {meaning} |")
    return "\n".join(rows) + "\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
