"""Questions to a drawn record of 62 million positions, beside chDB and DuckDB on the same rows, and how cost grows.

chDB keeps the rows in its MergeTree engine, ordered by aircraft and time; DuckDB reads the Parquet file that its own
writer made in that order. Both are asked in SQL for the same answers, and the counts are compared. `all` of a figure is
wall time of one process, warm; ours includes reading the question and making the answer's table.

SKYWITNESS_BENCH_STORE names a directory in which the drawn record is kept for the next run; it takes 1.9 GB.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import structlog

import skywitness
from bench.drawn_store import FIRST_DAY, drawn_store
from bench.measure import Result
from skywitness.archive.derived import Derived
from skywitness.archive.files import OsFiles
from skywitness.archive.layout import DELTA, DICTIONARY, POSITIONS
from skywitness.archive.manifest import Manifest
from skywitness.reference.load import load_gazetteer

__all__ = ["SUMMARY", "measure"]

SUMMARY = "questions to 62 million positions, and bytes a position, beside chDB and DuckDB"

AGAIN = 7
FIFTEEN = (
    "time", "icao", "lat_e6", "lon_e6", "altitude_ft", "altitude_geom_ft", "groundspeed_e1_kt", "track_e1_deg",
    "vertical_rate_fpm", "callsign", "squawk", "source", "nic", "nac_p", "receivers",
)  # fmt: skip
NMI_M = 1852.0
GROWN = ((10, 60), (100, 60), (1_000, 60))
"""Days, and flights a day, of the records that a question's cost is followed over."""


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """Bytes, questions, and growth."""
    del args
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with contextlib.ExitStack() as stack:
        kept = os.environ.get("SKYWITNESS_BENCH_STORE")
        work = Path(kept or stack.enter_context(tempfile.TemporaryDirectory(prefix="skywitness-bench-")))
        store = work / "store"
        if not (store / "manifest.jsonl").exists():
            store.mkdir(parents=True, exist_ok=True)
            drawn_store(store)
        yield from _derived(store)
        peers = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="skywitness-bench-", dir=work)))
        chdb, duckdb = _chdb(store, peers), _duckdb(store, peers)
        yield from _bytes(store, chdb, duckdb, peers)
        yield from _questions(store, chdb, duckdb)
        if chdb is not None:
            chdb.close()
    for days, flights in GROWN:
        with tempfile.TemporaryDirectory(prefix="skywitness-bench-") as name:
            yield from _growth(Path(name), days, flights * days)


def _derived(store: Path) -> Iterator[Result]:
    """Make what a node's compaction makes beside the day files, and tell what it takes."""
    derived = Derived(Manifest(store, OsFiles()), OsFiles())
    spent: dict[str, float] = {}
    for kind, entry in list(derived.missing()):
        began = time.process_time()
        derived.make(kind, entry)
        spent[kind] = spent.get(kind, 0.0) + time.process_time() - began
    rows = sum(entry.rows for entry in _days(store))
    for kind in ("index", "areas", "ends"):
        size = sum(path.stat().st_size for path in (store / kind).rglob("*.parquet"))
        yield {
            "bench": "finding", "what": f"bytes a position of {kind}", "ours": round(size / rows, 3),
            **({"made_cpu_s_a_day": round(spent[kind] / len(_days(store)), 1)} if kind in spent else {}),
        }  # fmt: skip


def _days(store: Path) -> list[Any]:
    manifest = Manifest(store, None)
    return [entry for entries in manifest.tables[POSITIONS.name].entries.values() for entry in entries]


def _paths(store: Path) -> list[str]:
    return [str(store / entry.path) for entry in _days(store)]


# --- bytes ------------------------------------------------------------------------------------------------------------


def _bytes(store: Path, chdb: Any, duckdb: Any, work: Path) -> Iterator[Result]:
    entries = _days(store)
    rows = sum(entry.rows for entry in entries)
    whole = sum(entry.bytes for entry in entries) / rows
    yield {"bench": "finding", "what": "bytes a position, the whole row", "positions": rows, "ours": round(whole, 2)}
    names = [column.name for column in POSITIONS.columns if column.name in FIFTEEN]
    result: Result = {"bench": "finding", "what": f"bytes a position, {len(names)} columns"}
    target = work / "columns.parquet"
    with pq.ParquetFile(_paths(store)[0]) as file:
        schema = file.schema_arrow
        with pq.ParquetWriter(
            target, pa.schema([schema.field(name) for name in names]), compression="zstd", compression_level=3,
            use_dictionary=[c.name for c in POSITIONS.columns if c.encoding == DICTIONARY and c.name in names],
            column_encoding={c.name: DELTA for c in POSITIONS.columns if c.encoding == DELTA and c.name in names},
            store_schema=False,
        ) as writer:  # fmt: skip
            for group in range(file.metadata.num_row_groups):
                writer.write_table(file.read_row_group(group, columns=names).select(names))
        result["ours"] = round(target.stat().st_size / file.metadata.num_rows, 2)
    if chdb is not None:
        size = int(
            chdb.query("SELECT sum(data_compressed_bytes) FROM system.parts WHERE active AND table='rows'").data()
        )
        result["chdb"] = round(size / rows, 2)
    if duckdb is not None:
        result["duckdb"] = round(sum(path.stat().st_size for path in work.glob("duck-*.parquet")) / rows, 2)
    yield result


