"""What the parts of a node are told."""

from __future__ import annotations

import pytest

from skywitness.run.config import load_config
from skywitness.run.service import derived, leaves_computer, uuid_of


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
