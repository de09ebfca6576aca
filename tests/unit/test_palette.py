"""The colours of the map, for those who see fewer of them: neighbouring steps of altitude stay apart."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

WEB = Path(__file__).parents[2] / "web" / "src" / "map"
THEMES = ("dark", "light", "contrast")
# Linear RGB as seen without the middle, the long or the short cones: Machado, Oliveira and Fernandes 2009, severity 1.
SIGHTS = {
    "all cones": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def ramps(name: str) -> dict[str, list[str]]:
    """Colours by theme, as the page has them."""
    text = (WEB / "palette.ts").read_text(encoding="utf-8")
    block = text[text.index(f"const {name}") :]
    return {theme: re.findall(r'"(#[0-9a-f]{6})"', re.search(rf"{theme}: \[(.*?)\]", block)[1]) for theme in THEMES}


def lab(colour: str, sight: np.ndarray) -> np.ndarray:
    """CIELAB, D65, of a colour as it is seen."""
    value = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    x, y, z = XYZ @ np.clip(sight @ linear, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    fx, fy, fz = (np.cbrt(t) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def apart(a: str, b: str, sight: np.ndarray) -> float:
    return float(np.linalg.norm(lab(a, sight) - lab(b, sight)))


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", THEMES)
def test_steps_of_altitude_are_told_apart(theme: str, sight: str):
    """Neighbours by 9 or more in CIELAB: some four just noticeable differences."""
    steps = ramps("RAMPS")[theme]
    assert len(steps) == 7
    found = [apart(a, b, SIGHTS[sight]) for a, b in itertools.pairwise(steps)]
    assert min(found) >= 9, [round(value, 1) for value in found]


@pytest.mark.parametrize("theme", THEMES)
def test_low_and_high_are_never_the_same(theme: str):
    """Without red and green cones the low third and the high third differ by far more than neighbours."""
    steps = ramps("RAMPS")[theme]
    for sight in ("deuteranopia", "protanopia"):
        for low, high in itertools.product(steps[:3], steps[4:]):
            assert apart(low, high, SIGHTS[sight]) >= 25, (sight, low, high)


@pytest.mark.parametrize("theme", THEMES)
def test_sources_of_trails_are_told_apart(theme: str):
    for sight in ("all cones", "deuteranopia", "protanopia"):
        for a, b in itertools.combinations(ramps("WAYS")[theme], 2):
            assert apart(a, b, SIGHTS[sight]) >= 7, (sight, a, b)


def test_the_measure_tells_what_cannot_be_told_apart():
    """A red and a green of one lightness: plain to most, hardly a difference without middle cones."""
    assert apart("#b05020", "#6a7a20", SIGHTS["all cones"]) > 35
    assert apart("#b05020", "#6a7a20", SIGHTS["deuteranopia"]) < 15