def _chdb(store: Path, work: Path) -> Any:
    """The rows in a MergeTree table of chDB; None if it is not installed."""
    try:
        module = importlib.import_module("chdb.session")
    except ImportError:
        return None
    session = module.Session(str(work / "chdb"))
    session.query("CREATE DATABASE b")
    session.query("USE b")
    columns = ", ".join(f"{name} {_kind(name)}" for name in FIFTEEN)
    session.query(f"CREATE TABLE b.rows ({columns}) ENGINE MergeTree ORDER BY (icao, time)")
    for path in _paths(store):
        session.query(f"INSERT INTO b.rows SELECT {', '.join(FIFTEEN)} FROM file('{path}', Parquet)")
    session.query("OPTIMIZE TABLE b.rows FINAL")
    return session


def _kind(name: str) -> str:
    """Type and codec of a column: as its documentation recommends for rows in order."""
    if name == "time":
        return "DateTime64(6) CODEC(DoubleDelta, ZSTD(3))"
    if name == "callsign":
        return "LowCardinality(Nullable(String))"
    if name in ("icao", "lat_e6", "lon_e6"):
        return "Int32 CODEC(Delta, ZSTD(3))"
    if name in ("altitude_ft", "altitude_geom_ft"):
        return "Nullable(Int32) CODEC(Delta, ZSTD(3))"
    return f"Nullable({'Int8' if name in ('nic', 'nac_p', 'source') else 'Int16'}) CODEC(ZSTD(3))"


def _duckdb(store: Path, work: Path) -> Any:
    """A connection with the rows as files of DuckDB's own writer; None if it is not installed."""
    try:
        module = importlib.import_module("duckdb")
    except ImportError:
        return None
    connection = module.connect()
    for number, path in enumerate(_paths(store)):
        connection.execute(
            f"COPY (SELECT {', '.join(FIFTEEN)} FROM read_parquet('{path}') ORDER BY icao, time) "
            f"TO '{work / f'duck-{number}.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
        )
    connection.execute(f"CREATE VIEW rows AS SELECT * FROM read_parquet('{work}/duck-*.parquet')")
    return connection


# --- questions --------------------------------------------------------------------------------------------------------


