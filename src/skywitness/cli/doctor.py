"""`skywitness doctor`: what a data directory keeps, what is missing in it, and whether all is well."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skywitness.errors import ConfigError, SkywitnessError

if TYPE_CHECKING:
    from skywitness.archive.manifest import Manifest

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "say what is kept, since when, at what size, with what holes"

EXAMPLES = """\
examples:
  skywitness doctor --data ~/skywitness            also while a node records there
  skywitness doctor --data ~/skywitness --verify   read every file and compare its hash
  skywitness doctor --json                         one object, for programs
exit code: 0 all is well, 1 problems were found, 2 there is no such directory
"""

DAY_S = 86_400
SHOWN = 12
"""Holes and other lists that people see; --json has them all."""
FULL_SOON_DAYS = 3.0
MINUTE_US = 60_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--data", metavar="DIR", help="data directory; by default that of the settings")
    parser.add_argument("--verify", action="store_true", help="read every file and compare its hashes")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")


def run(args: argparse.Namespace) -> int:
    """Look without touching anything, print, and exit 1 if something is wrong."""
    from skywitness.run.config import load_config

    data = args.data
    if not data:
        file = Path("skywitness.toml")
        data = load_config(file if file.exists() else None, {})[0].data
    if not data:
        raise ConfigError("no data directory is set", hint="Name it: skywitness doctor --data DIR")
    directory = Path(data).expanduser()
    if not directory.is_dir():
        raise ConfigError("there is no such directory", source=str(directory))
    facts = examine(directory, verify=args.verify)
    print(json.dumps(facts) if args.json else as_text(facts))
    return 1 if facts["problems"] else 0


def examine(directory: Path, *, verify: bool = False) -> dict[str, Any]:
    """Return everything known of a data directory, `problems` in words; nothing is changed."""
    from skywitness import __version__
    from skywitness.archive.manifest import MANIFEST, Manifest
    from skywitness.archive.verify import writer_of

    problems: list[str] = []
    facts: dict[str, Any] = {"directory": str(directory), "problems": problems, "version": __version__}
    facts |= program()
    facts["writer"] = writer_of(directory)
    facts["raw"] = raw(directory)
    manifest = None
    try:
        manifest = Manifest(directory, None)
    except (SkywitnessError, OSError) as error:
        problems.append(" ".join(str(error).split()))
    if manifest is not None:
        if manifest.bad_lines:
            problems.append(f"{MANIFEST}: {manifest.bad_lines} damaged lines")
        for name in manifest.tables:
            facts[name] = table(manifest, name)
        facts["gone"] = [as_fields(gone) for _, gone in sorted(manifest.gone.items())]
        facts |= contents(manifest, facts["writer"], problems)
        if verify:
            facts["verified"] = verified(manifest, problems)
    if verify:
        holder = facts["writer"]
        facts["verified_raw"] = raw_damage(directory, holder is not None and holder["running"], problems)
    facts["gaps"] = gaps(directory, problems)
    facts["ended_without_notice"], facts["receptions_to_decode"] = unfinished(directory, facts["writer"])
    facts["torn"] = sorted(p.relative_to(directory).as_posix() for p in directory.glob("raw/*.torn"))
    facts |= disk(directory, facts, problems)
    return facts


def program() -> dict[str, Any]:
    """What runs here: versions, and where compiled kernels lie."""
    import importlib.metadata

    from skywitness.kernel import cache_root

    root = cache_root()
    files = [path for path in root.rglob("*") if path.is_file()] if root.is_dir() else []
    libraries = {name: importlib.metadata.version(name) for name in ("numpy", "numba", "pyarrow", "zstandard")}
    return {
        "python": platform.python_version(),
        "libraries": libraries,
        "kernels": {"directory": str(root), "files": len(files), "bytes": sum(size_of(path) for path in files)},
    }


def raw(directory: Path) -> dict[str, Any]:
    """The segments of receptions."""
    files = sorted((directory / "raw").glob("*.seg"))
    found = [(status.st_size, status.st_mtime) for path in files if (status := stat(path)) is not None]
    seals = len(list((directory / "raw").glob("*.seal")))
    size = sum(size for size, _ in found)
    times = [written for _, written in found]
    by_day: dict[str, int] = {}
    for length, written in found:
        day = time.strftime("%Y-%m-%d", time.gmtime(written))
        by_day[day] = by_day.get(day, 0) + length
    recent = sum(length for length, written in found if written > max(times) - DAY_S)
    return {
        "files": len(found),
        "since": raw_since(files),
        "sealed": seals,
        "bytes": size,
        "last_written": iso(int(max(times) * 1e6)) if times else None,
        "bytes_by_day": by_day,
        "bytes_a_day": rate(recent, max(times) - min(times)) if times else None,
    }


def raw_since(files: list[Path]) -> str | None:
    """When the oldest segment was begun."""
    from skywitness.archive.segments import read_header

    for path in files[:1]:
        try:
            with path.open("rb") as file:
                return iso(read_header(file, path.name).start_ns // 1000)
        except (SkywitnessError, OSError):
            return None  # `--verify` says what is wrong with it
    return None


def table(manifest: Manifest, name: str) -> dict[str, Any]:
    """One table: how much of what time, and which minutes in between have no rows."""
    from skywitness.archive.manifest import day_of_minute

    minutes = manifest.tables[name]
    by_day: dict[str, int] = {}
    recent = 0.0
    order = minutes.with_rows()
    last = order[-1] if order else 0
    for number in minutes.order:
        size = sum(entry.bytes for entry in minutes.entries[number])
        by_day[day_of_minute(number)] = by_day.get(day_of_minute(number), 0) + size
        for entry in minutes.entries[number]:
            within = [minute > last - 1440 for minute in entry.minutes()] or [False]
            recent += entry.bytes * sum(within) / len(within)
    facts: dict[str, Any] = {
        "files": minutes.files,
        "rows": minutes.rows,
        "bytes": minutes.bytes,
        "since": iso(order[0] * MINUTE_US) if order else None,
        "until": iso((last + 1) * MINUTE_US) if order else None,
        "bytes_by_day": by_day,
        "bytes_a_day": rate(round(recent), 60.0 * (last + 1 - order[0])) if order else None,
    }
    holes = [(a + 1, b) for a, b in pairwise(order) if b > a + 1]
    facts["empty_minutes"] = [
        {"from": iso(a * MINUTE_US), "until": iso(b * MINUTE_US), "minutes": b - a} for a, b in holes
    ]
    return facts


def contents(manifest: Manifest, holder: dict[str, Any] | None, problems: list[str]) -> dict[str, Any]:
    """Compare the list of files with the directory: what is missing, unfinished or unknown."""
    from skywitness.archive.durable import TEMPORARY
    from skywitness.archive.layout import TABLES

    there: dict[str, int] = {}
    for name in TABLES:
        for day in (manifest.directory / name).glob("*"):
            if day.is_dir():
                with os.scandir(day) as found:
                    for file in found:
                        try:
                            there[f"{name}/{day.name}/{file.name}"] = file.stat().st_size
                        except FileNotFoundError:
                            continue
    unfinished = sorted(name for name in there if name.endswith(TEMPORARY))
    unknown = sorted(there.keys() - manifest.entries.keys() - set(unfinished))
    is_live = holder is not None and holder["running"]
    # A node that records may have listed or deleted files since the list was read: look at those once more.
    missing = sorted(name for name in manifest.entries.keys() - there.keys())
    wrong = sorted(name for name, entry in manifest.entries.items() if there.get(name, entry.bytes) != entry.bytes)
    if is_live and (missing or unknown):
        missing = [name for name in missing if name in type(manifest)(manifest.directory, None).entries]
        unknown = []
    problems += [f"{name}: the file is missing" for name in missing]
    problems += [f"{name}: it is {there[name]} bytes long, not {manifest.entries[name].bytes}" for name in wrong]
    if unfinished and not is_live:
        problems.append(f"{len(unfinished)} files were not finished; the next start clears them away")
    if unknown:
        problems.append(f"{len(unknown)} files are not in the list; the next start takes them up: {unknown[0]} ...")
    if manifest.is_torn and not is_live:
        problems.append("the list of files ends in a line that was not finished; the next start mends it")
    return {"missing": missing, "wrong_size": wrong, "unfinished": unfinished, "unknown": unknown}


def verified(manifest: Manifest, problems: list[str]) -> dict[str, Any]:
    """Read every file of rows and compare its hash with the list's; one that is gone is told elsewhere."""
    from skywitness.archive.verify import MISSING, check_entry

    found = {name: check_entry(manifest.directory, entry) for name, entry in sorted(manifest.entries.items())}
    damaged = {name: what for name, what in found.items() if what and what != MISSING}
    problems += [f"{name}: {what}" for name, what in damaged.items()]
    return {"files": len(manifest.entries), "damaged": list(damaged)}


