"""A node as a service of systemd: its unit, and what it takes to install and remove it.

The unit gives the node a user of its own, one directory to write to, and nothing else of the system. What it may not
have forbidden: memory that is written and then executed, for kernels are compiled on the computer they run on.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from skywitness.errors import ConfigError

__all__ = [
    "NAME",
    "SETTINGS",
    "STATE",
    "Plan",
    "Run",
    "first_settings",
    "install",
    "uninstall",
    "unit_path",
    "unit_text",
]

NAME = "skywitness"
STATE = "/var/lib/skywitness"
SETTINGS = "/etc/skywitness/skywitness.toml"
UNITS = "etc/systemd/system"

EXAMPLE = '"beast+tcp://127.0.0.1:30005"'

USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
WATCHDOG_S = 60
START_S = 300
"""A first start may compile kernels, and one after a crash reads back what was not sealed."""

Run = Callable[[Sequence[str]], int]
"""Runs a program without a shell and returns its exit code."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be installed."""

    program: str
    """Full path of `skywitness`."""
    user: str = NAME
    settings: str = SETTINGS
    data: str = STATE
    memory: str = "2G"
    sdr: bool = False
    """Let it use USB receivers."""


def unit_text(plan: Plan) -> str:
    """Write the unit file. Raises ConfigError for a name or path that has no place in one."""
    if not USER.fullmatch(plan.user) or plan.user == "root":
        raise ConfigError(f"{plan.user!r} is no user for a service", hint="Small letters, digits, - and _; not root.")
    if not re.fullmatch(r"\d+[KMGT]?|\d{1,3}%", plan.memory):
        raise ConfigError(f"{plan.memory!r} is no size of memory", hint="Say for example 2G or 75%.")
    command = [plan.program, "serve", "--config", plan.settings, "--data", plan.data]
    own_state = plan.data == STATE
    home = "read-only" if PurePosixPath(plan.program).is_relative_to("/home") else "yes"
    lines = [
        "[Unit]",
        "Description=skywitness: flight tracking that keeps its evidence",
        "Wants=network-online.target",
        "After=network-online.target time-sync.target",
        "# A node that fails again and again is not restarted for ever.",
        "StartLimitIntervalSec=600",
        "StartLimitBurst=10",
        "",
        "[Service]",
        "Type=notify",
        f"ExecStart={' '.join(quoted(word) for word in command)}",
        f"User={plan.user}",
        f"Group={plan.user}",
        "Restart=on-failure",
        "RestartSec=5",
        "# Exit code 2 says that the settings are wrong: to try again would not help.",
        "RestartPreventExitStatus=2",
        f"WatchdogSec={WATCHDOG_S}",
        f"TimeoutStartSec={START_S}",
        "TimeoutStopSec=60",
        "",
        "# The record, and the compiled kernels, are all it may write.",
        "StateDirectory=skywitness" if own_state else f"ReadWritePaths={quoted(plan.data)}",
        *(["StateDirectoryMode=0750"] if own_state else []),
        "CacheDirectory=skywitness",
        'Environment="SKYWITNESS_KERNEL_CACHE=%C/skywitness"',
        "ProtectSystem=strict",
        f"ProtectHome={home}",
        "PrivateTmp=yes",
        "UMask=0027",
        "",
        f"MemoryMax={plan.memory}",
        "TasksMax=1024",
        "LimitNOFILE=65536",
        "OOMPolicy=stop",
        "",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
        *(["DevicePolicy=closed", "DeviceAllow=char-usb_device rw", "SupplementaryGroups=plugdev"] if plan.sdr
          else ["PrivateDevices=yes"]),
        f"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6{' AF_NETLINK' if plan.sdr else ''}",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged",
        "SystemCallErrorNumber=EPERM",
        "LockPersonality=yes",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "ProtectClock=yes",
        "ProtectControlGroups=yes",
        "ProtectHostname=yes",
        "ProtectKernelLogs=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelTunables=yes",
        "ProtectProc=invisible",
        "RemoveIPC=yes",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]  # fmt: skip
    if plan.sdr:
        lines.remove("ProtectClock=yes")  # it would close the list of devices again
    return "\n".join(lines) + "\n"


def quoted(word: str) -> str:
    """A word of a unit file, so that systemd reads it as it is. Raises ConfigError if that cannot be."""
    if not word or not word.isprintable():
        raise ConfigError(f"{word!r} cannot stand in a unit file", hint="Choose a path of printable characters.")
    word = word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$")
    return '"' + word.replace('"', '\\"') + '"' if re.search(r"[\s\"';]", word) else word


def first_settings(sources: Sequence[str]) -> str:
    """Write the settings file of a fresh installation."""
    listed = ", ".join('"' + source.replace("\\", "\\\\").replace('"', '\\"') + '"' for source in sources)
    return (
        "# Settings of the skywitness service: see `skywitness config`, which shows all of them.\n"
        '# A source is [NAME=]URL[@LAT,LON,ALT_M], such as "roof=beast+tcp://127.0.0.1:30005@52.3,4.8,12".\n'
        f"{'' if sources else '# '}sources = [{listed or EXAMPLE}]\n"
    )


def unit_path(root: Path = Path("/")) -> Path:
    """Where the unit stands."""
    return root / UNITS / f"{NAME}.service"


def install(plan: Plan, sources: Sequence[str], run: Run, say: Callable[[str], None], root: Path = Path("/")) -> int:
    """Make user, settings and unit, and start the service; return the exit code. May be repeated.

    run   runs a program
    say   tells the operator what was done
    root  the file system, another one for tests
    """
    text = unit_text(plan)
    if run(["getent", "passwd", plan.user]):
        made = run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", plan.data,
             "--shell", "/usr/sbin/nologin", plan.user]
        )  # fmt: skip
        if made:
            raise ConfigError(f"the user {plan.user!r} could not be made", hint="useradd says why above.")
        say(f"made the user {plan.user}")
    settings = root / plan.settings.lstrip("/")
    has_sources = bool(sources) or settings.exists()
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(first_settings(sources), encoding="utf-8")
        settings.chmod(0o640)
        run(["chown", f"root:{plan.user}", str(settings)])
        say(f"wrote {settings}")
    elif sources:
        say(f"{settings} exists and is kept: put the sources there yourself")
    if plan.data != STATE:
        (root / plan.data.lstrip("/")).mkdir(parents=True, exist_ok=True)
        run(["chown", f"{plan.user}:{plan.user}", str(root / plan.data.lstrip("/"))])
    unit = unit_path(root)
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(text, encoding="utf-8")
    say(f"wrote {unit}")
    starts = [["systemctl", "daemon-reload"], ["systemctl", "enable", NAME]]
    if has_sources:
        starts.append(["systemctl", "restart", NAME])
    for command in starts:
        if run(command):
            say(f"failed: {shlex.join(command)}; see journalctl --unit {NAME}")
            return 3
    say("started: `skywitness service status`, `skywitness top`" if has_sources
        else f"not started, for it has no source: put one into {settings}, then systemctl start {NAME}")  # fmt: skip
    return 0


def uninstall(run: Run, say: Callable[[str], None], root: Path = Path("/")) -> int:
    """Stop the service and remove its unit; record, settings and user stay."""
    unit = unit_path(root)
    if not unit.exists():
        say(f"there is no {unit}")
        return 1
    run(["systemctl", "disable", "--now", NAME])
    unit.unlink()
    run(["systemctl", "daemon-reload"])
    say(f"removed {unit}; the record in {STATE}, {SETTINGS} and the user are left: remove them yourself")
    return 0
