"""Buckets and counts of what one client may ask."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from skywitness.views.api.limits import Buckets, Connections, client_name


def test_a_burst_then_the_rate():
    buckets = Buckets()
    passed = sum(buckets.take("a", 1, 120, 0.0).is_allowed for _ in range(100))
    assert passed == 30  # a quarter of a minute's worth
    refused = buckets.take("a", 1, 120, 0.0)
    assert (refused.is_allowed, refused.retry_s, refused.limit, refused.remaining) == (False, 1, 120, 0)
    assert buckets.take("a", 1, 120, 0.5).is_allowed
    assert not buckets.take("a", 1, 120, 0.5).is_allowed
    assert buckets.take("b", 1, 120, 0.5).is_allowed  # others are not touched


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 50)), max_size=80), st.integers(1, 6000))
def test_never_more_than_burst_and_rate(asked: list[tuple[float, float]], per_minute: int):
    buckets, now, taken = Buckets(), 0.0, 0.0
    burst = max(1.0, per_minute / 4)
    for wait, cost in asked:
        now += wait
        verdict = buckets.take("x", cost, per_minute, now)
        if verdict.is_allowed:
            taken += min(cost, burst)
        else:
            # What it says about trying again is true.
            again = Buckets()
            again._buckets = buckets._buckets.copy()
            assert again.take("x", cost, per_minute, now + verdict.retry_s).is_allowed
    assert taken <= burst + now * per_minute / 60 + 1e-6


def test_memory_is_bounded():
    buckets = Buckets(most=100)
    for k in range(1000):
        buckets.take(f"client {k}", 1, 60, 0.0)
    assert len(buckets) == 100


def test_connections_in_all_and_by_client():
    connections = Connections(most=5, most_each=2)
    assert [connections.enter("a") for _ in range(3)] == [True, True, False]
    assert connections.enter("a", is_limited=False)
    assert connections.enter("b")
    assert connections.enter("c")
    assert not connections.enter("d")
    connections.leave("a")
    assert connections.enter("d")
    for name in "abcd":
        connections.leave(name)
    connections.leave("a")
    assert connections.open == 0
    assert not connections._each


def test_ipv6_is_counted_by_subscriber():
    assert client_name("2001:db8:1:2:3::1") == client_name("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert client_name("2001:db8:1:3::1") != client_name("2001:db8:1:2::1")
    assert client_name("::ffff:192.0.2.1") == "192.0.2.1"
    assert client_name("192.0.2.7") == "192.0.2.7"
    assert client_name("fe80::1%eth0") == "fe80::/64"
    assert client_name("") == "unknown"
