"""The case desk over HTTP: a round trip, who may, and what is refused."""

from __future__ import annotations

import base64
import functools
import json
from typing import Any

import pytest

from skywitness.views.api.app import create_app
from skywitness.views.api.keys import KeyStore
from skywitness.views.api.security import ApiSettings
from skywitness.views.cases import routes
from skywitness.views.privacy import Privacy
from tests.fake_node import node_with, served

PICTURE = b"\x89PNG\r\n\x1a\n and more"
URL = "/api/v1/cases"
ITEM = {"id": "abcdefgh", "kind": "question", "title": "Two", "link": "?q=mil:yes", "note": "<script>alert(1)</script>"}


def asked(tmp_path: Any, scenario: Any, *, is_public: bool = False, keys: KeyStore | None = None) -> None:
    node = node_with(3)
    node.privacy = Privacy(node.privacy.blur, is_public=is_public)
    module = functools.partial(routes.handlers, directory=tmp_path / "cases")
    served(create_app(node, ApiSettings(rate_per_minute=100_000), [module], keys=keys), scenario)


def test_a_case_goes_out_and_comes_back(tmp_path):
    async def scenario(client: Any) -> None:
        answer = await client.post(f"{URL}/pictures", content=PICTURE, headers={"content-type": "image/png"})
        assert answer.status_code == 201
        item = {**ITEM, "picture": answer.json()["picture"]}
        answer = await client.post(URL, json={"title": "Caracas", "items": [item]})
        assert answer.status_code == 201
        case = answer.json()
        own = f"{URL}/{case['id']}"
        assert answer.headers["etag"] == '"1"'
        assert (await client.get(own)).json() == case
        assert case["items"][0]["note"] == ITEM["note"]
        changed = await client.put(own, json={"title": "Maiquetía", "items": [item]}, headers={"if-match": '"1"'})
        assert changed.json()["version"] == 2
        older = await client.put(own, json={"title": "late"}, headers={"if-match": '"1"'})
        assert (older.status_code, older.headers["etag"]) == (409, '"2"')
        assert (await client.put(own, json={"title": "late"})).status_code == 428
        assert (await client.delete(own)).json()["deleted"]
        assert (await client.post(f"{own}/restore")).json()["deleted"] == ""
        told = (await client.get(URL)).json()["cases"]
        assert [(one["title"], one["items"]) for one in told] == [("Maiquetía", 1)]
        file = await client.get(f"{own}/file")
        assert file.headers["content-disposition"].startswith("attachment")
        copy = await client.post(f"{URL}/file", content=file.content, headers={"content-type": "application/json"})
        assert copy.status_code == 201
        assert copy.json()["id"] != case["id"]
        assert copy.json()["items"] == [item]
        assert (await client.get(f"{URL}/pictures/{item['picture']}")).content == PICTURE

    asked(tmp_path, scenario)


def test_a_file_with_other_pictures_or_of_another_kind_is_refused(tmp_path):
    async def scenario(client: Any) -> None:
        made = (await client.post(URL, json={"title": "one", "items": [ITEM]})).json()
        good = (await client.get(f"{URL}/{made['id']}/file")).json()
        twice = {**good["case"], "items": [ITEM, ITEM]}
        for wrong in (
            {**good, "format": "other"}, {**good, "version": 2}, {**good, "case": twice}, {**good, "case": None},
            {**good, "pictures": {"0" * 64: base64.b64encode(PICTURE).decode()}},
            {**good, "pictures": {"0" * 64: "???"}}, {**good, "pictures": {"../x": ""}},
        ):  # fmt: skip
            assert (await client.post(f"{URL}/file", json=wrong)).status_code == 422
        assert len((await client.get(URL)).json()["cases"]) == 1

    asked(tmp_path, scenario)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
        {"origin": "null"}, {"x-forwarded-for": "127.0.0.1"},
    ],
)  # fmt: skip
def test_pages_of_others_and_proxies_may_not(tmp_path, headers):
    async def scenario(client: Any) -> None:
        for method, url in (("GET", URL), ("POST", URL), ("DELETE", f"{URL}/abcdefgh"), ("GET", f"{URL}/abcdefgh")):
            answer = await client.request(method, url, content=b"{}", headers=headers)
            assert answer.status_code == 403, (method, url)
        assert not (tmp_path / "cases").exists()

    asked(tmp_path, scenario)


def test_a_form_of_another_page_is_no_case(tmp_path):
    async def scenario(client: Any) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            answer = await client.post(URL, content=json.dumps({"title": "x"}), headers={"content-type": kind})
            assert answer.status_code == 415
        assert (await client.post(URL, content=b"{", headers={"content-type": "application/json"})).status_code == 422

    asked(tmp_path, scenario)


def test_on_a_public_node_it_takes_the_operators_key(tmp_path):
    keys = KeyStore(tmp_path / "keys.json")
    _, admin = keys.add("me", ("admin",))
    _, reader = keys.add("they", ("read",))

    async def scenario(client: Any) -> None:
        for key, status in ((None, 403), (reader, 403), (admin, 201)):
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            assert (await client.post(URL, json={"title": "one"}, headers=headers)).status_code == status

    asked(tmp_path, scenario, is_public=True, keys=keys)


def test_a_node_that_keeps_nothing_says_so():
    node = node_with(3)
    node.privacy = Privacy(node.privacy.blur, is_public=False)

    async def scenario(client: Any) -> None:
        answer = await client.get(URL)
        assert answer.status_code == 404
        assert "--data" in answer.json()["detail"]

    served(create_app(node, ApiSettings(), [functools.partial(routes.handlers, directory=None)]), scenario)
