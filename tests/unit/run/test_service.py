"""What the parts of a node are told."""

from __future__ import annotations

import dataclasses

import pytest

from skywitness.errors import ConfigError
from skywitness.run.config import load_config
from skywitness.run.service import (
    api_settings,
    derived,
    feeder_limits,
    leaves_computer,
    port_settings,
    recorder_settings,
    uuid_of,
)


@pytest.mark.parametrize(
    ("flags", "leaves"),
    [
        ({}, False),
        ({"out.beast": "127.0.0.1:30005", "out.sbs": ":30003"}, False),
        ({"out.beast": "127.0.0.1:30005", "out.sbs": "0.0.0.0:30003"}, True),
        ({"out.raw": "[::1]:30002"}, False),
        ({"out.push": ["beast_reduce://127.0.0.1:30004"]}, False),
        ({"out.push": ["beast_reduce://feed.example.org:30004"]}, True),
    ],
)
def test_counters_stay_where_nothing_leaves_the_computer(flags, leaves):
    config, _ = load_config(None, flags, {})
    assert leaves_computer(config.out) is leaves


def test_what_is_made_of_the_secret_is_always_the_same_and_tells_nothing():
    secret = bytes(range(32))
    assert uuid_of(secret) == uuid_of(secret) != uuid_of(bytes(32))
    assert uuid_of(secret).version == 4
    assert derived(secret, b"a") != derived(secret, b"b")
    assert secret[:8] not in derived(secret, b"a")


def other(value):
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return ("127.0.0.9",)
    return value + 1000 if isinstance(value, int | float) else f"{value}127.0.0.1:9"


def told(config):
    """All that the parts of a node are told."""
    return (
        api_settings(config.http),
        feeder_limits(config.limits),
        recorder_settings(config.record),
        port_settings(dataclasses.replace(config, out=dataclasses.replace(config.out, push=())), config.out.uuid),
        config.out.push,
    )


ELSEWHERE = {"http.port", "http.readsb_api", "record.keep"}
"""Settings that `Service.start` reads by itself."""


@pytest.mark.parametrize("section", ["http", "limits", "record", "out"])
def test_every_setting_reaches_the_part_that_obeys_it(section):
    config, _ = load_config(None, {}, {})
    part = getattr(config, section)
    for field in dataclasses.fields(part):
        changed = dataclasses.replace(part, **{field.name: other(getattr(part, field.name))})
        is_obeyed = told(dataclasses.replace(config, **{section: changed})) != told(config)
        assert is_obeyed or f"{section}.{field.name}" in ELSEWHERE, field.name


@pytest.mark.parametrize("proxy", ["*", "proxy.example.org", "10.0.0.1/24", "unix:"])
def test_only_addresses_can_be_trusted_as_proxies(proxy):
    config, _ = load_config(None, {"http.trusted_proxies": [proxy]}, {})
    with pytest.raises(ConfigError, match=r"http\.trusted_proxies"):
        api_settings(config.http)


@pytest.mark.parametrize(
    ("path", "value"),
    [("http.connections", 0), ("http.connections_per_address", -1), ("http.rate_per_minute", 0),
     ("http.key_rate_per_minute", 0), ("out.clients", 0), ("out.held_kb", 10)],
)  # fmt: skip
def test_what_would_shut_everybody_out_is_refused(path, value):
    config, _ = load_config(None, {path: value}, {})
    with pytest.raises(ConfigError, match=path):
        told(config)
