"""`skywitness service` without touching this computer."""

from __future__ import annotations

import shutil
import sys

import pytest

from skywitness import cli
from skywitness.cli import service

only_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is of Linux")


@only_linux
def test_a_dry_run_prints_the_unit(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["service", "install", "--dry-run", "--user", "sky", "--data", "/srv/sky"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("[Unit]\n")
    assert "User=sky\n" in printed
    assert "/skywitness serve --config /etc/skywitness/skywitness.toml --data /srv/sky\n" in printed


@only_linux
def test_a_wrong_user_is_refused(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["service", "install", "--dry-run", "--user", "root"]) == 2
    assert "no user for a service" in capsys.readouterr().err


@pytest.mark.parametrize("platform", ["darwin", "win32", "freebsd14"])
def test_elsewhere_it_says_what_to_do_instead(
    platform: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "platform", platform)
    assert cli.main(["service", "install"]) == 2
    assert "skywitness serve" in capsys.readouterr().err


@only_linux
def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    for action in ("install", "uninstall"):
        assert cli.main(["service", action]) == 2
        assert "takes root" in capsys.readouterr().err


@only_linux
def test_a_program_in_the_home_of_root_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(service, "program", lambda: "/root/.local/bin/skywitness")
    assert cli.main(["service", "install"]) == 2
    assert "root's home" in capsys.readouterr().err
