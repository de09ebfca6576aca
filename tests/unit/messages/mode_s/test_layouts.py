"""The layouts of frames and extended squitters cover their bits, and names mean one thing."""

from __future__ import annotations

import pytest

from skywitness.messages.mode_s.catalogue import FIELD_NAMES, LAYOUTS, fields_of
from skywitness.messages.mode_s.extended_squitter import SQUITTERS, squitter_layout
from skywitness.messages.mode_s.layout import Layout
from skywitness.messages.mode_s.surveillance import FORMATS


def name_of(layout: Layout) -> str:
    return layout.name


@pytest.mark.parametrize("layout", LAYOUTS, ids=name_of)
def test_fields_cover_the_message_once_and_in_order(layout: Layout):
    bits = 56
    if layout in FORMATS.values():
        bits = 56 if layout.name in ("DF 0", "DF 4", "DF 5", "DF 11") else 112
    place = 1
    for field in layout.fields:
        assert field.first == place, f"{field.name} begins at {field.first}, not {place}"
        place = field.last + 1
    assert place == bits + 1
    for field in layout.derived:
        assert 1 <= field.first <= field.last <= bits


@pytest.mark.parametrize("layout", LAYOUTS, ids=name_of)
def test_fields_are_described(layout: Layout):
    names = [field.name for field in layout.fields if field.name]
    assert len(names) == len(set(names))
    assert layout.section
    status_bits = {field.first for field in layout.fields if field.kind == "status"}
    for field in (*layout.fields, *layout.derived):
        assert field.kind == "reserved" or field.doc
        assert not field.status or field.status in status_bits
        assert field.kind != "enum" or len(field.values) == 1 << field.width
        assert field.kind != "lookup" or len(field.table) == 1 << field.width
        assert not field.name or field.kind == "status" or field.name.isidentifier()


def test_names_of_layouts_are_unique():
    names = [layout.name for layout in LAYOUTS]
    assert len(names) == len(set(names))


def test_a_name_has_one_unit_and_one_set_of_words():
    units: dict[str, str] = {}
    words: dict[str, tuple[str, ...]] = {}
    for layout in LAYOUTS:
        for field in fields_of(layout):
            assert units.setdefault(field.name, field.unit) == field.unit, (layout.name, field.name)
            if field.kind == "enum":
                assert words.setdefault(field.name, field.values) == field.values, (layout.name, field.name)
    assert len(FIELD_NAMES) > 150


def test_a_unit_is_in_the_name():
    ends = {"ft": "_ft", "kt": "_kt", "deg": "_deg", "ft/min": "_fpm", "hPa": "_hpa", "degC": "_c", "deg/s": "_deg_s"}
    for layout in LAYOUTS:
        for field in fields_of(layout):
            if field.unit in ends:
                assert field.name.endswith(ends[field.unit]), (layout.name, field.name)


def me_of(typecode: int, subtype: int = 0, version: int = 0) -> int:
    return typecode << 51 | subtype << 48 | version << 13


@pytest.mark.parametrize(
    ("df", "control", "me", "name"),
    [
        (17, 5, me_of(0), "TC 0"),
        (17, 5, me_of(4, 3), "TC 1-4"),
        (17, 5, me_of(8, 7), "TC 5-8"),
        (17, 5, me_of(18), "TC 9-18"),
        (17, 5, me_of(22), "TC 20-22"),
        (17, 5, me_of(19, 3), "TC 19/3"),
        (17, 5, me_of(19, 6), "TC 19/6"),
        (17, 5, me_of(23), "TC 23"),
        (17, 5, me_of(23, 7), "TC 23/7"),
        (17, 5, me_of(24, 1), "TC 24"),
        (17, 5, me_of(27), "TC 27"),
        (17, 5, me_of(28, 2), "TC 28/2"),
        (17, 5, me_of(29, 1), "TC 29/0"),
        (17, 5, me_of(29, 2), "TC 29/1"),
        (17, 5, me_of(29, 3), "TC 29/1"),
        (17, 5, me_of(29, 7), "TC 29/3"),
        (17, 5, me_of(31, 0, 0), "TC 31/0 v0"),
        (17, 5, me_of(31, 1, 1), "TC 31/1 v1"),
        (17, 5, me_of(31, 0, 2), "TC 31/0 v2"),
        (17, 5, me_of(31, 1, 7), "TC 31/1 v3"),
        (17, 5, me_of(31, 2, 2), "TC 31/2"),
        (18, 0, me_of(9), "TC 9-18"),
        (18, 1, me_of(19, 1), "TC 19/1"),
        (18, 2, me_of(9), "TIS-B TC 9-18"),
        (18, 2, me_of(19, 1), "TIS-B TC 19/1"),
        (18, 5, me_of(19, 1) | 1 << 20, "TIS-B TC 19/1 geometric"),
        (18, 3, me_of(9), "TIS-B coarse"),
        (18, 4, me_of(9), "TIS-B management"),
        (18, 6, me_of(5), "ADS-R TC 5-8"),
        (18, 6, me_of(19, 2), "ADS-R TC 19/2"),
        (18, 6, me_of(29, 2), "ADS-R TC 29/1"),
        (18, 6, me_of(31, 0, 2), "ADS-R TC 31/0 v2"),
        (18, 7, me_of(9), "CF 7"),
    ],
)
def test_the_layout_of_an_extended_squitter(df: int, control: int, me: int, name: str):
    assert squitter_layout(df, control, me).name == name


def test_every_extended_squitter_has_a_layout():
    used = {
        squitter_layout(df, control, me_of(typecode, subtype, version) | geometric << 20).name
        for df, control in ((17, 5), *((18, cf) for cf in range(8)))
        for typecode in range(32)
        for subtype in range(8)
        for version in range(8)
        for geometric in (0, 1)
    }
    assert used == {layout.name for layout in SQUITTERS}
