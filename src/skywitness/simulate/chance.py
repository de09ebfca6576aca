"""Chance without a sequence: each number follows from what it is for, so that the order of drawing cannot matter.

A generator's stream would tie every draw to all draws before it; here the jitter of one squitter is a function of the
seed, the aircraft, the kind and the number of the squitter, whatever window it is computed in. Scenarios, which are
made once and in one order, use NumPy's PCG64.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skywitness.batches import F64, U64
from skywitness.kernel import scalar

__all__ = ["mix", "normal", "uniform", "uniforms"]

# The finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
UNIT = 2.0**-53


@scalar
def mix(key, number):
    """A new key from a key and a number (uint64 both)."""
    z = key + (number + np.uint64(1)) * GOLDEN
    z = (z ^ z >> S30) * FIRST
    z = (z ^ z >> S27) * SECOND
    return z ^ z >> S31


@scalar
def uniform(key, number):
    """A number in [0, 1)."""
    return float(mix(key, number) >> S11) * UNIT


@scalar
def normal(key, number):
    """A number of the standard normal distribution, by the method of Box and Muller."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(key, number)))
    return radius * math.cos(2.0 * math.pi * uniform(key, number + np.uint64(0x5BD1E995)))


def uniforms(key: int, *numbers: Any) -> F64:
    """Numbers in [0, 1) for whole arrays of what they are for (integers, broadcast against each other)."""
    with np.errstate(over="ignore"):
        z: Any = np.uint64(key & 0xFFFFFFFFFFFFFFFF)
        for number in numbers:
            z = mix.py_func(z, np.asarray(number).astype(np.uint64))
    keys: U64 = z
    return (keys >> S11).astype(np.float64) * UNIT
