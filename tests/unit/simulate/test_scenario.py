"""Scenarios: what is understood, and one clear sentence for what is not."""

from __future__ import annotations

import pytest

from skywitness.errors import ConfigError
from skywitness.simulate.scenario import Scenario
from skywitness.simulate.world import fleet_aircraft

AIRCRAFT = '[[aircraft]]\nicao = "3c0001"\nvia = [[50.0, 8.0], [51.0, 8.0, 12000, 300]]\n'


def test_a_scenario_is_read() -> None:
    text = '[scenario]\nname = "x"\nstart = 2026-06-01T12:00:00Z\nduration_s = 5\n' + AIRCRAFT
    scenario = Scenario.parse(text)
    assert scenario.start_ns == 1_780_315_200_000_000_000
    assert scenario.aircraft[0].via[1].altitude_ft == 12_000.0
    assert scenario.aircraft[0].via[0].speed_kt is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[aircraft", "this is not TOML"),
        ("scenario = 3", "`scenario` must be a table"),
        ("[scenario]\nduration = 3", "unknown key duration"),
        ("[scenario]\nduration_s = 0", "duration_s is 0"),
        ("[scenario]\nstart = 'noon'", "no date and time"),
        ("[scenario]\nseed = 'a'", "`seed` should be int"),
        ("[scenario]\nseed = true", "`seed` should be int"),
        ("aircraft = 3", "should be a list of tables"),
        ("aircraft = [3]", "should be a table"),
        ('[[receiver]]\nname = "a"', "lat_deg, lon_deg is missing"),
        ('[[receiver]]\nname = "a"\nlat_deg = 0\nlon_deg = 0\nclock = "x"', "clock of receiver a is 'x'"),
        (AIRCRAFT + AIRCRAFT, "aircraft 3c0001 is there twice"),
        (AIRCRAFT.replace("3c0001", "xyz"), "'xyz' is no address"),
        (AIRCRAFT + 'squawk = "7800"', "no squawk"),
        (AIRCRAFT + 'category = "E1"', "no category"),
        (AIRCRAFT + 'departure = "XXXX"', "names the airport XXXX"),
        (AIRCRAFT + 'equipment = "adsb9"', "equipment of aircraft 3c0001"),
        ('[[aircraft]]\nicao = "3c0001"', "it is nowhere"),
        ('[[aircraft]]\nicao = "3c0001"\nvia = [[1.0]]', "a way-point is"),
        ("[[fleet]]\ncount = 3\narea = 7", "`area` should be a list of numbers"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Scenario.parse(text)


def test_a_fleet_is_the_same_for_the_same_seed_and_has_no_address_twice() -> None:
    text = "[[fleet]]\ncount = 40\narea = [40.0, 0.0, 50.0, 10.0]\nseed = {}\n"
    first, same, other = (Scenario.parse(text.format(seed)).fleet[0] for seed in (1, 1, 2))
    taken: set[int] = set()
    aircraft = fleet_aircraft(first, taken)
    assert aircraft == fleet_aircraft(same, set())
    assert aircraft != fleet_aircraft(other, set())
    assert len(taken) == 40
    again = fleet_aircraft(first, taken)
    assert len(taken) == 80
    assert not {one.icao for one in again} & {one.icao for one in aircraft}