def _questions(store: Path, chdb: Any, duckdb: Any) -> Iterator[Result]:
    gazetteer = load_gazetteer()
    ours = skywitness.open(store)
    day = np.datetime64(FIRST_DAY, "D")
    one, two = str(day + 1), str(day + 2)
    icao = int(ours.find(f"show:positions time:{one}T10:00..{one}T10:01").to_arrow()["icao24"][77].as_py(), 16)
    fields = {code: gazetteer.icao.index(code) for code in ("EDDF", "EGLL")}
    lat, lon = ({code: float(of[row]) for code, row in fields.items()} for of in (gazetteer.lat_deg, gazetteer.lon_deg))
    military = [int(text, 16) for text in ours.find(f"mil:yes time:{one}").to_arrow()["icao24"].to_pylist()]

    def near(code: str, nmi: float, more: str = "") -> str:
        a, b = lat[code], lon[code]
        wide = nmi / 60.0 / np.cos(np.radians(a))
        arc = (
            f"6371008.8 * 2 * asin(sqrt(pow(sin(radians(lat_e6 / 1e6 - {a}) / 2), 2) + cos(radians({a})) * "
            f"cos(radians(lat_e6 / 1e6)) * pow(sin(radians(lon_e6 / 1e6 - {b}) / 2), 2)))"
        )
        return (
            f"lat_e6 BETWEEN {(a - nmi / 60) * 1e6:.0f} AND {(a + nmi / 60) * 1e6:.0f} AND "
            f"lon_e6 BETWEEN {(b - wide) * 1e6:.0f} AND {(b + wide) * 1e6:.0f} AND {arc} <= {nmi * NMI_M}{more}"
        )

    within = f"icao IN ({', '.join(map(str, military))})"
    low = " AND altitude_ft < 8000"
    asked: list[tuple[str, str, str]] = [
        (
            "one aircraft, one day", f"hex:{icao:06x} time:{one} show:positions",
            f"SELECT * FROM rows WHERE icao = {icao} AND time >= '{one}' AND time < '{two}' ORDER BY time",
        ),
        (
            "one degree, two hours",
            f"in:POLYGON((8 50, 9 50, 9 51, 8 51, 8 50)) time:{one}T10:00..{one}T11:59",
            "SELECT icao, count(*), min(time), max(time) FROM rows WHERE lat_e6 BETWEEN 50000000 AND 51000000 AND "
            f"lon_e6 BETWEEN 8000000 AND 9000000 AND time >= '{one} 10:00:00' AND time < '{one} 12:00:00' "
            "GROUP BY icao",
        ),
        (
            "near an airfield, all days", 'near:"EDDF 3nmi" alt:<5000',
            "SELECT icao, count(*), min(time), max(time) FROM rows WHERE "
            f"{near('EDDF', 3, ' AND altitude_ft < 5000')} GROUP BY icao",
        ),
        (
            "military at A, later at B within 24 h",
            'mil:yes near:"EDDF 5nmi" alt:<8000 THEN near:"EGLL 5nmi" alt:<8000 within:24h',
            f"SELECT b.icao, count(*) FROM (SELECT icao, time FROM rows WHERE {within} AND {near('EDDF', 5, low)}) a "
            f"JOIN (SELECT icao, time FROM rows WHERE {within} AND {near('EGLL', 5, low)}) b ON a.icao = b.icao "
            "WHERE b.time > a.time AND b.time <= a.time + INTERVAL 24 HOUR GROUP BY b.icao",
        ),
    ]  # fmt: skip
    for what, question, sql in asked:
        tasks: dict[str, Callable[[], int]] = {"ours": lambda question=question: len(ours.find(question).to_arrow())}  # type: ignore[misc]
        if chdb is not None:
            tasks["chdb"] = lambda sql=sql: _counted(chdb, sql.replace("FROM rows", "FROM b.rows"))  # type: ignore[misc]
        if duckdb is not None:
            tasks["duckdb"] = lambda sql=sql: len(duckdb.sql(sql).to_arrow_table())  # type: ignore[misc]
        spent, found = _timed(tasks)
        result: Result = {"bench": "finding", "what": what, "rows": found["ours"]}
        result |= {f"{name}_ms": round(seconds * 1e3, 1) for name, seconds in spent.items()}
        if "chdb" in spent:
            result["of_chdb"] = round(spent["ours"] / spent["chdb"], 2)
        if len(set(found.values())) > 1:
            result["differ"] = str(found)
        yield result


def _counted(session: Any, sql: str) -> int:
    """Rows of an answer of chDB, made as Arrow as ours is."""
    return int(session.query(sql, "ArrowTable").num_rows)


def _timed(tasks: dict[str, Callable[[], int]]) -> tuple[dict[str, float], dict[str, int]]:
    """Median wall seconds of each task, taken in turn after one round to warm up, and its result."""
    spent: dict[str, list[float]] = {name: [] for name in tasks}
    found = {name: task() for name, task in tasks.items()}
    for _ in range(AGAIN):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            spent[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds) for name, seconds in spent.items()}, found


# --- growth -----------------------------------------------------------------------------------------------------------


def _growth(store: Path, days: int, flights: int) -> Iterator[Result]:
    """The same questions to records of more and more days, with as much in each day."""
    drawn_store(store, days=days, aircraft=2_000, flights=flights, step_s=30.0)
    list(_derived(store))
    ours = skywitness.open(store)
    day = str(np.datetime64(FIRST_DAY, "D") + days // 2)
    icao = ours.find(f"show:aircraft time:{day}").to_arrow()["icao24"][7].as_py()
    questions = {
        "one aircraft, one day": f"hex:{icao} time:{day} show:positions",
        "one degree, two hours": f"in:POLYGON((8 50, 9 50, 9 51, 8 51, 8 50)) time:{day}T10:00..{day}T11:59",
        "legs from a place, one day": f"show:legs from:EDDF time:{day}",
        "one aircraft, all days": f"hex:{icao} show:positions",
    }
    rows = sum(entry.rows for entry in _days(store))
    spent, found = _timed({what: lambda q=q: len(ours.find(q).to_arrow()) for what, q in questions.items()})  # type: ignore[misc]
    for what in questions:
        yield {
            "bench": "finding", "what": f"{what}, of {days:,} days", "positions": rows, "rows": found[what],
            "ours_ms": round(spent[what] * 1e3, 1),
        }  # fmt: skip
