"""The zone table against the formula itself, in exact-enough decimal arithmetic."""

from __future__ import annotations

import decimal
import itertools
import math
from decimal import Decimal

import numpy as np
import pytest

from skywitness.geo.nl import NL_LATITUDES, nl


def series(x: Decimal, term: Decimal, order: int) -> Decimal:
    total = term
    while abs(term) > Decimal(10) ** -48:
        term = -term * x * x / ((order + 1) * (order + 2))
        order += 2
        total += term
    return total


def cosine(x: Decimal) -> Decimal:
    return series(x, Decimal(1), 0)


def zones_by_the_formula(lat_deg: float) -> int:
    """NL by DO-260B A.1.7.2 d: the largest k with 1 - cos(2 pi / k) >= (1 - cos(pi/30)) / cos(lat)^2."""
    with decimal.localcontext() as context:
        context.prec = 50
        pi = Decimal("3.14159265358979323846264338327950288419716939937510582")
        ratio = (1 - cosine(pi / 30)) / cosine(Decimal(lat_deg) * pi / 180) ** 2
        return max((k for k in range(2, 60) if 1 - cosine(2 * pi / k) >= ratio), default=1)


def test_there_are_58_transitions_and_they_rise() -> None:
    assert len(NL_LATITUDES) == 58
    assert all(a < b for a, b in itertools.pairwise(NL_LATITUDES))
    assert NL_LATITUDES[0] == pytest.approx(10.47047130)
    assert NL_LATITUDES[-1] == 87.0


@pytest.mark.parametrize("k", range(57))
def test_each_transition_is_exact_to_the_last_bit(k: int) -> None:
    transition = NL_LATITUDES[k]
    above = math.nextafter(transition, 90)
    assert zones_by_the_formula(transition) == nl.py_func(transition) == nl.py_func(-transition) == 59 - k
    assert zones_by_the_formula(above) == nl.py_func(above) == nl.py_func(-above) == 58 - k


@pytest.mark.parametrize(
    ("lat_deg", "zones"),
    [(0.0, 59), (-0.0, 59), (87.0, 2), (-87.0, 2), (87.00001, 1), (90.0, 1), (-90.0, 1), (math.nan, 1), (1e300, 1)],
)
def test_equator_poles_and_nonsense(lat_deg: float, zones: int) -> None:
    assert nl.py_func(lat_deg) == zones


def test_counting_transitions_gives_the_same_everywhere() -> None:
    for lat in np.linspace(-90, 90, 7201):
        assert nl.py_func(lat) == 59 - sum(abs(lat) > edge for edge in NL_LATITUDES)
