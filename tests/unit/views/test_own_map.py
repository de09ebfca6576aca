"""The operator's own map: what of it is taken, what the policy then says, and parts of the file, hostile ones too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from skywitness.errors import ConfigError
from skywitness.views.api.app import create_app
from skywitness.views.api.security import ApiSettings, Problem
from skywitness.views.own_map import MOST_BYTES, OwnMap, byte_range
from skywitness.views.web_page import POLICY
from tests.fake_node import node_with, served

BODY = b"PMTiles\x03" + bytes(range(256)) * 4


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.pmtiles"
    path.write_bytes(BODY)
    return path


@pytest.mark.parametrize(
    ("style", "pmtiles", "origins"),
    [
        ("javascript:alert(1)", "", ()), ("file:///etc/passwd", "", ()), ("https://", "", ()), ("tiles", "", ()),
        ("https://a.example;script-src *", "", ()), ("https://a.example 'unsafe-inline'/", "", ()),
        ("", "", ("*",)), ("", "", ("https://*.example",)), ("", "", ("https://a.example/path",)),
        ("", "", ("https://a.example; script-src *",)), ("", "", ("data:",)), ("", "missing.pmtiles", ()),
        ("https://user:word@a.example/style.json", "", ()), ("", "/", ()),
    ],
)  # fmt: skip
def test_what_would_open_the_policy_is_refused(style: str, pmtiles: str, origins: tuple[str, ...]):
    with pytest.raises(ConfigError):
        OwnMap.of(style, pmtiles, origins)


def test_a_file_of_another_kind_is_refused(tmp_path: Path):
    (tmp_path / "no.pmtiles").write_bytes(b"PMTiles\x02 and more")
    with pytest.raises(ConfigError, match="version 3"):
        OwnMap.of("", str(tmp_path / "no.pmtiles"), ())


def test_the_policy_names_just_those_servers():
    assert OwnMap.of("", "", ()).policy(POLICY) == POLICY
    own = OwnMap.of("https://a.example:8443/style.json?key=1", "", ("https://b.example/", "https://b.example"))
    directives = dict(part.split(" ", 1) for part in own.policy(POLICY).split("; "))
    assert directives["connect-src"] == "'self' https://b.example https://a.example:8443"
    assert directives["img-src"] == "'self' https://b.example https://a.example:8443 data: blob:"
    assert directives["script-src"] == "'self'"
    assert len(directives) == len(POLICY.split("; "))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("bytes=0-0", (0, 1)), ("bytes=0-126", (0, 100)), ("bytes=90-", (90, 100)), ("bytes=-7", (93, 100)),
        ("bytes=-999", (0, 100)), ("bytes=99-5000", (99, 100)),
        *((bad, None) for bad in (
            "", "bytes=", "bytes=-", "bytes=-0", "bytes=100-", "bytes=9-8", "bytes=0-1,5-6", "items=0-1", "bytes=0x1-9",
            "bytes=-1-2", "bytes=" + "9" * 40 + "-", "bytes=0-" + "9" * 5000, "bytes=\u0661-\u0662",
        )),
    ],
)  # fmt: skip
def test_parts(text: str, wanted: tuple[int, int] | None):
    if wanted is None:
        with pytest.raises(Problem) as caught:
            byte_range(text, 100)
        assert caught.value.status == 416
        assert caught.value.headers == {"content-range": "bytes */100"}
    else:
        assert byte_range(text, 100) == wanted


def test_no_part_is_large():
    first, end = byte_range("bytes=5-", 1 << 40)
    assert (first, end - first) == (5, MOST_BYTES)


def test_served_in_parts(file: Path):
    async def scenario(client: Any) -> None:
        assert (await client.get("/map/own")).json() == {"style": "", "pmtiles": True, "origins": []}
        assert (await client.get("/map/own.pmtiles")).status_code == 400
        answer = await client.get("/map/own.pmtiles", headers={"range": "bytes=0-7"})
        assert (answer.status_code, answer.content) == (206, BODY[:8])
        assert answer.headers["content-range"] == f"bytes 0-7/{len(BODY)}"
        tag = answer.headers["etag"]
        rest = await client.get("/map/own.pmtiles", headers={"range": "bytes=1000-99999"})
        assert (rest.content, rest.headers["etag"]) == (BODY[1000:], tag)
        beyond = await client.get("/map/own.pmtiles", headers={"range": "bytes=99999-"})
        assert beyond.status_code == 416
        file.unlink()
        assert (await client.get("/map/own.pmtiles", headers={"range": "bytes=0-7"})).status_code == 404

    served(create_app(node_with(3), ApiSettings(), own_map=OwnMap.of("", str(file), ())), scenario)
