"""What `skywitness config` shows, and what it does not."""

from __future__ import annotations

import dataclasses
import json
import os
import runpy
import tomllib
from pathlib import Path

import pytest

from skywitness import cli
from skywitness.cli.config import as_toml, toml_value
from skywitness.run.config import PREFIX, Config, load_config

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        if "__" in name:
            monkeypatch.delenv(name)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["config", *arguments]) == 0
    return capsys.readouterr().out


def test_each_setting_is_shown_with_its_origin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "skywitness.toml").write_text('name = "home"\n')
    monkeypatch.setenv("SKYWITNESS_HTTP__PORT", "8080")
    rows = {row["setting"]: row for row in map(json.loads, printed(capsys, "--json").splitlines())}
    assert rows["name"]["value"] == "home"
    assert rows["name"]["origin"] == "skywitness.toml"
    assert rows["http.port"] == {
        "setting": "http.port", "value": 8080, "origin": "SKYWITNESS_HTTP__PORT", "doc": "port; 0 takes a free one"
    }  # fmt: skip
    assert rows["data"]["origin"] == "default"
    assert set(rows) == {one.path for one in load_config(None, {}, {})[1]}
    text = printed(capsys)
    for row in rows.values():
        assert row["setting"] in text
    assert "SKYWITNESS_HTTP__PORT" in text


def test_a_section_or_a_setting_may_be_asked_for(capsys: pytest.CaptureFixture[str]):
    rows = [json.loads(line)["setting"] for line in printed(capsys, "privacy", "name", "--json").splitlines()]
    assert rows == ["name", "privacy.blur_nmi", "privacy.strip_counters"]
    assert cli.main(["config", "nothing"]) == 2
    assert "no setting `nothing`" in capsys.readouterr().err


@pytest.mark.parametrize("form", [(), ("--json",), ("--toml",)])
def test_secrets_are_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]):
    file = tmp_path / "other.toml"
    file.write_text(
        'sources = ["beast+tcp://me:s3cret@10.0.0.7:30005", { url = "avr+tcp://roof", password = "s3cret" }]\n'
        '[out]\nuuid = "s3cret-0000"\n[http]\ntls_key = "/etc/key.pem"\n'
    )
    text = printed(capsys, "--config", str(file), *form)
    assert "s3cret" not in text
    assert text.count("***") == 3
    assert "/etc/key.pem" in text


def test_a_wrong_setting_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "skywitness.toml").write_text("[http]\nprot = 1\n")
    assert cli.main(["config"]) == 2
    assert "no setting `http.prot`" in capsys.readouterr().err


def test_the_file_to_begin_with_changes_nothing(tmp_path: Path):
    file = tmp_path / "begin.toml"
    file.write_text(as_toml(load_config(None, {}, {})[1]))
    assert load_config(file, {}, {})[0] == Config()
    uncommented = "".join(
        line.removeprefix("# ") if " = " in line else "" if line.startswith("#") else line
        for line in file.read_text().splitlines(keepends=True)
    )
    file.write_text(uncommented)
    config, origins = load_config(file, {}, {})
    assert config == Config()
    assert {one.origin for one in origins} == {str(file)}


def test_what_is_set_is_kept_in_the_file(tmp_path: Path):
    file = tmp_path / "a.toml"
    file.write_text(
        'name = "a \\"b\\" \\u00e9"\n[[sources]]\nname = "roof"\nurl = "beast+tcp://roof"\n[http]\nport = 5\n'
    )
    config, origins = load_config(file, {}, {})
    again = tmp_path / "b.toml"
    again.write_text(as_toml(origins))
    assert load_config(again, {}, {})[0] == config


@pytest.mark.parametrize("value", ['a"b\\c\n\té\x7f', 1, 0.5, True, [1, 2], ["a"], {"a": [1, "b"]}])
def test_values_are_written_as_toml_reads_them(value: object):
    assert tomllib.loads(f"x = {toml_value(value)}")["x"] == value


def test_each_setting_stands_in_the_reference():
    made = runpy.run_path(str(DOCS / "generate.py"))["settings_page"]()
    page = (DOCS / "reference" / "settings.md").read_text()
    assert page == made, "run `python docs/generate.py`"
    for one in load_config(None, {}, {})[1]:
        assert f"| `{one.path}` |" in page
        assert len(one.doc) > 5


def test_each_setting_says_what_it_does():
    def visit(kind: type) -> None:
        for one in dataclasses.fields(kind):
            if one.default is dataclasses.MISSING:
                visit(one.default_factory)
            else:
                assert one.metadata["doc"]

    visit(Config)
