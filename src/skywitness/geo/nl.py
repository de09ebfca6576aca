"""How many zones of longitude a parallel is cut into by compact position reporting.

RTCA DO-260B A.1.7.2 d: NL(lat) = floor(2 pi / arccos(1 - (1 - cos(pi / 2 NZ)) / cos(lat)^2)) with NZ = 15, 59 at the
equator, 2 at 87 degrees, 1 beyond.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import F64, U8
from skywitness.kernel import scalar

__all__ = ["NL_LATITUDES", "nl"]

NL_LATITUDES: tuple[float, ...] = (
    10.470471299968773,
    14.828174368687508,
    18.18626357071418,
    21.02939492602934,
    23.5450448655714,
    25.829247070588554,
    27.938987101219162,
    29.91135685731838,
    31.77209707681102,
    33.53993436298545,
    35.22899597796446,
    36.85025107593546,
    38.41241892412304,
    39.92256684333892,
    41.38651832260282,
    42.80914012243566,
    44.19454951419314,
    45.54626722660253,
    46.867332524987674,
    48.16039128096653,
    49.42776439255703,
    50.67150165553845,
    51.89342469168786,
    53.09516152796016,
    54.27817472272918,
    55.4437844449506,
    56.59318756205934,
    57.72747353866127,
    58.84763776148471,
    59.954592766940465,
    61.04917774246363,
    62.132166592103424,
    63.20427479381938,
    64.2661652256745,
    65.31845309682097,
    66.36171008382627,
    67.39646774084675,
    68.42322022083339,
    69.44242631144031,
    70.45451074987606,
    71.4598647302899,
    72.45884544728952,
    73.4517744166787,
    74.43893415725142,
    75.42056256653362,
    76.39684390794473,
    77.36789461328192,
    78.33374082922751,
    79.2942822545693,
    80.24923213280515,
    81.19801349271951,
    82.13956980510608,
    83.07199444719815,
    83.99173562980566,
    84.89166190702086,
    85.75541620944419,
    86.535369975121,
    87.0,
)
"""Where NL falls by one, from 59 to 58 first, in degrees: the formula solved for the latitude in 60 digits, then
rounded down, so that the largest double at or below a transition still counts to the zone before it."""

BINS_PER_DEGREE = 4  # the transitions are at least 0.46 degrees apart: at most one lies in a bin


def _make_last_latitude() -> F64:
    """Largest latitude of each NL value, indexed by it; [0] and [1] are unused and 90."""
    last = np.full(60, 90.0)
    for zones, latitude in zip(range(59, 1, -1), NL_LATITUDES, strict=True):
        last[zones] = latitude
    return last


def _make_first_zones() -> U8:
    """NL at the lower edge of each bin of latitude."""
    edges = np.arange(87 * BINS_PER_DEGREE) / BINS_PER_DEGREE
    return (59 - np.searchsorted(np.array(NL_LATITUDES), edges, side="left")).astype(np.uint8)


LAST_LATITUDE = _make_last_latitude()
FIRST_ZONES = _make_first_zones()


@scalar
def nl(lat_deg):
    """Number of longitude zones at a latitude, 1..59; of NaN, 1.

    source  RTCA DO-260B A.1.7.2 d
    """
    lat = abs(lat_deg)
    if not lat < 87.0:
        return 2 if lat == 87.0 else 1
    zones = int(FIRST_ZONES[int(lat * BINS_PER_DEGREE)])
    if lat > LAST_LATITUDE[zones]:
        return zones - 1
    return zones
