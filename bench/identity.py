"""Who 10,000 aircraft are: look-ups in full in a table of 600,000; how often rules and blocks hold on a real list."""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.measure import Result
from skywitness.identity.countries import find_country
from skywitness.identity.military import is_military
from skywitness.identity.registrations import address_of, registration_of
from skywitness.identity.table import Entry, IdentityTable

__all__ = ["SUMMARY", "measure"]

SUMMARY = "10,000 look-ups of who an aircraft is; rules and military blocks against lists"
KNOWN, ASKED, REPEATS = 600_000, 10_000, 20


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """CPU of the look-ups, then the shares of lists that the rules of States agree with."""
    del args
    yield _look_ups()
    path = Path(os.environ.get("SKYWITNESS_TEST_DATA", "../shared/data")) / "reference" / "plane-alert-db.csv.gz"
    if not path.is_file():
        yield {"bench": "identity", "what": "rules", "skipped": f"{path} is not there"}
        return
    yield from _rules(path)


def _look_ups() -> Result:
    random = np.random.Generator(np.random.PCG64(20_190_322))
    known = random.choice(1 << 24, KNOWN, replace=False)
    table = IdentityTable.of(
        Entry(icao, f"R-{icao:05d}"[:12], "A124", icao & 3, f"type {icao % 2_000}", 1990, f"operator {icao % 5_000}")
        for icao in known.tolist()
    )
    asked = np.where(random.random(ASKED) < 0.8, random.choice(known, ASKED), random.integers(0, 1 << 24, ASKED))
    icao = asked.astype(np.uint32)
    best = 1e9
    for _ in range(REPEATS):
        began = time.process_time()
        rows = table.find(icao)
        country = find_country(icao)
        military = is_military(icao) | ((table.flags[rows] & 1) > 0) & (rows >= 0)
        known_rows = rows[rows >= 0]
        texts = (table.registration[known_rows].tolist(), table.type[known_rows].tolist())
        operators = [table.operators[one] for one in table.operator[known_rows].tolist()]
        best = min(best, time.process_time() - began)
    found = len(operators)
    assert len(country) == len(military) == ASKED
    assert len(texts[0]) == found
    return {
        "bench": "identity", "what": f"{ASKED:,} look-ups in {KNOWN:,} aircraft, all fields as texts",
        "cpu_ms": round(best * 1e3, 2), "bar_ms": 10, "found": found,
    }  # fmt: skip


def _rules(path: Path) -> Iterator[Result]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if len(row["$ICAO"]) == 6]
    for prefix, what in (("RA-", "Russia"), ("N", "United States"), ("C-", "Canada"), ("D-", "Germany")):
        right = wrong = 0
        exceptions = []
        for row in rows:
            registration, icao = row["$Registration"].upper(), int(row["$ICAO"], 16)
            if not registration.startswith(prefix) or address_of(registration) is None or not registration_of(icao):
                continue
            if address_of(registration) == icao:
                right += 1
            else:
                wrong += 1
                exceptions.append(f"{registration} {icao:06X}")
        yield {
            "bench": "identity", "what": f"rule, {what}", "n": right + wrong, "agree": right,
            "share": round(right / max(1, right + wrong), 4), "exceptions": ", ".join(exceptions[:5]),
        }  # fmt: skip
    kinds = np.array([row["#CMPG"] for row in rows])
    inside = is_military(np.array([int(row["$ICAO"], 16) for row in rows], np.uint32))
    yield {
        "bench": "identity", "what": "military blocks", "n": int(inside.sum()),
        "military": int((inside & (kinds == "Mil")).sum()), "other_state": int((inside & (kinds == "Gov")).sum()),
        "police": int((inside & (kinds == "Pol")).sum()), "listed_as_civil": int((inside & (kinds == "Civ")).sum()),
        "military_elsewhere": int((~inside & (kinds == "Mil")).sum()),
    }  # fmt: skip
