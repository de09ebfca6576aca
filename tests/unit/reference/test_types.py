"""Aircraft types: known figures, classes, and sanity of the whole table."""

from __future__ import annotations

import math

import pytest

from skywitness.reference.load import load_types
from skywitness.reference.types import ENGINES, OWN, SPECIES, WAKES

TYPES = load_types()


@pytest.mark.parametrize(
    ("designator", "cruise", "ceiling", "reach", "wake", "description"),
    [  # ranges that the makers' figures lie in
        ("A124", (430, 450), (35_000, 41_000), (6_500, 8_500), "H", "L4J"),
        ("IL62", (440, 480), (36_000, 43_000), (4_500, 6_000), "H", "L4J"),
        ("IL76", (400, 430), (39_000, 43_000), (4_000, 6_000), "H", "L4J"),
        ("T154", (460, 500), (38_000, 41_000), (2_800, 4_300), "M", "L3J"),
        ("C17", (440, 460), (45_000, 45_000), (4_500, 6_500), "H", "L4J"),
        ("C130", (290, 320), (23_000, 35_000), (2_000, 4_500), "M", "L4T"),
        ("K35R", (440, 480), (50_000, 50_000), (5_000, 9_800), "H", "L4J"),
        ("A400", (380, 430), (37_000, 40_000), (4_000, 5_000), "H", "L4T"),
        ("A320", (440, 455), (39_000, 41_000), (3_000, 3_600), "M", "L2J"),
        ("B738", (445, 460), (41_000, 41_000), (2_900, 3_500), "M", "L2J"),
        ("A388", (480, 495), (43_000, 43_000), (8_000, 8_500), "J", "L4J"),
        ("C172", (110, 130), (13_000, 15_000), (500, 800), "L", "L1P"),
        ("R44", (100, 120), (12_000, 15_000), (280, 350), "L", "H1P"),
        ("MI8", (115, 135), (14_000, 20_000), (250, 400), "M", "H2T"),
        ("U2", (390, 430), (70_000, 80_000), (5_000, 7_000), "M", "L1J"),
    ],
)
def test_figures_are_as_published(designator, cruise, ceiling, reach, wake, description):
    found = TYPES[designator]
    assert cruise[0] <= found.cruise_kt <= cruise[1]
    assert ceiling[0] <= found.ceiling_ft <= ceiling[1]
    assert reach[0] <= found.range_nmi <= reach[1]
    assert (found.wake, found.description, found.source) == (wake, description, OWN)


def test_there_are_enough_and_an_unknown_one_is_none():
    assert len(TYPES) > 2_800
    assert sum(one.source == OWN for one in TYPES.values()) > 400
    assert TYPES.get("ZZZ9") is None


def test_each_is_possible():
    for one in TYPES.values():
        assert one.name, one
        assert (one.wake in WAKES, one.engine in ENGINES, one.species in SPECIES) == (True, True, True), one
        assert 0 <= one.engine_count <= 8, one
        if one.source == "unknown":
            assert math.isnan(one.cruise_kt), one
            continue
        assert 10 <= one.cruise_kt <= 1_900, one
        assert 8_000 <= one.ceiling_ft <= 90_000, one
        assert 90 <= one.range_nmi <= 13_000, one
        assert 0 <= one.approach_kt <= min(170, one.cruise_kt), one
        assert 0 <= one.runway_ft <= 10_000, one
        assert one.species != "H" or one.approach_kt == 0, one


def test_a_type_without_figures_gets_those_of_its_class():
    found = TYPES["RV6"]
    assert found.source.startswith("median of ")
    assert "landplane P 1 L" in found.source
    assert 100 <= found.cruise_kt <= 200
    assert TYPES["GLID"].species == "glider"
    assert TYPES["BALL"].species == "balloon"
