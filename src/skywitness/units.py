"""Exact conversions, each with its definition.

Messages keep the units of the standard, which lose nothing; estimation works in SI; views convert.
"""

from __future__ import annotations

__all__ = [
    "CLOCK_12MHZ_HZ",
    "FOOT_M",
    "FPM_MPS",
    "KNOT_MPS",
    "LIGHT_MPS",
    "NMI_M",
    "NS_PER_S",
    "STANDARD_PRESSURE_HPA",
]

FOOT_M = 0.3048  # international foot, exact, 1959
NMI_M = 1852.0  # nautical mile, exact, First International Extraordinary Hydrographic Conference, 1929
KNOT_MPS = NMI_M / 3600.0  # one nautical mile an hour
FPM_MPS = FOOT_M / 60.0  # one foot a minute
LIGHT_MPS = 299_792_458.0  # speed of light in vacuum, exact, 17th CGPM 1983
STANDARD_PRESSURE_HPA = 1013.25  # ICAO Doc 7488, standard atmosphere at mean sea level
NS_PER_S = 1_000_000_000
CLOCK_12MHZ_HZ = 12_000_000  # the counter of Beast-format receivers
