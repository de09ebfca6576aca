"""Every layout: what is composed is decoded again; and the columns say what `decode` says, of any frame."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.batches import Frames
from skywitness.errors import FormatError
from skywitness.messages.mode_s.catalogue import LAYOUTS, payload_layout
from skywitness.messages.mode_s.columns import SCHEMA, decode_table
from skywitness.messages.mode_s.compose import compose, compose_message, layout_named
from skywitness.messages.mode_s.decode import decode
from skywitness.messages.mode_s.layout import Layout
from skywitness.messages.mode_s.reading import read_all
from skywitness.messages.mode_s.surveillance import FORMATS

MESSAGES = [layout for layout in LAYOUTS if layout not in FORMATS.values()]
ONLY_IN_COLUMNS = {"time", "status", "reception", "address_kind", "gicb_common", "gicb_specific_1", "gicb_specific_2"}
ONLY_IN_DECODE = {"bds_code", "vds"}


def packed_values(layout: Layout, message: int) -> dict[str, Any]:
    """Values of the fields themselves, without the derived ones."""
    derived = {id(field) for field in layout.derived}
    return {
        field.name: value
        for field, _, value in read_all(layout, message)
        if field.name and value is not None and id(field) not in derived
    }


def packable(value: Any) -> bool:
    return not (isinstance(value, str) and "#" in value)


@pytest.mark.parametrize("layout", MESSAGES, ids=lambda layout: layout.name)
def test_what_is_composed_is_decoded_again(layout: Layout):
    chance = random.Random(layout.name)
    for _ in range(40):
        values = {name: v for name, v in packed_values(layout, chance.getrandbits(56)).items() if packable(v)}
        again = packed_values(layout, compose_message(layout, **values))
        for name, value in values.items():
            assert again[name] == pytest.approx(value), (name, value, again[name])


@pytest.mark.parametrize("df", [df for df in FORMATS if df != 19])
def test_a_frame_is_decoded_again(df: int):
    chance = random.Random(df)
    layout = FORMATS[df]
    bits = 112 if df >= 16 else 56
    for _ in range(40):
        icao, message = chance.getrandbits(24), chance.getrandbits(56) if bits == 112 else 0
        found = {f.name: v for f, _, v in read_all(layout, chance.getrandbits(bits), bits) if f.name and v is not None}
        derived = {field.name for field in layout.derived}
        values = {name: v for name, v in found.items() if name not in {"df", "icao24", *derived} and packable(v)}
        values = {name: v for name, v in values.items() if v not in ("reserved", "not assigned")}
        again = decode(compose(df, icao=icao, message=message, **values))
        assert again.df == df
        assert again.remainder == (0 if df in (11, 17, 18) else icao)
        assert {name: again.fields[name] for name in values} == values


def test_composing_what_cannot_be_says_why():
    with pytest.raises(FormatError, match="no message is called 'TC 99'"):
        layout_named("TC 99")
    with pytest.raises(FormatError, match="no field speed"):
        compose_message("TC 19/1", speed=3)
    with pytest.raises(FormatError, match="5000 is more than 11 bits hold in steps of 1 kt"):
        compose_message("TC 19/1", east_kt=5000)
    with pytest.raises(FormatError, match="beyond what an altitude code can say"):
        compose_message("TC 9-18", altitude_ft=200_000)
    with pytest.raises(FormatError, match="no layout of DF 22"):
        compose(22, icao=1)


def test_derived_values_can_be_given():
    message = compose_message("TC 19/1", groundspeed_kt=250.0, track_deg=300.0)
    said = decode(compose(17, icao=0x4840D6, message=message))
    assert said.groundspeed_kt == pytest.approx(250, abs=1)
    assert said.track_deg == pytest.approx(300, abs=0.3)
    said = decode(compose(17, icao=1, message=compose_message("TC 19/3", tas_kt=430, heading_deg=90.0)))
    assert (said.tas_kt, said.ias_kt, said.heading_deg) == (430, None, 90.0)
    said = decode(compose(17, icao=1, message=compose_message("TC 1-4", category="B1", callsign="GLIDER")))
    assert (said.category, said.callsign) == ("B1", "GLIDER")


def frames_of(messages: list[bytes]) -> Frames:
    frames = Frames.allocate(len(messages))
    frames.id[:] = np.arange(len(messages))
    frames.time_ns[:] = 1_700_000_000_000_000_000
    frames.ticks[:] = -1
    frames.timing[:] = 0
    frames.receiver[:] = 0
    frames.signal_dbfs[:] = math.nan
    frames.data[:] = 0
    for row, message in enumerate(messages):
        frames.length[row] = len(message)
        frames.data[row, : len(message)] = list(message)
    return frames


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-4)
    return bool(a == b)


def assert_columns_agree(messages: list[bytes]) -> None:
    table = decode_table(frames_of(messages))
    assert table.schema == SCHEMA
    table.validate(full=True)
    for message, row in zip(messages, table.to_pylist(), strict=True):
        if row["status"] != "accepted":
            continue
        said = decode(message).fields
        wanted = {n: v for n, v in said.items() if n not in ONLY_IN_DECODE and not n.startswith("gicb_")}
        found = {n: v for n, v in row.items() if v is not None and n not in ONLY_IN_COLUMNS}
        assert wanted.keys() == found.keys(), (message.hex(), wanted.keys() ^ found.keys())
        for name, value in wanted.items():
            assert same(found[name], value), (message.hex(), name, found[name], value)


def with_parity(first: int, rest: int, icao: int) -> bytes:
    """A frame of any kind whose parity is right."""
    df = min(first >> 3, 24)
    size = 14 if df >= 16 else 7
    known = df in FORMATS and df != 19
    if not known or df == 24:
        return bytes([first]) + (rest % (1 << 8 * (size - 1))).to_bytes(size - 1, "big")
    frame = first << 8 * (size - 1) | rest % (1 << 8 * (size - 1))
    frame = frame >> 24 << 24
    blank = decode(frame.to_bytes(size, "big"))
    overlay = 0 if df in (11, 17, 18) else icao
    return (frame | blank.remainder ^ overlay).to_bytes(size, "big")


frame = st.builds(with_parity, st.integers(0, 255), st.integers(0, (1 << 104) - 1), st.integers(1, 0xFFFFFF))


@settings(max_examples=60, deadline=None)
@given(st.lists(frame, max_size=40))
def test_columns_say_what_decode_says(messages: list[bytes]):
    assert_columns_agree(messages)


def test_columns_say_what_decode_says_for_every_layout():
    chance = random.Random(1090)
    messages = []
    for control in range(8):
        for typecode in range(32):
            for subtype in range(8):
                me = typecode << 51 | subtype << 48 | chance.getrandbits(48)
                messages.append(compose(18 if subtype & 1 else 17, icao=0x4840D6, control=control, message=me))
    for layout in MESSAGES:
        if layout.name.startswith(("BDS", "DF 16")):
            for _ in range(4):
                values = packed_values(layout, chance.getrandbits(56))
                message = compose_message(layout, **{name: v for name, v in values.items() if packable(v)})
                df = 16 if layout.name.startswith("DF 16") else 20
                messages.append(compose(df, icao=0x4840D6, message=message, altitude_ft=35_000))
    assert_columns_agree(messages)


def test_no_frames_make_an_empty_table():
    table = decode_table(Frames.empty())
    assert table.schema == SCHEMA
    assert table.num_rows == 0


def test_every_field_of_the_schema_is_described():
    for field in SCHEMA:
        assert len(field.metadata[b"doc"]) > 3, field.name


def test_payloads_without_a_layout():
    assert payload_layout(16, 0, 0, 0) is None
    assert payload_layout(20, 0, 1, 0) is None
    assert payload_layout(20, 0, 11 << 51, 0x05).name == "TC 9-18"
