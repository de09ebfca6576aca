"""`skywitness config`: each setting of a node, its value, where that came from, and what it does."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skywitness.errors import ConfigError

if TYPE_CHECKING:
    from skywitness.run.config import Origin

__all__ = ["COMPILES", "EXAMPLES", "SUMMARY", "add_arguments", "as_toml", "run", "shown", "toml_value"]

COMPILES = False
SUMMARY = "show each setting, its value and where it came from"

EXAMPLES = """\
examples:
  skywitness config                                 all settings
  skywitness config http record.fsync_s             a section and one setting
  SKYWITNESS_HTTP__PORT=8080 skywitness config http
  skywitness config --toml > skywitness.toml        a settings file to begin with
A flag of `skywitness serve` wins over the environment, that over the file, that over the default.
exit code: 2 if a setting does not exist or is of the wrong kind
"""

DEFAULT_FILE = Path("skywitness.toml")
SECRET = frozenset({"out.uuid"})
"""A feeder's UUID may be its key on the other side."""
LINE = 118


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("setting", nargs="*", metavar="SETTING", help="a setting or a section of them; all by default")
    parser.add_argument("--config", metavar="FILE", help="settings file (skywitness.toml here, if there is one)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    form.add_argument("--toml", action="store_true", help="as a settings file, each default as a comment")


def run(args: argparse.Namespace) -> int:
    """Print the settings."""
    from skywitness.run.config import load_config

    file = Path(args.config) if args.config else DEFAULT_FILE if DEFAULT_FILE.exists() else None
    origins = chosen(load_config(file, {})[1], args.setting)
    if args.toml:
        print(as_toml(origins), end="")
    elif args.json:
        for one in origins:
            print(json.dumps({"setting": one.path, "value": shown(one), "origin": one.origin, "doc": one.doc}))
    else:
        print_table(origins)
    return 0


def chosen(origins: Iterable[Origin], wanted: list[str]) -> list[Origin]:
    """Settings that are named, or whose section is. Raises ConfigError for a name that is none."""
    origins = list(origins)
    for name in wanted:
        if not any(one.path == name or one.path.startswith(f"{name}.") for one in origins):
            raise ConfigError(f"there is no setting `{name}`", hint="`skywitness config` lists all settings.")
    return [o for o in origins if not wanted or any(o.path == n or o.path.startswith(f"{n}.") for n in wanted)]


def shown(origin: Origin) -> Any:
    """The value as others may see it: secrets are masked."""
    from skywitness.run.logging import MASK, masked

    if origin.path in SECRET and origin.value:
        return MASK
    value = list(origin.value) if isinstance(origin.value, tuple) else origin.value
    # The setting is told under a name that is no secret's: `http.tls_key` is the name of a file.
    return masked(None, "", {"value": value})["value"]


def print_table(origins: list[Origin]) -> None:
    """For people: what is set stands out from what is default."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else LINE)
    table = Table("setting", "value", "from", "what it does", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for one in origins:
        style = "dim" if one.origin == "default" else "bold"
        cells = (one.path, toml_value(shown(one)), one.origin)
        table.add_row(*(Text(cell, style, overflow="fold") for cell in cells), Text(one.doc))
    console.print(table)


def as_toml(origins: Iterable[Origin]) -> str:
    """Write a settings file: what is set as it is, what is not as a comment with its default."""
    lines = ["# Settings of skywitness. A line that begins with # is the default.\n"]
    tables: list[str] = []
    section = ""
    for one in origins:
        before, _, name = one.path.rpartition(".")
        if before != section:
            section = before
            lines.append(f"\n[{section}]\n")
        value = shown(one)
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            tables += [table_of(one.path, item if isinstance(item, dict) else {"url": item}) for item in value]
            lines.append(f"# {one.doc}: [[{one.path}]] below\n")
            continue
        lines.append(f"# {one.doc}\n{'# ' if one.origin == 'default' else ''}{name} = {toml_value(value)}\n")
    return "".join(lines + tables)


def table_of(path: str, item: dict[str, Any]) -> str:
    """One table of a list of tables."""
    return f"\n[[{path}]]\n" + "".join(f"{name} = {toml_value(value)}\n" for name, value in item.items())


def toml_value(value: Any) -> str:
    """Write a value as TOML does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml_value(one)}" for name, one in value.items()) + " }"
    if isinstance(value, str):  # JSON's escapes are TOML's too, but for DEL and surrogate pairs
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return repr(value)
