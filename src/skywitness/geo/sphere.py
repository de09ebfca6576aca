"""Distances and bearings on a sphere, over columns: good to half a per cent, which range and radius questions need."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywitness.units import NMI_M

__all__ = ["MEAN_RADIUS_NMI", "bearing_deg", "distance_nmi"]

MEAN_RADIUS_NMI = 6_371_008.7714 / NMI_M  # mean radius R1 of WGS-84 (Moritz, Geodetic Reference System 1980, 2000)


def distance_nmi(
    lat1_deg: ArrayLike, lon1_deg: ArrayLike, lat2_deg: ArrayLike, lon2_deg: ArrayLike
) -> NDArray[np.float64]:
    """Great-circle distance in nautical miles by the haversine formula; NaN where a coordinate is."""
    lat1, lat2 = np.radians(lat1_deg), np.radians(lat2_deg)
    half_lat = (lat2 - lat1) / 2.0
    half_lon = np.radians(np.subtract(lon2_deg, lon1_deg)) / 2.0
    chord = np.sin(half_lat) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(half_lon) ** 2
    return np.asarray(2.0 * MEAN_RADIUS_NMI * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0))))


def bearing_deg(
    lat1_deg: ArrayLike, lon1_deg: ArrayLike, lat2_deg: ArrayLike, lon2_deg: ArrayLike
) -> NDArray[np.float64]:
    """Initial true bearing from the first point to the second, [0, 360)."""
    lat1, lat2 = np.radians(lat1_deg), np.radians(lat2_deg)
    lon = np.radians(np.subtract(lon2_deg, lon1_deg))
    east = np.sin(lon) * np.cos(lat2)
    north = np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(lon)
    return np.asarray(np.degrees(np.arctan2(east, north)) % 360.0)
