"""Token buckets and addresses."""

from __future__ import annotations

from skywitness.sources import feeder_limits
from skywitness.sources.feeder_limits import Addresses, Bucket, FeederLimits, address_key


def test_a_bucket_makes_wait_for_what_is_overdrawn():
    bucket = Bucket(100.0, 0.0)
    assert bucket.spend(500, 0.0) == 0
    assert bucket.spend(50, 0.0) == 0.5
    assert bucket.spend(0, 0.5) == 0
    assert bucket.spend(10_000, 1_000.0) == 95.0  # it fills to five seconds, no further
    assert Bucket(0.0, 0.0).spend(1e12, 0.0) == 0


def test_addresses_of_one_network_are_one():
    assert address_key("2001:db8::1") == address_key("2001:db8::ffff:1")
    assert address_key("2001:db8::1") != address_key("2001:db8:0:1::1")
    assert address_key("::ffff:10.0.0.1") == address_key("10.0.0.1")
    assert address_key("fe80::1%eth0") == address_key("fe80::2")
    assert address_key("nonsense") == "nonsense"


def test_addresses_are_forgotten(monkeypatch):
    monkeypatch.setattr(feeder_limits, "MOST_ADDRESSES", 100)
    addresses = Addresses(FeederLimits())
    addresses.of("10.0.0.1", 0.0).connections = 1
    for number in range(1000):
        addresses.of(f"10.1.{number >> 8}.{number & 255}", float(number))
    assert len(addresses) <= 101
    assert addresses.of("10.0.0.1", 1000.0).connections == 1
    addresses.forget(2000.0)
    assert len(addresses) == 1
