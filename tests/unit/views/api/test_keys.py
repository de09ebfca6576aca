"""API keys: what is kept of them, what they allow, and how they end."""

from __future__ import annotations

import json
import os
import stat
import uuid
from pathlib import Path

import pytest

from skywitness.cli import main
from skywitness.errors import ConfigError
from skywitness.views.api.keys import KeyStore, normal_form


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.json"


def test_a_key_is_found_by_its_text_alone_and_never_kept(file: Path):
    store = KeyStore(file)
    key, text = store.add("grafana", ["read"])
    assert text.startswith(f"sw_{key.id}_")
    assert len(text) == 3 + 8 + 1 + 43  # 256 random bits
    assert store.find(text) == key
    kept = file.read_text()
    assert text not in kept
    assert text.rsplit("_", 1)[1] not in kept
    for wrong in (text[:-1], text + "x", text.swapcase(), key.id, f"sw_{key.id}_{'A' * 43}", "", "x" * 10_000, "é"):
        assert store.find(wrong) is None
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [p.name for p in file.parent.iterdir()] == ["keys.json"]  # no temporary file is left


def test_a_feeders_key_is_a_uuid_however_it_is_written(file: Path):
    store = KeyStore(file)
    _, text = store.add("barn", ["feed"])
    assert str(uuid.UUID(text)) == text
    for form in (text, text.upper(), text.replace("-", ""), text.replace("-", "") + "ffff", f" {text}\n"):
        assert store.claim(form) == "barn"
    assert store.claim(str(uuid.uuid4())) is None
    assert normal_form("not-a-uuid") == "not-a-uuid"
    _, other = store.add("reader", ["read"])
    assert store.claim(other) is None  # reading is not feeding


def test_a_station_has_one_key(file: Path):
    store = KeyStore(file)
    key, _ = store.add("feeder", ["feed"], station="hill")
    with pytest.raises(ConfigError, match="has key"):
        store.add("other", ["feed"], station="hill")
    store.revoke(key.id)
    assert store.claim(store.add("other", ["feed"], station="hill")[1]) == "hill"


def test_keys_end(file: Path):
    store = KeyStore(file)
    key, text = store.add("short", ["read"], expires_s=1000, now_s=0)
    assert store.find(text, now_s=999)
    assert store.find(text, now_s=1000) is None
    key, text = store.add("long", ["read"])
    store.revoke(key.id)
    assert store.find(text) is None
    with pytest.raises(ConfigError, match="no key"):
        store.revoke("00000000")
    with pytest.raises(ConfigError, match="revoked"):
        store.rotate(key.id)


def test_rotation_leaves_the_old_key_its_grace(file: Path):
    store = KeyStore(file)
    key, old = store.add("barn", ["feed"], now_s=0)
    same, new = store.rotate(key.id, grace_s=100, now_s=1000)
    assert same.id == key.id
    assert new != old
    assert store.find(old, now_s=1099)
    assert store.find(old, now_s=1100) is None
    assert store.find(new, now_s=5000)
    store.rotate(key.id, now_s=1050)  # without grace all former ones end
    assert store.find(old, now_s=1051) is None
    assert store.find(new, now_s=1051) is None


def test_another_process_changes_are_seen(file: Path, monkeypatch: pytest.MonkeyPatch):
    running = KeyStore(file)
    monkeypatch.setattr("skywitness.views.api.keys.CHECK_S", 0.0)
    key, text = KeyStore(file).add("late", ["read"])
    assert running.find(text)
    KeyStore(file).revoke(key.id)
    assert running.find(text) is None
    file.write_text("{")  # damaged: what was known stays, and nothing is let in by it
    assert running.find(text) is None
    assert len(running.every()) == 1


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 2, "keys": []}', '{"version": 1, "keys": [{"x": 1}]}', "\xff"]
)
def test_a_damaged_file_is_said(file: Path, text: str):
    file.parent.mkdir()
    file.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match="damaged"):
        KeyStore(file)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_file_others_can_read_is_closed(file: Path):
    KeyStore(file).add("x", ["read"])
    file.chmod(0o644)
    KeyStore(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "scopes", "station"),
    [("x", [], ""), ("x", ["root"], ""), ("", ["read"], ""), ("x", ["feed", "admin"], ""), ("../x", ["read"], ""),
     ("x" * 65, ["read"], ""), ("x", ["feed"], "a\nb"), ("x\x1b[2J", ["read"], "")],
)  # fmt: skip
def test_what_cannot_be_a_key(file: Path, name: str, scopes: list[str], station: str):
    with pytest.raises(ConfigError):
        KeyStore(file).add(name, scopes, station=station)
    assert not file.exists()


def test_the_command(file: Path, capsys: pytest.CaptureFixture[str]):
    data = ["--data", str(file.parent)]
    assert main(["keys", "add", "barn", "--scope", "feed", *data]) == 0
    text = capsys.readouterr().out.strip()
    assert KeyStore(file).claim(text) == "barn"
    assert main(["keys", "list", "--json", *data]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["station"], row["scopes"]) == (text[:8], "barn", ["feed"])
    assert main(["keys", "list", *data]) == 0
    assert "barn" in capsys.readouterr().out
    assert main(["keys", "rotate", text[:8], *data]) == 0
    new = capsys.readouterr().out.strip()
    assert KeyStore(file).claim(text) is None
    assert KeyStore(file).claim(new) == "barn"
    assert main(["keys", "revoke", text[:8], *data]) == 0
    assert KeyStore(file).claim(new) is None
    assert main(["keys", "revoke", "nothing", *data]) == 2
    assert "no key" in capsys.readouterr().err
