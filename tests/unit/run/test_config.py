"""Settings: which one wins, and what is refused."""

from __future__ import annotations

import dataclasses

import pytest

from skywitness.errors import ConfigError
from skywitness.run.config import Config, load_config


def test_flag_before_environment_before_file_before_default(tmp_path):
    file = tmp_path / "skywitness.toml"
    file.write_text('name = "home"\n[http]\nport = 1\nhost = "::1"\n[limits]\nanonymous = true\n')
    environment = {"SKYWITNESS_HTTP__PORT": "2", "SKYWITNESS_LIMITS__SILENCE_S": "7.5", "HOME": "/"}
    config, origins = load_config(file, {"http.port": 3, "http.public": None}, environment)
    assert (config.http.port, config.http.host, config.name) == (3, "::1", "home")
    assert config.limits.anonymous
    assert config.limits.silence_s == 7.5
    came_from = {origin.path: origin.origin for origin in origins}
    assert came_from["http.port"] == "command line"
    assert came_from["http.host"] == str(file)
    assert came_from["limits.silence_s"] == "SKYWITNESS_LIMITS__SILENCE_S"
    assert came_from["data"] == "default"


def test_sources_may_be_tables(tmp_path):
    file = tmp_path / "skywitness.toml"
    file.write_text('[[sources]]\nname = "roof"\nurl = "beast+tcp://127.0.0.1:30005"\n')
    config, _ = load_config(file, {}, {})
    assert config.sources == ({"name": "roof", "url": "beast+tcp://127.0.0.1:30005"},)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[http]\nprot = 1\n", "no setting `http.prot`"),
        ('[http]\nport = "x"\n', "no whole number"),
        ("[http]\nport = 1.5\n", "no whole number"),
        ("[http]\nport = true\n", "no whole number"),
        ("[http]\npublic = 2\n", "no true or false"),
        ("listen = 4\n", "no list"),
        ("name = 4\n", "no text"),
        ("name = \n", "Invalid"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, says):
    file = tmp_path / "skywitness.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        load_config(file, {}, {})
    assert caught.value.source == str(file)


def test_lists_come_as_text_from_the_environment():
    config, _ = load_config(
        None, {}, {"SKYWITNESS_LISTEN": "listen+beast://127.0.0.1:30004, listen+avr://127.0.0.1:30001"}
    )
    assert config.listen == ("listen+beast://127.0.0.1:30004", "listen+avr://127.0.0.1:30001")


def test_every_setting_says_what_it_does_and_nothing_is_open_by_default():
    config, origins = load_config(None, {}, {})
    assert config == Config()
    assert all(origin.doc for origin in origins)
    assert config.http.host == "127.0.0.1"
    assert not config.http.public
    assert not config.limits.anonymous
    assert not any(dataclasses.asdict(config.out)[name] for name in ("beast", "beast_reduce", "raw", "sbs", "json"))
