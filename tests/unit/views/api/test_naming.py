"""Who an aircraft is, over HTTP: every statement with its source and dates, rules told apart from lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from skywitness.identity.book import Book, Statement, register_of
from skywitness.views.api.app import create_app
from skywitness.views.api.naming import named_at, who_is
from skywitness.views.api.security import ApiSettings
from tests.fake_node import node_with, served

DAY_NS = 86_400 * 1_000_000_000
SCRIPT = "<script>alert(1)</script>"


def book() -> Book:
    """One aircraft under a former and its present registration."""
    return Book(
        [
            register_of(
                "mine", "local",
                [
                    Statement(0x4840D6, "mine", "local", registration="PH-OLD", until_ns=17_000 * DAY_NS),
                    Statement(
                        0x4840D6, "mine", "local", registration="PH-NEW", operator=SCRIPT, from_ns=17_000 * DAY_NS
                    ),
                ],
            )
        ]
    )  # fmt: skip


def test_statements_have_their_dates_and_sources():
    told = who_is(book(), 0x4840D6)
    assert told["values"]["registration"] == {"value": "PH-NEW", "source": "mine"}
    spans = [(one["from"], one["until"], one["values"]["registration"]) for one in told["statements"]]
    assert spans == [("2016-07-18T00:00:00.000000Z", None, "PH-NEW"), (None, "2016-07-18T00:00:00.000000Z", "PH-OLD")]
    assert not any(one["is_derived"] for one in told["statements"])


def test_what_a_rule_says_is_told_as_such():
    told = who_is(Book(), 0x154073)
    assert told["country"] == "Russian Federation"
    assert [(one["values"]["registration"], one["is_derived"]) for one in told["statements"]] == [("RA-82035", True)]


def test_nothing_is_said_of_an_address_that_is_none_of_icao():
    assert who_is(book(), 0x4840D6, is_lent=True)["statements"] == []


def test_it_is_asked_by_address():
    async def scenario(client: Any) -> None:
        answer = await client.get("/api/v1/identity/4840D6")
        assert answer.json()["values"]["operator"]["value"] == SCRIPT
        assert answer.headers["content-type"] == "application/json"
        assert (await client.get("/api/v1/identity/zz")).status_code == 400

    node = node_with(1)
    node.book = book()
    served(create_app(node, ApiSettings()), scenario)


def test_many_are_named_as_of_a_moment_those_that_no_list_has_are_left_out():
    async def scenario(client: Any) -> None:
        then = {"hex": "4840d6,154073,~4840d6", "at": "2010-01-01T00:00:00Z"}
        assert (await client.post("/api/v1/identities", data=then)).json()["aircraft"] == [
            {"icao24": "4840d6", "registration": "PH-OLD"}
        ]
        now = (await client.get("/api/v1/identities?hex=4840d6")).json()["aircraft"]
        assert now == [{"icao24": "4840d6", "registration": "PH-NEW"}]
        assert (await client.get("/api/v1/identities")).json()["aircraft"] == []
        many = ",".join(f"{k:06x}" for k in range(1000))
        assert (await client.get(f"/api/v1/identities?hex={many}")).status_code == 400
        assert (await client.post("/api/v1/identities", data={"hex": many})).status_code == 200

    node = node_with(1)
    node.book = book()
    served(create_app(node, ApiSettings(rate_per_minute=100_000)), scenario)


def test_a_list_marks_what_is_military():
    said = [Statement(0x154073, "mine", "local", typecode="A124", flags=1)]
    rows = named_at(Book([register_of("mine", "local", said)]), np.array([0x154073], np.uint32), 0).dicts()
    assert rows == [{"icao24": "154073", "typecode": "A124", "military": True}]
