"""`skywitness keys`: who may read from a node, and which feeder speaks for which station."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["COMPILES", "EXAMPLES", "SUMMARY", "add_arguments", "run"]

COMPILES = False
SUMMARY = "add, list, revoke and rotate the API keys of a node"

EXAMPLES = """\
examples:
  skywitness keys add grafana --data ~/skywitness                          for reading
  skywitness keys add barn --scope feed --data ~/skywitness                a feeder; the key is a UUID, sent as such
  skywitness keys list --data ~/skywitness
  skywitness keys rotate 3fa29c01 --grace 24 --data ~/skywitness           the old key is good for a day more
  skywitness keys revoke 3fa29c01 --data ~/skywitness
A key is shown once, when it is made; the node keeps its hash. A running node sees changes within a second.
"""

MOST_RATE = 1_000_000
MOST_DAYS = 36_500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a key")
    add.add_argument("name", help="whose it is")
    add.add_argument(
        "--scope", action="append", choices=("read", "feed", "admin"), help="what it may do (read); may be repeated"
    )
    add.add_argument("--station", default="", metavar="NAME", help="name of the receiver a feeder brings (NAME)")
    add.add_argument("--rate", type=int, default=0, metavar="N", help="requests a minute (as the node's setting)")
    add.add_argument("--expires", type=float, default=0.0, metavar="DAYS", help="good for so long (for ever)")
    listed = actions.add_parser("list", help="show the keys, without their secrets")
    listed.add_argument("--json", action="store_true", help="for programs")
    revoke = actions.add_parser("revoke", help="end a key now")
    revoke.add_argument("id", help="the first 8 digits of a key")
    rotate = actions.add_parser("rotate", help="give a key another secret")
    rotate.add_argument("id", help="the first 8 digits of a key")
    rotate.add_argument("--grace", type=float, default=0.0, metavar="HOURS", help="the old one is good for so long (0)")
    for action in (add, listed, revoke, rotate):
        action.add_argument("--data", metavar="DIR", help="data directory of the node (as in skywitness.toml)")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    import time

    from skywitness.errors import ConfigError
    from skywitness.views.api.keys import KeyStore

    store = KeyStore(data_directory(args.data) / "keys.json")
    if args.action == "list":
        show(store, as_json=args.json)
        return 0
    if args.action == "revoke":
        key = store.revoke(args.id)
        print(f"key {key.id} ({key.name}) is revoked")
        return 0
    if args.action == "rotate":
        if not 0 <= args.grace <= 24 * 365:
            raise ConfigError("--grace is no number of hours from 0 to 8760")
        key, text = store.rotate(args.id, int(args.grace * 3600))
    else:
        if not 0 <= args.expires <= MOST_DAYS or not 0 <= args.rate <= MOST_RATE:
            raise ConfigError(f"--expires may be up to {MOST_DAYS} days, --rate up to {MOST_RATE} requests a minute")
        expires = int(time.time() + args.expires * 86400) if args.expires else 0
        key, text = store.add(
            args.name, args.scope or ["read"], station=args.station, rate_per_minute=args.rate, expires_s=expires
        )
    print(text)
    what = f"feeds as {key.station}" if key.station else f"may {' and '.join(key.scopes)}"
    import sys

    print(f"key {key.id} ({key.name}) {what}; it is not shown again", file=sys.stderr)
    return 0


def data_directory(given: str | None) -> Path:
    """The node's data directory: as given, else as the settings say. Raises ConfigError."""
    from skywitness.errors import ConfigError
    from skywitness.run.config import load_config

    if given is None:
        file = Path("skywitness.toml")
        config, _ = load_config(file if file.exists() else None, {})
        given = config.data
    if not given:
        raise ConfigError("which node's keys?", hint="Say --data DIR, the data directory of `skywitness serve`.")
    return Path(given).expanduser()


def show(store: object, *, as_json: bool) -> None:
    """List the keys."""
    import json
    from datetime import UTC, datetime

    from skywitness.views.api.keys import KeyStore

    assert isinstance(store, KeyStore)

    def day(seconds: int) -> str | None:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None

    rows = [
        {
            "id": key.id,
            "name": key.name,
            "scopes": list(key.scopes),
            "station": key.station or None,
            "rate_per_minute": key.rate_per_minute or None,
            "created": day(key.created_s),
            "expires": day(key.expires_s),
            "revoked": day(key.revoked_s),
        }
        for key in store.every()
    ]
    if as_json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "name", "may", "station", "rate", "created", "expires", "revoked", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(", ".join(v) if isinstance(v, list) else str(v) if v is not None else "" for v in row.values()))
    Console().print(table if rows else "no keys")