def gaps(directory: Path, problems: list[str]) -> list[dict[str, Any]]:
    """Spans of which receptions are missing, as the recorder noted them."""
    from skywitness.archive.ledger import LEDGER, read_ledger

    try:
        found = read_ledger(directory)
    except (SkywitnessError, OSError) as error:
        problems.append(" ".join(str(error).split()))
        return []
    if found.bad_lines:
        problems.append(f"{LEDGER}: {found.bad_lines} damaged lines")
    out = []
    for gap in found.gaps:
        fields = gap.fields()
        del fields["kind"]
        fields["from"] = iso(gap.from_ns // 1000)
        fields["until"] = None if gap.until_ns is None else iso(gap.until_ns // 1000)
        out.append(fields)
    return out


def unfinished(directory: Path, holder: dict[str, Any] | None) -> tuple[bool, int]:
    """Whether the node that recorded ended without notice, and how many receptions the next start decodes once more."""
    from skywitness.archive.ledger import read_ledger
    from skywitness.archive.progress import read_decoded
    from skywitness.archive.tail import find_tail

    if holder is not None and holder["running"]:
        return False, 0
    try:
        has_ended = not read_ledger(directory).connected
        mark = read_decoded(directory)
        tail = find_tail(directory, mark.first, 1 << 62, warm_rows=0) if mark is not None else None
    except (SkywitnessError, OSError):
        return False, 0  # told where the ledger is read
    return not has_ended, tail.rows if tail is not None else 0


def raw_damage(directory: Path, is_live: bool, problems: list[str]) -> dict[str, Any]:
    """Read every block of receptions and compare its hash; the end of a segment in the writing may be half a block."""
    from skywitness.archive.verify_raw import check_raw

    found = check_raw(directory, is_live=is_live)
    problems += [f"{damage.path}: {damage.what}" for damage in found.damages]
    damaged = sorted({Path(damage.path).name for damage in found.damages if damage.table == "raw"})
    return {"segments": found.segments, "receptions": found.receptions, "damaged_segments": damaged}


def disk(directory: Path, facts: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    """Free space, and for how long it lasts at the present rate."""
    free = shutil.disk_usage(directory).free
    a_day = sum(facts[kind].get("bytes_a_day") or 0 for kind in ("raw", "positions", "states") if kind in facts)
    days = round(free / a_day, 1) if a_day else None
    if days is not None and days < FULL_SOON_DAYS:
        problems.append(f"the disk will be full in {days:g} days at the present rate")
    return {"free_bytes": free, "bytes_a_day": round(a_day), "days_until_full": days}


def rate(size: int, span_s: float) -> float | None:
    """Bytes a day of what was written in the last day; None if there is too little to say."""
    return size * DAY_S / min(span_s, DAY_S) if span_s >= 60 else None


def stat(path: Path) -> os.stat_result | None:
    """A file's status; None if it has gone."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def size_of(path: Path) -> int:
    """Bytes of a file; 0 if it has gone."""
    status = stat(path)
    return status.st_size if status else 0


def as_fields(value: Any) -> dict[str, Any]:
    """The fields of a line of the manifest."""
    return {name: getattr(value, name) for name in value.__struct_fields__}


def iso(time_us: int) -> str:
    """A time for people and programs."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_us // 1_000_000))


def as_text(facts: dict[str, Any]) -> str:
    """The same for people."""
    libraries = " ".join(f"{name} {number}" for name, number in facts["libraries"].items())
    lines = [f"skywitness {facts['version']} · Python {facts['python']} · {libraries}"]
    kernels = facts["kernels"]
    lines.append(f"kernels     {kernels['files']} files, {megabytes(kernels['bytes'])} in {kernels['directory']}")
    lines.append(f"data        {facts['directory']}")
    holder = facts["writer"]
    if facts["ended_without_notice"]:
        again = facts["receptions_to_decode"]
        lines.append(
            f"recording   ended without notice; the next start decodes the last {again:,} receptions once more"
        )
    elif holder is None:
        lines.append("recording   no process writes there")
    else:
        lines.append(f"recording   process {holder['pid']}" + ("" if holder["running"] else ", which has ended"))
    for name in ("raw", "positions", "states"):
        kept = facts.get(name)
        if kept is None:
            continue
        if not kept["files"]:
            lines.append(f"{name:<11} nothing yet")
            continue
        text = f"{name:<11} {megabytes(kept['bytes'])} in {kept['files']:,} files"
        if name == "raw":
            text += f", {kept['sealed']:,} sealed, {kept['since'] or 'unknown'} to {kept['last_written']}"
        else:
            text += f", {kept['rows']:,} rows, {kept['since']} to {kept['until']}"
        if kept["bytes_a_day"]:
            text += f", {megabytes(kept['bytes_a_day'])} a day"
        lines.append(text)
        if name != "raw":
            empty = kept["empty_minutes"]
            total = sum(hole["minutes"] for hole in empty)
            if empty:
                lines.append(f"  {total:,} minutes in between have no rows:")
                longest = sorted(empty, key=lambda hole: -hole["minutes"])[:SHOWN]
                lines += [f"    {hole['from']} to {hole['until']}" for hole in sorted(longest, key=lambda h: h["from"])]
                if len(empty) > SHOWN:
                    lines.append(f"    and {len(empty) - SHOWN:,} shorter ones")
    if facts["gaps"]:
        lines.append(f"gaps        {len(facts['gaps']):,} noted while recording, the last ones:")
        for gap in facts["gaps"][-SHOWN:]:
            who = gap["name"] or f"receiver {gap['receiver']}"
            lines.append(f"    {who}, {gap['from']} to {gap['until'] or 'now'}: {gap['reason'].replace('_', ' ')}")
    for gone in facts.get("gone", [])[-SHOWN:]:
        amount = megabytes(gone["bytes"]) if gone["table"] == "raw" else f"{gone['rows']:,} rows"
        lines.append(
            f"removed     {gone['table']} of {gone['day']}: {gone['files']} files, {amount} ({gone['reason']})"
        )
    if facts["torn"]:
        lines.append(
            f"torn        {len(facts['torn'])} ends of segments that a crash left, kept aside: {facts['torn'][-1]}"
        )
    days = facts["days_until_full"]
    lines.append(
        f"disk        {megabytes(facts['free_bytes'])} free"
        + (f", enough for {days:,.0f} days at {megabytes(facts['bytes_a_day'])} a day" if days is not None else "")
    )
    if "verified" in facts:
        receptions = facts["verified_raw"]["receptions"]
        lines.append(
            f"verified    {facts['verified']['files']:,} files of rows and {receptions:,} receptions by their hashes"
        )
    problems = facts["problems"]
    lines.append(f"problems    {len(problems)}" if problems else "problems    none")
    lines += [f"    {problem}" for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"    and {len(problems) - SHOWN:,} more")
    return "\n".join(lines)


def megabytes(size: float) -> str:
    """A size for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:,.3g} TB"
