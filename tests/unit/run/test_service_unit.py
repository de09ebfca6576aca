"""The unit of the service, as systemd reads it, and what installing does."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from skywitness.errors import ConfigError
from skywitness.run.service_unit import Plan, first_settings, install, uninstall, unit_path, unit_text

PLAN = Plan(program="/opt/skywitness/bin/skywitness")


def settings_of(text: str) -> list[tuple[str, str]]:
    return [(n, v) for n, _, v in (line.partition("=") for line in text.splitlines()) if v and not n.startswith("#")]


class Called:
    """Stands for the programs that would be run."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> int:
        self.commands.append(list(command))
        return int(any(word in command for word in self.failing))


def test_the_node_has_a_user_of_its_own_and_one_place_to_write():
    found = settings_of(unit_text(PLAN))
    for wanted in [
        ("User", "skywitness"),
        ("Type", "notify"),
        ("Restart", "on-failure"),
        ("ProtectSystem", "strict"),
        ("StateDirectory", "skywitness"),
        ("NoNewPrivileges", "yes"),
        ("PrivateTmp", "yes"),
        ("SystemCallFilter", "@system-service"),
        ("MemoryMax", "2G"),
        ("WatchdogSec", "60"),
    ]:
        assert wanted in found
    assert "CapabilityBoundingSet=\n" in unit_text(PLAN)
    assert not any(name == "MemoryDenyWriteExecute" for name, _ in found), "kernels could not be compiled"
    assert ("ReadWritePaths", "/srv/sky") in settings_of(unit_text(replace(PLAN, data="/srv/sky")))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize(
    "plan",
    [
        Plan(sys.executable),
        Plan(sys.executable, data="/srv/a b/100%", settings='/etc/sky "witness"/$x;y.toml'),
        Plan(sys.executable, sdr=True, memory="75%"),
    ],
)
def test_systemd_understands_it(plan: Plan, tmp_path: Path):
    def wrong(text: str) -> list[str]:
        unit = tmp_path / "skywitness.service"
        unit.write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
        )
        return [line for line in done.stderr.splitlines() if "skywitness" in line]

    assert wrong(unit_text(plan)) == []
    assert wrong(unit_text(plan).replace("ProtectSystem=strict", "ProtectSystem=stern")) != []


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, user="root"),
        replace(PLAN, user="a b"),
        replace(PLAN, user="x\nExecStartPre=/bin/sh"),
        replace(PLAN, data="/srv/x\nExecStartPre=/bin/sh"),
        replace(PLAN, settings="/etc/\x1b[2J"),
        replace(PLAN, memory="2G\nUser=root"),
    ],
)
def test_nothing_can_be_smuggled_in(plan: Plan):
    with pytest.raises(ConfigError):
        unit_text(plan)


def test_specifiers_and_variables_are_taken_as_they_are():
    line = next(line for line in unit_text(replace(PLAN, data="/srv/%n/$HOME/a b")).splitlines() if "ExecStart" in line)
    assert line.endswith('--data "/srv/%%n/$$HOME/a b"')


def test_installing_makes_user_settings_and_unit_and_starts(tmp_path: Path):
    called, said = Called("getent"), []
    assert install(PLAN, ["roof=beast+tcp://10.0.0.7@52.1,4.3,12"], called, said.append, tmp_path) == 0
    assert [command[0] for command in called.commands] == [
        "getent", "useradd", "chown", "systemctl", "systemctl", "systemctl"
    ]  # fmt: skip
    assert called.commands[-1] == ["systemctl", "restart", "skywitness"]
    assert unit_path(tmp_path).read_text() == unit_text(PLAN)
    settings = tmp_path / "etc/skywitness/skywitness.toml"
    assert tomllib.loads(settings.read_text()) == {"sources": ["roof=beast+tcp://10.0.0.7@52.1,4.3,12"]}
    assert settings.stat().st_mode & 0o777 == 0o640

    settings.write_text("# mine\n")
    called = Called()
    assert install(PLAN, ["beast+tcp://other"], called, said.append, tmp_path) == 0
    assert settings.read_text() == "# mine\n"
    assert ["useradd" in command for command in called.commands].count(True) == 0


def test_without_a_source_it_is_not_started(tmp_path: Path):
    called, said = Called(), []
    assert install(PLAN, [], called, said.append, tmp_path) == 0
    assert not any("restart" in command for command in called.commands)
    assert "no source" in said[-1]
    assert tomllib.loads(first_settings([])) == {}


def test_what_fails_is_told(tmp_path: Path):
    said: list[str] = []
    assert install(PLAN, ["demo"], Called("restart"), said.append, tmp_path) == 3
    assert "failed: systemctl restart skywitness" in said[-1]
    with pytest.raises(ConfigError, match="could not be made"):
        install(PLAN, [], Called("getent", "useradd"), said.append, tmp_path)


def test_uninstalling_leaves_record_and_settings(tmp_path: Path):
    called, said = Called(), []
    assert uninstall(called, said.append, tmp_path) == 1
    install(PLAN, ["demo"], called, said.append, tmp_path)
    assert uninstall(called, said.append, tmp_path) == 0
    assert not unit_path(tmp_path).exists()
    assert (tmp_path / "etc/skywitness/skywitness.toml").exists()
