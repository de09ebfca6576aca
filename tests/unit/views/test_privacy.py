"""Where receivers are shown, and what a stranger finds out who puts together all that is public."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skywitness.batches import POSITION_SOURCES, REASONS, VERDICTS, Positions
from skywitness.coverage.report import SECTORS
from skywitness.errors import ConfigError
from skywitness.frames.receiver import Place
from skywitness.geo.sphere import bearing_deg, distance_nmi
from skywitness.tracks.aircraft import table_of_positions
from skywitness.tracks.picture import Picture
from skywitness.views.privacy import Blur, Privacy, destination, open_blur
from tests.fake_node import NOW_NS, PLACE, SECRET, FakeHistory, picture_of, positions_for, receiver_at, report_of

S = 1_000_000_000
LIGHT_NMI_S = 299_792.458 / 1.852
RADIUS = 5.0


def apart(place: Place | None, other: Place) -> float:
    """Distance in nautical miles."""
    assert place is not None
    return float(distance_nmi(place.lat_deg, place.lon_deg, other.lat_deg, other.lon_deg))


# --- the wrong places ----------------------------------------------------------------------------------------------


def test_destination_is_where_distance_and_bearing_say():
    bearing = np.linspace(0, 359, 50)
    distance = np.linspace(0.5, 400, 50)
    for lat, lon in ((0.0, 0.0), (52.0, 179.9), (-70.0, -179.9), (89.0, 10.0)):
        there = destination(lat, lon, bearing, distance)
        np.testing.assert_allclose(distance_nmi(lat, lon, *there), distance, rtol=1e-9)
        turn = (bearing_deg(lat, lon, *there) - bearing + 180) % 360 - 180
        np.testing.assert_allclose(turn, 0, atol=1e-6)
        assert (there[1] >= -180).all()
        assert (there[1] < 180).all()


def test_moved_by_once_to_twice_the_radius_in_all_directions():
    far, turns = [], []
    for k in range(400):
        place = Blur(SECRET, RADIUS).place(receiver_at(PLACE, f"r{k}", k))
        far.append(apart(place, PLACE))
        assert place is not None
        assert place.altitude_m == 0.0
        turns.append(float(bearing_deg(PLACE.lat_deg, PLACE.lon_deg, place.lat_deg, place.lon_deg)))
    assert min(far) >= RADIUS - 0.005  # the place is rounded to 1e-4 degree
    assert max(far) <= 2 * RADIUS + 0.005
    assert np.histogram(turns, 8, (0, 360))[0].min() > 25


def test_never_drawn_again(tmp_path: Path):
    receiver = receiver_at(PLACE)
    first = open_blur(tmp_path).place(receiver)
    assert open_blur(tmp_path).place(receiver) == first
    assert open_blur(tmp_path / "other").place(receiver) != first
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "blur.json").stat().st_mode) == 0o600
    (tmp_path / "blur.json").write_text("{}")
    with pytest.raises(ConfigError, match="damaged"):
        open_blur(tmp_path)


def test_own_antennas_of_one_house_are_moved_together(tmp_path: Path):
    """Else the mean over a dozen antennas would be near the house."""
    house = [receiver_at(Place(PLACE.lat_deg + k * 1e-4, PLACE.lon_deg), f"antenna {k}", k) for k in range(12)]
    blur = open_blur(tmp_path, RADIUS)
    mean = np.mean([dataclasses.astuple(blur.place(receiver)) for receiver in house], axis=0)  # type: ignore[arg-type]
    assert apart(Place(*mean), PLACE) >= RADIUS - 0.1
    # Kept, so that it holds when the first of them is gone.
    again = open_blur(tmp_path, RADIUS)
    assert [again.place(receiver) for receiver in house[5:]] == [blur.place(receiver) for receiver in house[5:]]
    far = receiver_at(Place(PLACE.lat_deg + 1.0, PLACE.lon_deg), "far", 20)
    assert blur.moved(far) != blur.moved(house[0])


def test_a_feeder_does_not_learn_how_its_neighbour_is_moved():
    blur = Blur(SECRET, RADIUS)
    victim = receiver_at(PLACE)
    blur.place(victim)
    spy = receiver_at(PLACE, "spy", 1, own=False)
    assert blur.moved(spy) != blur.moved(victim)
    other = receiver_at(PLACE, "another feeder", 2, own=False)
    assert blur.moved(spy) != blur.moved(other)


def test_two_radii_do_not_lead_back():
    a, b = (Blur(SECRET, radius).moved(receiver_at(PLACE))[0] for radius in (5.0, 6.0))
    assert abs(a - b) > 1.0


def test_an_owner_may_let_the_place_out():
    blur = Blur(SECRET, RADIUS)
    assert blur.place(receiver_at(PLACE, place_public=True)) == PLACE
    assert blur.place(receiver_at(None)) is None


def test_a_node_for_its_own_computer_keeps_levels_and_times():
    privacy = Privacy(Blur(SECRET, RADIUS), is_public=False)
    privacy.update([report_of(receiver_at(PLACE))])
    rows = positions_for(20)
    assert privacy.positions(rows) is rows
    assert apart(privacy.centre(), PLACE) >= RADIUS - 0.01
    public = Privacy(Blur(SECRET, RADIUS))
    public.update([report_of(receiver_at(PLACE, place_public=True))])
    assert public.positions(rows) is rows
    assert public.centre() == PLACE


def test_what_a_public_node_tells_of_rows():
    privacy = Privacy(Blur(SECRET, RADIUS))
    privacy.update([report_of(receiver_at(PLACE))])
    rows = positions_for(200)
    rows.verdict[:3] = VERDICTS.index("contradicted")
    rows.reason[:3] = [REASONS.index(word) for word in ("range", "horizon", "speed")]
    rows.lat_deg[:3], rows.lon_deg[:3] = PLACE.lat_deg, PLACE.lon_deg
    rows.source[50] = POSITION_SOURCES.index("mlat")
    rows.lat_deg[50] = PLACE.lat_deg + 20  # no receiver here heard that
    told = privacy.history(FakeHistory(rows)).positions(NOW_NS - 100 * S, NOW_NS + S, contradicted=True)
    assert np.isnan(told.signal_dbfs).all()
    assert not (told.time_ns % 100_000_000).any()
    kept = set(told.parent.tolist())
    assert {int(rows.parent[2]), int(rows.parent[50])} <= kept
    assert not {int(rows.parent[0]), int(rows.parent[1])} & kept  # thresholds about the exact place
    table = privacy.picture(picture_of(rows)).table
    assert np.isnan(table.signal_dbfs).all()
    assert not table.receiver.any()
    assert len(table) == 200  # a far aircraft is there, without its place


# --- the attacks ---------------------------------------------------------------------------------------------------

SECONDS = 3600
STEP_S = 20
AIRCRAFT = 250


def heard_in_an_hour(hills: np.ndarray | None, seed: int, sensitivity_nmi: float = 400.0) -> Positions:
    """What a receiver at PLACE hears in an hour: aircraft on straight ways, a horizon, hills by sector."""
    rng = np.random.default_rng(seed)
    parts = []
    lat0, lon0 = rng.uniform(-4.5, 4.5, AIRCRAFT), rng.uniform(-7, 7, AIRCRAFT)
    course, speed = rng.uniform(0, 2 * np.pi, AIRCRAFT), rng.uniform(150, 480, AIRCRAFT)
    height = rng.choice([2000, 5000, 11000, 19000, 30000, 35000, 38000], AIRCRAFT).astype(np.float32)
    for t in range(0, SECONDS, STEP_S):
        rows = positions_for(AIRCRAFT, time_ns=NOW_NS, seed=t)
        way = speed / 60 * (t - SECONDS / 2) / SECONDS  # degrees
        rows.lat_deg[:] = PLACE.lat_deg + lat0 + way * np.cos(course)
        rows.lon_deg[:] = PLACE.lon_deg + lon0 + way * np.sin(course) / np.cos(np.radians(PLACE.lat_deg))
        rows.altitude_ft[:], rows.on_ground[:], rows.address_kind[:] = height, 0, 0
        away = distance_nmi(PLACE.lat_deg, PLACE.lon_deg, rows.lat_deg, rows.lon_deg)
        sent_ns = NOW_NS + (t + rng.uniform(0, STEP_S, AIRCRAFT)) * S
        rows.time_ns[:] = sent_ns + away / LIGHT_NMI_S * S
        rows.signal_dbfs[:] = -20 * np.log10(np.maximum(away, 0.5)) + rng.normal(0, 2, AIRCRAFT)
        rows.parent[:] = (t << 16) + np.arange(AIRCRAFT)
        limit = np.minimum(1.23 * (np.sqrt(height) + np.sqrt(30.0)), sensitivity_nmi)
        if hills is not None:
            turn = bearing_deg(PLACE.lat_deg, PLACE.lon_deg, rows.lat_deg, rows.lon_deg)
            limit = limit * np.interp(turn, np.linspace(0, 360, len(hills) + 1), [*hills, hills[0]])
        parts.append(rows.take(away < limit))
    return Positions.concat(parts)


@dataclasses.dataclass
class Public:
    """All that a stranger has after an hour."""

    rows: Positions
    sent_ns: np.ndarray
    """When aircraft sent, as a network for multilateration would know it: the worst case."""
    outline: list[tuple[float, float, float]]
    distances: list[tuple[float, float, float]]
    """Place of an aircraft, and its r_dst."""
    shown: Place


def public_hour(heard: Positions) -> Public:
    """Run the hour through everything that leaves."""
    receiver = receiver_at(PLACE)
    privacy = Privacy(Blur(SECRET, RADIUS))
    away = distance_nmi(PLACE.lat_deg, PLACE.lon_deg, heard.lat_deg, heard.lon_deg)
    turn = bearing_deg(PLACE.lat_deg, PLACE.lon_deg, heard.lat_deg, heard.lon_deg)
    sector = ((turn + 5) // 10).astype(int) % SECTORS
    reach = [float(away[sector == k].max(initial=0)) for k in range(SECTORS)]  # what the node has counted
    report = report_of(receiver, range_nmi=tuple(reach))
    distances = []
    privacy.update([report])
    for k, at in enumerate(range(0, SECONDS, STEP_S)):
        now_ns = NOW_NS + (at + STEP_S) * S
        rows = heard.take((heard.time_ns >= now_ns - STEP_S * S) & (heard.time_ns < now_ns))
        picture = Picture(k + 1, now_ns, table_of_positions(rows), 0)
        privacy.update([report], picture)
        table = privacy.picture(picture).table
        dst, _ = privacy.distance(table.lat_deg, table.lon_deg)
        good = ~np.isnan(dst)
        distances += list(zip(table.lat_deg[good], table.lon_deg[good], dst[good], strict=True))[:20]
    rows = privacy.history(FakeHistory(heard)).positions(NOW_NS - S, NOW_NS + 2 * SECONDS * S)
    at = np.searchsorted(np.sort(heard.parent), rows.parent)
    of = np.argsort(heard.parent)[at]
    sent_ns = heard.time_ns[of] - (away[of] / LIGHT_NMI_S * S).astype(np.int64)
    shown = privacy.place(0)
    assert shown is not None
    return Public(rows, sent_ns, privacy.outline.points(), distances, shown)


GRID = np.linspace(-0.45, 0.45, 13)  # degrees of latitude about the shown place: 27 NM each way


def best_place(cost: Any, start: Place) -> Place:
    """The place of least cost: a grid about what is shown, then finer and finer ones."""
    lat, lon, step = start.lat_deg, start.lon_deg, 1.0
    for _ in range(5):
        wide = step / np.cos(np.radians(lat))
        found = [
            (cost(lat + a * step, lon + b * wide), lat + a * step, lon + b * wide) for a in GRID for b in GRID
        ]  # fmt: skip
        _, lat, lon = min(found)
        step /= 5
    return Place(float(lat), float(lon))


def by_distances(public: Public) -> Place:
    """Least squares of r_dst."""
    lat, lon, dst = (np.array(column) for column in zip(*public.distances[::7], strict=True))
    return best_place(lambda a, b: float(((distance_nmi(a, b, lat, lon) - dst) ** 2).sum()), public.shown)


def edge(lat0: float, lon0: float, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Farthest of the places by sector about a point; NaN none."""
    away = distance_nmi(lat0, lon0, lat, lon)
    sector = ((bearing_deg(lat0, lon0, lat, lon) + 5) // 10).astype(int) % SECTORS
    far = np.zeros(SECTORS)
    np.maximum.at(far, sector, away)
    return np.where(far > 0, far, np.nan)


def by_edge(public: Public, cap_nmi: float) -> Place:
    """The place about which the edge of what is heard is roundest, in shares of the horizon at each height."""
    rows = public.rows
    horizon = np.minimum(1.23 * (np.sqrt(rows.altitude_ft) + np.sqrt(30.0)), cap_nmi)
    share = distance_nmi(public.shown.lat_deg, public.shown.lon_deg, rows.lat_deg, rows.lon_deg) / horizon
    outer = share > np.quantile(share, 0.6)  # the rest is not at an edge, wherever the place is
    lat, lon, horizon = rows.lat_deg[outer], rows.lon_deg[outer], horizon[outer]

    def cost(a: float, b: float) -> float:
        sector = ((bearing_deg(a, b, lat, lon) + 5) // 10).astype(int) % SECTORS
        far = np.zeros(SECTORS)
        np.maximum.at(far, sector, distance_nmi(a, b, lat, lon) / horizon)
        middle = np.median(far)
        return float(np.minimum(np.abs(far - middle), 0.1 * middle).sum())  # sectors with hills count little

    return best_place(cost, public.shown)


def by_ring(public: Public) -> Place:
    """The centre of the circle nearest to the published outline."""
    lat, lon = (np.array([point[k] for point in public.outline]) for k in (0, 1))
    return best_place(lambda a, b: float(distance_nmi(a, b, lat, lon).var()), public.shown)


def by_outline(public: Public) -> Place:
    """The place about which the published outline is the farthest public position by sector."""
    lat, lon = (np.array([point[k] for point in public.outline]) for k in (0, 1))
    every = np.random.default_rng(0).permutation(len(public.rows))[:8_000]
    all_lat, all_lon = public.rows.lat_deg[every], public.rows.lon_deg[every]

    def cost(a: float, b: float) -> float:
        ours, whole = edge(a, b, lat, lon), edge(a, b, all_lat, all_lon)
        return float(np.nansum(np.maximum(0, whole - ours) ** 2) + 400 * np.isnan(ours).sum())

    return best_place(cost, public.shown)


def by_arrival(public: Public) -> Place:
    """Least squares of arrival times against exact times of sending, the clock's offset solved for."""
    late = (public.rows.time_ns - public.sent_ns) / S * LIGHT_NMI_S
    lat, lon = public.rows.lat_deg, public.rows.lon_deg
    a0, b0 = public.shown.lat_deg, public.shown.lon_deg
    for _ in range(4):
        turn = np.radians(bearing_deg(a0, b0, lat, lon))
        matrix = np.column_stack([-np.cos(turn), -np.sin(turn), np.ones(len(turn))])
        rest = late - distance_nmi(a0, b0, lat, lon)
        north, east, _ = np.linalg.lstsq(matrix, rest, rcond=None)[0]
        far = min(float(np.hypot(north, east)), 100.0)
        a0, b0 = (float(v) for v in destination(a0, b0, float(np.degrees(np.arctan2(east, north))), far))
    return Place(a0, b0)


def hilly(seed: int) -> np.ndarray:
    """Hills around a receiver: share of the horizon that is seen, by sector."""
    rng = np.random.default_rng(seed)
    rough = rng.uniform(0.45, 1.0, 12)
    return np.repeat(rough, 3)


CASES = {
    "open": (None, 400.0),
    "deaf": (None, 110.0),
    "hills": (hilly(3), 400.0),
}


@pytest.fixture(scope="module", params=CASES)
def hour(request: pytest.FixtureRequest) -> tuple[Positions, Public]:
    hills, sensitivity = CASES[request.param]
    heard = heard_in_an_hour(hills, seed=11, sensitivity_nmi=sensitivity)
    return heard, public_hour(heard)


def test_the_attacks_work_where_nothing_is_hidden():
    """Or they would prove nothing: on the raw rows each comes within a mile or two."""
    heard = heard_in_an_hour(None, seed=11)
    away = distance_nmi(PLACE.lat_deg, PLACE.lon_deg, heard.lat_deg, heard.lon_deg)
    start = destination(PLACE.lat_deg, PLACE.lon_deg, 70.0, 8.0)
    shown = Place(float(start[0]), float(start[1]))
    sent_ns = heard.time_ns - (away / LIGHT_NMI_S * S).astype(np.int64)
    outline_lat, outline_lon = [], []
    sector = ((bearing_deg(PLACE.lat_deg, PLACE.lon_deg, heard.lat_deg, heard.lon_deg) + 5) // 10).astype(int) % SECTORS
    for k in range(SECTORS):
        row = np.flatnonzero(sector == k)[np.argmax(away[sector == k])]
        outline_lat.append(heard.lat_deg[row])
        outline_lon.append(heard.lon_deg[row])
    outline = [(float(a), float(b), 0.0) for a, b in zip(outline_lat, outline_lon, strict=True)]
    distances = list(zip(heard.lat_deg[::50], heard.lon_deg[::50], away[::50], strict=True))
    raw = Public(heard, sent_ns, outline, distances, shown)
    assert apart(by_distances(raw), PLACE) < 0.2
    assert apart(by_arrival(raw), PLACE) < 0.2
    assert apart(by_outline(raw), PLACE) < 2.0
    assert apart(by_edge(raw, 400.0), PLACE) < 2.0


def test_an_hour_of_all_public_output_does_not_tell_the_place(hour: tuple[Positions, Public]):
    _, public = hour
    assert apart(public.shown, PLACE) >= RADIUS - 0.01
    found = {"distances": by_distances(public), "outline": by_outline(public), "ring": by_ring(public)}
    found["horizon"] = by_edge(public, 400.0)
    found["reach"] = by_edge(public, 110.0)
    found["arrival"] = by_arrival(public)
    places = np.array([(place.lat_deg, place.lon_deg) for place in found.values()])
    found["all together"] = Place(*np.median(places, axis=0))
    off = {name: round(apart(place, PLACE), 1) for name, place in found.items()}
    print(off)
    assert min(off.values()) >= RADIUS - 0.1, off
    assert np.isnan(public.rows.signal_dbfs).all()


def test_most_of_what_is_heard_is_still_told(hour: tuple[Positions, Public]):
    heard, public = hour
    assert len(public.rows) > 0.6 * len(heard)
