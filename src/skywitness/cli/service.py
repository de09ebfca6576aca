"""`skywitness service`: a node that starts with the computer."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from skywitness.errors import ConfigError

if TYPE_CHECKING:
    from skywitness.run.service_unit import Plan

__all__ = ["COMPILES", "ELSEWHERE", "EXAMPLES", "SUMMARY", "add_arguments", "run"]

COMPILES = False
SUMMARY = "install, remove or show the node as a service of the system (systemd)"

EXAMPLES = """\
examples:
  skywitness service install --dry-run                                       print the unit, change nothing
  sudo skywitness service install --source beast+tcp://127.0.0.1:30005
  sudo skywitness service install --config /etc/skywitness/skywitness.toml --data /srv/skywitness
  skywitness service status
  sudo skywitness service uninstall                                          record and settings are left
"""

ELSEWHERE = {
    "darwin": "On macOS let launchd start it: a property list in ~/Library/LaunchAgents with `skywitness serve`.",
    "win32": "On Windows let the Task Scheduler start it: schtasks /create /sc onstart /tn skywitness "
    '/tr "skywitness serve --config C:\\skywitness\\skywitness.toml".',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    install = actions.add_parser("install", help="make user, settings and unit, and start it; again to change it")
    install.add_argument("--source", action="append", metavar="URL", help="put into the settings file, if that is new")
    install.add_argument("--user", default="skywitness", metavar="NAME", help="user to run as (skywitness)")
    install.add_argument("--config", metavar="FILE", help="settings (/etc/skywitness/skywitness.toml)")
    install.add_argument("--data", metavar="DIR", help="the record (/var/lib/skywitness)")
    install.add_argument("--memory", default="2G", metavar="SIZE", help="most memory it may use (2G)")
    install.add_argument("--sdr", action="store_true", help="let it use receivers on USB")
    install.add_argument("--dry-run", action="store_true", help="print the unit and change nothing")
    actions.add_parser("uninstall", help="stop it and remove the unit; record and settings are left")
    actions.add_parser("status", help="say whether it runs; code 1 if not")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from skywitness.run import service_unit

    is_dry = args.action == "install" and args.dry_run
    if not sys.platform.startswith("linux") or not (is_dry or shutil.which("systemctl")):
        hint = ELSEWHERE.get(sys.platform, "Let your init system start `skywitness serve` as a user of its own.")
        raise ConfigError("services are installed with systemd, which this computer has not", hint=hint)
    if args.action == "status":
        return status()
    if args.action == "install":
        plan = planned(args)
        if is_dry:
            print(service_unit.unit_text(plan), end="")
            return 0
    if os.geteuid() != 0:
        raise ConfigError(f"to {args.action} a service takes root", hint=f"Say sudo {program()} service {args.action}.")
    if args.action == "uninstall":
        return service_unit.uninstall(called, told)
    if Path(plan.program).is_relative_to("/root"):
        raise ConfigError(
            "a service cannot run a program in root's home", source=plan.program,
            hint="Install it for all: python3 -m venv /opt/skywitness, /opt/skywitness/bin/pip install skywitness.",
        )  # fmt: skip
    if Path(plan.program).is_relative_to("/home"):
        told(f"{plan.program} is in somebody's home, which the user {plan.user} must be able to read")
    return service_unit.install(plan, args.source or [], called, told)


def planned(args: argparse.Namespace) -> Plan:
    """What the options ask for; paths are made full."""
    from skywitness.run.service_unit import SETTINGS, STATE, Plan

    return Plan(
        program=program(),
        user=args.user,
        settings=str(Path(args.config).absolute()) if args.config else SETTINGS,
        data=str(Path(args.data).absolute()) if args.data else STATE,
        memory=args.memory,
        sdr=args.sdr,
    )


def status() -> int:
    """Print what systemd knows of it."""
    from skywitness.run.service_unit import NAME, unit_path

    facts = "LoadState,ActiveState,SubState,StateChangeTimestamp,MainPID,MemoryCurrent,NRestarts,StatusText"
    asked = subprocess.run(
        ["systemctl", "show", NAME, "--property", facts, "--timestamp=utc"], capture_output=True, text=True, check=False
    )
    known = dict(line.partition("=")[::2] for line in asked.stdout.splitlines())
    if asked.returncode or known.get("LoadState") != "loaded":
        told(f"not installed: there is no {unit_path()}" if not asked.returncode else asked.stderr.strip())
        return 1
    print(f"{known.get('ActiveState')} ({known.get('SubState')}) since {known.get('StateChangeTimestamp')}")
    memory = known.get("MemoryCurrent", "")
    if memory.isdecimal():
        print(f"process {known.get('MainPID')}, {int(memory) / 1e6:.0f} MB, {known.get('NRestarts')} restarts")
    if known.get("StatusText"):
        print(known["StatusText"])
    print(f"log: journalctl --unit {NAME}")
    return 0 if known.get("ActiveState") == "active" else 1


def program() -> str:
    """Full path of the program that runs now."""
    beside = Path(sys.executable).with_name("skywitness")
    found = str(beside) if beside.exists() else shutil.which("skywitness")
    if not found:
        raise ConfigError("the program `skywitness` is not found", hint="Install the package first.")
    return str(Path(found).absolute())


def called(command: Sequence[str]) -> int:
    """Run a program, without a shell; what it says on standard error is seen."""
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode


def told(text: str) -> None:
    """Tell the operator."""
    print(text, file=sys.stderr)
