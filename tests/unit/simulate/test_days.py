"""Days of traffic: told flights fly as told, variants change what they say, the same seed gives the same receptions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from skywitness.errors import ConfigError
from skywitness.reference.load import load_gazetteer, load_types
from skywitness.run.demo import founding_days
from skywitness.simulate.days import Days, flown
from skywitness.units import NS_PER_S

GAZETTEER, TYPES = load_gazetteer(), load_types()
DAYS = founding_days()


def routes(days: Days) -> dict[str, list[str]]:
    return {one.icao: [f"{f.origin}-{f.destination}" for f in one.flights] for one in days.airframes}


def test_the_scenario_tells_both_journeys():
    assert routes(DAYS) == {
        "154073": ["UUMU-OSLK", "OSLK-GOOY", "GOOY-SVMI", "SVMI-GOOY"],
        "1551e0": ["UUMU-OSLK", "OSLK-GOOY", "GOOY-SVMI"],
    }
    assert {one.source for one in DAYS.airframes} == {"press, simulated"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("damascus", {"154073": ["UUMU-OSDI", "OSDI-GOOY", "GOOY-SVMI", "SVMI-GOOY"],
                      "1551e0": ["UUMU-OSDI", "OSDI-GOOY", "GOOY-SVMI"]}),
        ("no-stop", {"154073": ["UUMU-OSLK", "OSLK-SVMI", "SVMI-GOOY"], "1551e0": ["UUMU-OSLK", "OSLK-SVMI"]}),
        ("cargo-only", {"154073": ["UUMU-OSLK", "OSLK-GOOY", "GOOY-SVMI", "SVMI-GOOY"]}),
    ],
)  # fmt: skip
def test_variants_tell_it_otherwise(name, expected):
    variant = next(one for one in DAYS.variants if one.name == name)
    assert routes(DAYS.varied(variant)) == expected


def test_another_date_moves_everything():
    variant = next(one for one in DAYS.variants if one.shift_s)
    later = DAYS.varied(variant)
    shift = variant.shift_s * NS_PER_S
    assert later.start_ns - DAYS.start_ns == shift
    assert later.airframes[0].flights[0].departs_ns - DAYS.airframes[0].flights[0].departs_ns == shift


def test_a_flight_flies_when_and_where_it_is_told():
    airframe = DAYS.airframes[0]
    one = flown(DAYS, airframe, airframe.flights[0], GAZETTEER, TYPES)
    told = airframe.flights[0].departs_ns
    assert abs(one.takeoff_ns - told) < 60 * NS_PER_S
    assert 4 * 3600 < (one.landing_ns - one.takeoff_ns) / NS_PER_S < 6 * 3600
    heard = {DAYS.receivers[number].name for number in np.unique(one.frames.receiver)}
    assert {"Moscow", "Latakia"} <= heard
    assert not {"Caracas", "Las Palmas"} & heard


def test_nothing_is_heard_over_the_open_ocean():
    airframe = DAYS.airframes[0]
    one = flown(DAYS, airframe, airframe.flights[2], GAZETTEER, TYPES)
    assert np.diff(np.sort(one.frames.time_ns)).max() > 3 * 3600 * NS_PER_S


def test_the_same_seed_gives_the_same():
    airframe = DAYS.airframes[1]
    first, second = (flown(DAYS, airframe, airframe.flights[0], GAZETTEER, TYPES).frames for _ in range(2))
    assert first.same_as(second)
    again = dataclasses.replace(DAYS, seed=1)
    assert not flown(again, airframe, airframe.flights[0], GAZETTEER, TYPES).frames.same_as(first)
    assert [one.icao for one in DAYS.traffic(GAZETTEER, TYPES)] == [one.icao for one in DAYS.traffic(GAZETTEER, TYPES)]


def test_ordinary_traffic_flies_between_real_airports():
    traffic = DAYS.traffic(GAZETTEER, TYPES)
    assert len(traffic) == len(DAYS.airframes) + DAYS.ordinary
    assert len({one.icao for one in traffic}) == len(traffic)
    for one in traffic[len(DAYS.airframes) :]:
        assert all(
            GAZETTEER.code(GAZETTEER.find(code)[0]) == code
            for code in (one.flights[0].origin, one.flights[0].destination)
        )


@pytest.mark.parametrize("text", ["", "name = 3", "[[receiver]]\nname='x'", "not toml"])
def test_what_is_no_scenario_is_refused(text):
    with pytest.raises(ConfigError):
        Days.parse(text)
