"""The operator's page: who may see it, and that no secret is in it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from skywitness.run.operating import operating
from skywitness.views.api.app import create_app
from skywitness.views.api.keys import KeyStore
from skywitness.views.api.operator import check_operator
from skywitness.views.api.security import ApiSettings, Problem
from skywitness.views.privacy import Privacy
from tests.fake_node import PLACE, node_with, served


def scope(client: str = "127.0.0.1", headers: tuple[tuple[bytes, bytes], ...] = (), key: Any = None) -> dict[str, Any]:
    return {"client": (client, 5), "headers": list(headers), "state": {"key": key}}


def test_on_the_nodes_own_computer_the_operator_is_let_in():
    check_operator(scope(), is_public=False)
    check_operator(scope("::1"), is_public=False)


@pytest.mark.parametrize(
    ("asked", "is_public"),
    [
        (scope(), True),
        (scope("192.0.2.7"), False),
        (scope(headers=((b"X-Forwarded-For", b"127.0.0.1"),)), False),
        (scope(headers=((b"forwarded", b"for=192.0.2.7"),)), False),
        ({"client": None, "headers": []}, False),
    ],
)
def test_nobody_else_is(asked, is_public):
    with pytest.raises(Problem) as refused:
        check_operator(asked, is_public=is_public)
    assert refused.value.status == 403


def test_a_key_of_scope_admin_opens_it_on_a_public_node_and_no_other(tmp_path):
    keys = KeyStore(tmp_path / "keys.json")
    _, admin = keys.add("me", ("admin",))
    _, reader = keys.add("they", ("read",))
    node = node_with(3)
    node.operating = lambda: operating(tmp_path, None, None, [], keys, time.time_ns())

    async def scenario(client: Any) -> None:
        for key, status in ((None, 403), (reader, 403), (admin, 200)):
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            answer = await client.get("/api/v1/operator", headers=headers)
            assert answer.status_code == status
            assert (str(PLACE.lat_deg) in answer.text) == (status == 200)
        told = answer.json()
        assert answer.headers["cache-control"] == "no-store"
        assert sorted((key["name"], key["scopes"], key["is_good"]) for key in told["keys"]) == [
            ("me", ["admin"], True), ("they", ["read"], True),
        ]  # fmt: skip
        kept = (tmp_path / "keys.json").read_text()
        for secret in (admin, reader, *(key.hash for key in keys.every())):
            assert secret not in answer.text
            assert secret in (admin, reader) or secret in kept
        assert len(told["receivers"][0]["range_nmi"]) == 36
        assert told["storage"]["free_bytes"] > 0

    node.privacy = Privacy(node.privacy.blur, is_public=True)
    served(create_app(node, ApiSettings(rate_per_minute=100_000), keys=keys), scenario)


def test_what_is_wrong_with_a_receiver_is_an_alarm():
    node = node_with(3)
    node.privacy = Privacy(node.privacy.blur, is_public=False)

    async def scenario(client: Any) -> None:
        told = (await client.get("/api/v1/operator")).json()
        bad = [row["name"] for row in told["receivers"] if row["health"] != "good"]
        assert len(told["alarms"]) == len(bad)
        assert all(words.startswith(name) for words, name in zip(told["alarms"], bad, strict=True))

    served(create_app(node, ApiSettings()), scenario)
