"""One synthetic case for each way in which flights are told wrongly; see the names of the tests."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skywitness.batches import END_EVIDENCE, POSITION_SOURCES, UNTIMED, Positions
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import FLAGS, legs
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.reference.load import load_gazetteer
from tests.positions_from import positions_from

GAZETTEER = load_gazetteer()
T0 = 1_553_256_000 * 10**9
S = 10**9


def place(code):
    row = GAZETTEER.find(code)[0]
    return float(GAZETTEER.lat_deg[row]), float(GAZETTEER.lon_deg[row]), float(GAZETTEER.elevation_ft[row])


class Flight:
    """Draws rows of one aircraft, minute by minute, along straight lines."""

    def __init__(self, icao=0x400001, time_s=0.0, step_s=5.0, **more):
        self.rows, self.icao, self.time_s, self.step_s, self.more = [], icao, time_s, step_s, more
        self.lat = self.lon = self.alt = 0.0

    def at(self, code, height_ft=0.0):
        self.lat, self.lon, elevation = place(code)
        self.alt = elevation + height_ft
        return self

    def stand(self, seconds, heard=True, speed=0.0):
        return self._line(self.lat, self.lon, self.alt, seconds, heard, 1, speed)

    def to(self, lat, lon, alt, seconds, heard=True):
        return self._line(lat, lon, alt, seconds, heard, 0, None)

    def by(self, east_deg, north_deg, alt, seconds, heard=True):
        return self.to(self.lat + north_deg, self.lon + east_deg, alt, seconds, heard)

    def land(self, code, seconds=600, heard=True):
        lat, lon, elevation = place(code)
        return self.to(lat, lon, elevation, seconds, heard)

    def wait(self, seconds):
        self.time_s += seconds
        return self

    def _line(self, lat, lon, alt, seconds, heard, ground, speed):
        cos = math.cos(math.radians(self.lat))
        nmi = 60.0 * math.hypot(lat - self.lat, (lon - self.lon) * cos)
        knots = nmi / seconds * 3600.0 if speed is None else speed
        count = max(1, round(seconds / self.step_s))
        for i in range(1, count + 1) if heard else ():
            f = i / count
            self.rows.append(
                {
                    "icao": self.icao, "time_ns": T0 + round((self.time_s + f * seconds) * S),
                    "lat_deg": self.lat + f * (lat - self.lat), "lon_deg": self.lon + f * (lon - self.lon),
                    "altitude_ft": np.nan if ground else self.alt + f * (alt - self.alt), "on_ground": ground,
                    "groundspeed_kt": knots, **self.more,
                }
            )  # fmt: skip
        self.lat, self.lon, self.alt = lat, lon, alt
        self.time_s += seconds
        return self


def found(*flights, rows=()):
    flights = [row for flight in flights for row in flight.rows] + list(rows)
    return legs(histories(positions_from(flights)), GAZETTEER)


def evidence(result):
    return [END_EVIDENCE[code] for code in result.ends.evidence]


def gate_to_gate(**more):
    """Nice to Lyon: an hour, heard all the way."""
    return (
        Flight(**more).at("LFMN").stand(300).by(0.3, -0.2, 10_000, 600).to(45.0, 6.0, 25_000, 1200)
        .to(45.5, 5.4, 5_000, 900).land("LFLL", 300).stand(300)
    )  # fmt: skip


def test_a_whole_flight():
    flight = gate_to_gate()
    result = found(flight)
    assert len(result) == 1
    assert evidence(result) == ["on_ground", "on_ground"]
    assert result.legs.max_altitude_ft[0] == 25_000
    off, on = result.ends.not_before_ns[0], result.ends.not_after_ns[0]
    assert (off, on) == (T0 + 300 * S, T0 + 305 * S)
    assert (result.ends.not_before_ns[1], result.ends.not_after_ns[1]) == (T0 + 3300 * S, T0 + 3305 * S)
    assert result.legs.from_ns[0] == flight.rows[0]["time_ns"]
    assert result.legs.until_ns[0] == flight.rows[-1]["time_ns"]


def test_coverage_gap_over_the_sea_is_one_flight():
    flight = (
        Flight().at("GOBD").stand(300).by(-0.3, 0.0, 8_000, 400).by(-2, 0, 34_000, 1200)
        .by(-35, -2, 36_000, 5 * 3600, heard=False).by(-2, 0, 36_000, 1000).by(-1, -0.3, 3_000, 1200)
    )  # fmt: skip
    result = found(flight)
    assert len(result) == 1
    assert result.legs.gap_s[0] == pytest.approx(5 * 3600 + 5, abs=10)
    assert evidence(result)[0] == "on_ground"
    assert evidence(result)[1] == "approaching"


def test_a_gap_with_hours_lost_ends_the_leg():
    flight = Flight().at("LFMN", 30_000).by(2, 1, 33_000, 1200).wait(5 * 3600).by(2, 1, 33_000, 1200)
    result = found(flight)
    assert len(result) == 2
    assert set(evidence(result)) <= {"lost_in_flight", "out_of_coverage"}


def test_lost_where_others_are_heard_is_not_out_of_coverage():
    lost = Flight().at("LFMN", 30_000).by(2, 1, 33_000, 1200)
    alone = found(lost)
    assert evidence(alone)[1] == "out_of_coverage"
    others = [
        Flight(icao=0x400010 + k, time_s=60.0 * k).at("LFMN", 30_000).by(2, 1, 33_000, 1200).by(3, 1.5, 33_000, 1800)
        for k in range(4)
    ]
    result = found(lost, *others)
    leg = int(np.flatnonzero(result.legs.icao == 0x400001)[0])
    assert evidence(result)[2 * leg + 1] == "lost_in_flight"


def test_low_altitude_loss_says_approaching_and_names_nothing():
    flight = Flight().at("LFPG", 9_000).to(48.95, 2.45, 1_500, 500)
    result = found(flight)
    assert evidence(result)[1] == "approaching"
    assert result.ends.airport[1] == -1 or result.ends.probability[1] < 1.0
    assert result.ends.not_after_ns[1] == UNTIMED


def test_lost_low_and_heard_low_again_brackets_the_ground():
    flight = Flight().at("LFMN", 9_000).to(45.5, 5.2, 3_500, 900).land("LFLL", 300)
    flight.rows = [row for row in flight.rows if row["altitude_ft"] > place("LFLL")[2] + 300]
    again = Flight(time_s=1200 + 2400).at("LFLL", 500).by(0.3, 0.3, 12_000, 900)
    result = found(flight, again)
    assert evidence(result)[1:3] == ["touchdown_bracketed", "touchdown_bracketed"]
    assert result.ends.not_after_ns[1] == again.rows[0]["time_ns"]
    assert result.ends.not_before_ns[2] == flight.rows[-1]["time_ns"]


@pytest.mark.parametrize("ground_s", [5, 20, 45])
def test_touch_and_go_does_not_end_a_leg(ground_s):
    flight = Flight().at("LFMN", 5_000).to(*place("LFLL")[:2], place("LFLL")[2], 900).stand(ground_s, speed=70)
    flight.by(0.1, 0.1, 2_000, 300).land("LFLL", 300).stand(300)
    result = found(flight)
    assert len(result) == 1
    assert evidence(result)[1] == "on_ground"


def test_a_full_stop_does_end_it():
    flight = Flight().at("LFMN", 5_000).land("LFLL", 900).stand(90, speed=5).by(0.1, 0.1, 2_000, 300)
    assert len(found(flight)) == 2


def test_go_around_does_not_end_a_leg():
    flight = Flight().at("LFMN", 5_000).to(*place("LFLL")[:2], place("LFLL")[2] + 150, 900)
    flight.by(0.1, 0.1, 3_000, 300).land("LFLL", 300).stand(200)
    assert len(found(flight)) == 1


def test_callsign_change_in_flight_is_one_leg_with_both_counted():
    flight = gate_to_gate()
    for i, row in enumerate(flight.rows):
        row["callsign"] = pack_callsign("RFF7081" if i < 500 else "RFF7082")
    result = found(flight)
    assert len(result) == 1
    assert result.legs.callsigns[0] == 2
    assert result.legs.callsign[0] == pack_callsign("RFF7081")


def test_same_callsign_over_a_stop_is_two_legs():
    flight = gate_to_gate(callsign=pack_callsign("AFR1"))
    flight.stand(1200).by(0.5, 0.5, 15_000, 900)
    assert len(found(flight)) == 2


def test_two_aircraft_on_one_address():
    result = found(gate_to_gate(), Flight(time_s=7).at("SVMI", 30_000).by(5, 3, 33_000, 3000))
    assert len(result) == 2
    assert (result.legs.flags & 1 << FLAGS.index("shared_address")).all()
    assert {int(n) for n in result.legs.positions} == {len(gate_to_gate().rows), 600}


@pytest.mark.parametrize("more", [{"address_kind": 3}, {}])
def test_ground_vehicles_do_not_fly(more):
    flight = Flight(**more).at("LFPG")
    flight.stand(600, speed=20)
    flight.lon += 0.01
    flight.stand(600, speed=20)
    assert len(found(flight)) == 0


def test_mlat_only_and_relayed_only_are_flagged():
    mlat = gate_to_gate(source=POSITION_SOURCES.index("mlat"))
    tisb = gate_to_gate(icao=0x400002, source=POSITION_SOURCES.index("tisb"))
    result = found(mlat, tisb, gate_to_gate(icao=0x400003))
    flags = [{name for bit, name in enumerate(FLAGS) if value >> bit & 1} for value in result.legs.flags]
    assert flags == [{"mlat_only"}, {"relayed_only"}, set()]


def test_an_anonymous_copy_is_another_aircraft():
    result = found(gate_to_gate(), gate_to_gate(address_kind=1))
    assert len(result) == 2
    assert set(result.legs.address_kind) == {0, 1}


def test_helicopter_from_a_meadow_is_off_airport():
    flight = Flight().at("LFMN")
    flight.lat, flight.lon, flight.alt = 44.9, 4.0, 3_500.0  # in the Massif Central, no field within 3 nautical miles
    near = GAZETTEER.near(flight.lat, flight.lon, 3.0)
    assert not len(near)
    flight.stand(300).by(0.2, 0.1, 5_500, 600)
    result = found(flight)
    assert evidence(result)[0] == "on_ground"
    assert result.legs.flags[0] == 1 << FLAGS.index("off_airport")


@pytest.mark.parametrize("begin", ["2019-03-31T23:30:00", "2019-12-31T23:45:00", "2020-02-29T23:50:00"])
def test_midnight_and_ends_of_months_mean_nothing(begin):
    offset = (np.datetime64(begin, "ns").astype(np.int64) - T0) / S
    assert len(found(gate_to_gate(time_s=float(offset)))) == 1


@pytest.mark.parametrize("error_ft", [-900, -50, 900])
def test_pressure_altitude_far_from_the_field_elevation(error_ft):
    flight = gate_to_gate()
    for row in flight.rows:
        row["altitude_ft"] += error_ft
        row["on_ground"] = 255 if row["groundspeed_kt"] else 1
    result = found(flight)
    assert len(result) == 1
    assert evidence(result) == ["on_ground", "on_ground"]


@pytest.mark.parametrize("icao", [0x000000, 0x111112, 0x123456])
def test_addresses_set_by_mistake_are_flagged(icao):
    assert found(gate_to_gate(icao=icao)).legs.flags[0] == 1 << FLAGS.index("suspect_address")


def test_estimated_rows_are_no_evidence():
    flight = Flight().at("LFMN", 30_000).by(2, 1, 33_000, 1200)
    flight.more["verdict"] = 4
    flight.by(10, 3, 33_000, 6000)
    result = found(flight)
    assert result.legs.until_ns[0] == T0 + 1200 * S


def test_an_unseen_flight_between_two_places_on_the_ground():
    flight = Flight().at("LFMN").stand(600).wait(3 * 3600).at("LFLL").stand(600)
    result = found(flight)
    assert len(result) == 1
    assert result.legs.flags[0] & 1 << FLAGS.index("unseen")
    assert (result.ends.not_before_ns[0], result.ends.not_after_ns[1]) == (T0 + 600 * S, T0 + (600 + 3 * 3600 + 5) * S)


def test_days_later_elsewhere_is_not_the_flight_that_left():
    flight = Flight().at("LFMN").stand(600).wait(40 * 3600).at("EHAM", 30_000).by(1, 1, 30_000, 900)
    result = found(flight)
    assert len(result) == 1
    assert evidence(result)[0] in ("lost_in_flight", "out_of_coverage")


def test_a_report_on_the_ground_in_cruise_is_not_believed():
    flight = Flight().at("LFMN", 30_000).by(3, 1, 33_000, 1200)
    flight.rows[50]["on_ground"] = 1
    assert len(found(flight)) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_empty_and_single(count):
    assert len(found(rows=gate_to_gate().rows[200:][:count])) == 0
    assert len(legs(histories(Positions.empty()), GAZETTEER)) == 0
