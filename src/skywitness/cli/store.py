"""`skywitness store`: verify, merge, count, delete and list the files of a data directory."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skywitness.errors import ConfigError

if TYPE_CHECKING:
    from skywitness.archive.verify import Damage

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "verify, merge, count, delete and list the files of a data directory"

EXAMPLES = """\
examples:
  skywitness store verify ~/skywitness              every file against its hash; damaged ones by name, exit code 1
  skywitness store compact ~/skywitness             merge minutes into hours and days, as a node does by itself
  skywitness store compact ~/skywitness --now       all of each day into one file, whether it is due or not
  skywitness store stats ~/skywitness --by month    rows, bytes, aircraft
  skywitness store prune ~/skywitness --keep-days 365 --table raw --dry-run
  skywitness store files ~/skywitness "time:2019-03-22..2019-03-25 hex:154073"

files prints a list that belongs together, for DuckDB, Polars, Spark: the listing of a directory does not.
"""

ACTIONS = ("verify", "compact", "stats", "prune", "files")
TABLES = ("positions", "states", "raw")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add = parser.add_argument
    add("action", choices=ACTIONS, metavar="|".join(ACTIONS), help="what to do")
    add("directory", metavar="DIR", help="data directory")
    add("query", nargs="?", default="", metavar="QUERY", help="files: only those that can hold what is asked for")
    add("-j", "--json", action="store_true", help="JSON, for programs")
    add("--now", action="store_true", help="compact: everything, also what is not due yet")
    add("--by", choices=("day", "month"), default="day", help="stats: of each day or month")
    add("--before", metavar="TIME", help="prune: files all of whose rows are earlier")
    add("--keep-days", type=float, metavar="N", help="prune: what is older, counted back from the newest row")
    add("--keep-gb", type=float, metavar="N", help="prune: the oldest beyond so many gigabytes of each table")
    add("--table", choices=TABLES, action="append", help="prune, files: of this table; may be given more than once")
    add("--dry-run", action="store_true", help="prune: say what would be deleted, delete nothing")


def run(args: argparse.Namespace) -> int:
    """Do what the first word says."""
    from skywitness.run.logging import set_up_logging

    directory = Path(args.directory).expanduser()
    if not directory.is_dir():
        raise ConfigError("there is no such directory", source=str(directory))
    if args.query and args.action != "files":
        raise ConfigError(f"{args.action} takes no query", hint="Only `store files` does.")
    set_up_logging(level="warning")
    actions = {"verify": _verify, "compact": _compact, "stats": _stats, "prune": _prune, "files": _files}
    return actions[args.action](directory, args)


def _verify(directory: Path, args: argparse.Namespace) -> int:
    from skywitness.archive.verify import verify, writer_of

    holder = writer_of(directory)
    found = verify(directory, is_live=holder is not None and bool(holder["running"]))
    if args.json:
        facts = {name: getattr(found, name) for name in type(found).__dataclass_fields__}
        facts["damages"] = [{name: getattr(one, name) for name in one.__dataclass_fields__} for one in found.damages]
        print(json.dumps(facts))
        return 1 if found.damages else 0
    for damage in found.damages:
        print(_told(damage))
    for name in found.unlisted:
        print(f"{name}: not in the list of files; the next start takes it up")
    for note in found.notes:
        print(note)
    if found.replaced:
        print(f"{found.replaced:,} replaced files are still there for those who read them")
    print(
        f"{found.files:,} files, {_size(found.bytes)}: {found.rows:,} rows, {found.receptions:,} receptions whole, "
        + (f"{len(found.damages):,} damages" if found.damages else "no damage")
    )
    return 1 if found.damages else 0


def _told(damage: Damage) -> str:
    """One line: which file, what is wrong, what is lost."""
    text = f"{damage.path}: {damage.what}"
    kind = "receptions" if damage.table == "raw" else "rows"
    if damage.rows:
        text += f"; up to {damage.rows:,} {kind} are lost"
    if damage.from_us is not None:
        text += f", of {_iso(damage.from_us)} " + (f"to {_iso(damage.until_us)}" if damage.until_us else "and later")
    return text


def _compact(directory: Path, args: argparse.Namespace) -> int:
    from skywitness.archive.upkeep import compact_store

    done = compact_store(directory, everything=args.now)
    if args.json:
        print(json.dumps({name: getattr(done, name) for name in type(done).__dataclass_fields__}))
    elif not done.merged:
        print("nothing is to be merged" + (f"; {done.derived} files derived" if done.derived else ""))
    else:
        print(
            f"{done.replaced:,} files became {done.merged:,}, "
            f"{_size(done.bytes_before)} became {_size(done.bytes_after)}; "
            "the replaced ones stay until the next start, for those who read them"
        )
    return 0


def _stats(directory: Path, args: argparse.Namespace) -> int:
    from skywitness.archive.generations import current_generation, generations_of
    from skywitness.archive.upkeep import statistics
    from skywitness.cli.redecode import facts_of, lines_of

    facts = statistics(directory, by=args.by)
    generations, current = generations_of(directory), current_generation(directory)
    facts["generation"], facts["generations"] = current, [facts_of(one) for one in generations]
    if args.json:
        print(json.dumps(facts))
        return 0
    heads = f"{'files':>6} {'rows':>13} {'size':>9} {'B/row':>6} {'aircraft':>9}  from and until"
    print(f"{'table':<10} {args.by:<10} {heads}")
    for table, rows in facts["tables"].items():
        for label, row in rows.items():
            print(
                f"{table:<10} {label:<10} {row['files']:>6,} {row['rows']:>13,} {_size(row['bytes']):>9} "
                f"{row['bytes_a_row']:>6} {row.get('aircraft', ''):>9}  {_iso(row['from_us'])} {_iso(row['until_us'])}"
            )
    for label, row in facts["raw"].items():
        print(f"{'raw':<10} {label:<10} {row['files']:>6,} {'':>13} {_size(row['bytes']):>9}")
    for one in generations:
        first, *rest = lines_of(one)
        print("\n".join([first + (", which answers" if one.number == current else ""), *rest]))
    for gone in facts["gone"]:
        amount = f"{gone['files']:,} files, {gone['rows']:,} rows, {_size(gone['bytes'])}"
        print(f"removed    {gone['day']:<10} {gone['table']}: {amount} ({gone['reason']})")
    for line in facts["imports"]:
        print(f"imported   {' '.join(str(line.get(name)) for name in ('name', 'source', 'rows') if name in line)}")
    return 0


def _prune(directory: Path, args: argparse.Namespace) -> int:
    from skywitness.archive.manifest import Manifest
    from skywitness.archive.upkeep import drops_of, prune_store
    from skywitness.cli.inputs import time_ns

    if args.before is None and args.keep_days is None and args.keep_gb is None:
        raise ConfigError("prune what?", hint="Give --before TIME, --keep-days N or --keep-gb N.")
    if any(value is not None and not value >= 0 for value in (args.keep_days, args.keep_gb)):
        raise ConfigError("it must not be negative", hint="Give --keep-days or --keep-gb a number of 0 or more.")
    limits: dict[str, Any] = {
        "before_ns": None if args.before is None else time_ns(args.before),
        "keep_days": args.keep_days,
        "keep_bytes": None if args.keep_gb is None else int(args.keep_gb * 1e9),
    }
    tables = tuple(dict.fromkeys(args.table or TABLES))
    if args.dry_run:
        drops = drops_of(Manifest(directory, None), tables, **limits)
    else:
        drops = prune_store(directory, tables, **limits)
    if args.json:
        print(json.dumps([{name: getattr(drop, name) for name in drop.__struct_fields__} for drop in drops]))
        return 0
    for drop in drops if args.dry_run else ():
        print(f"{drop.path}: {drop.rows:,} rows, {_size(drop.bytes)} ({drop.reason})")
    amount = (
        f"{len(drops):,} files, {sum(drop.rows for drop in drops):,} rows, {_size(sum(drop.bytes for drop in drops))}"
    )
    print(f"{amount} {'would be deleted' if args.dry_run else 'deleted'}")
    return 0


def _files(directory: Path, args: argparse.Namespace) -> int:
    from skywitness.archive.generations import overlay_of
    from skywitness.archive.manifest import Manifest
    from skywitness.archive.upkeep import listed

    spans, wanted = None, None
    if args.query:
        spans, wanted, others = _narrowed(args.query)
        if others:
            print(f"skywitness: {', '.join(others)} does not narrow the list; ask it of the rows", file=sys.stderr)
    if "raw" in (args.table or ()):
        raise ConfigError("raw files are no tables", hint="Give --table positions or --table states.")
    manifest, overlay = Manifest(directory, None), overlay_of(directory)
    for table in dict.fromkeys(args.table or ("positions",)):
        for entry in listed(manifest, table, spans, wanted, overlay):
            path = str((directory / entry.path).resolve())
            if not args.json:
                print(path)
                continue
            facts = {
                "path": path, "table": table, "rows": entry.rows, "bytes": entry.bytes, "from": _iso(entry.from_us),
                "until": _iso(entry.until_us), "sha256": entry.sha256,
            }  # fmt: skip
            print(json.dumps(facts))
    return 0


def _narrowed(text: str) -> tuple[list[tuple[int, int]] | None, Any, list[str]]:
    """Times and aircraft that a question asks for, and its words that say nothing of either."""
    import numpy as np

    from skywitness.questions.bounds import spans_of
    from skywitness.questions.language import read_question
    from skywitness.questions.question import And, Text, When

    where = read_question(text, time.time_ns()).where
    found = spans_of(where)
    spans = None if found is None else [(span.from_ns, span.until_ns) for span in found]
    wanted: set[int] | None = None
    others = []
    for part in where.parts if isinstance(where, And) else (where,):
        if isinstance(part, When):
            continue
        if isinstance(part, Text) and part.key == "hex" and all(_is_address(p.text) for p in part.patterns):
            mine = {int(pattern.text, 16) for pattern in part.patterns}
            wanted = mine if wanted is None else wanted & mine
        elif found is None or spans_of(part) is None:
            others.append(getattr(part, "key", type(part).__name__.lower()))
    # Of an address all kinds: files say both as one number.
    keys = None if wanted is None else np.sort([kind << 24 | icao for icao in wanted for kind in range(8)])
    return spans, None if keys is None else keys.astype(np.int64), others


def _is_address(text: str) -> bool:
    return len(text) == 6 and all(letter in "0123456789abcdefABCDEF" for letter in text)


def _iso(time_us: int | None) -> str:
    return "" if time_us is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_us // 1_000_000))


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:,.3g} TB"
