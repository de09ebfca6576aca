"""What a message costs when each one touches another aircraft: state as columns, as records, as records fetched ahead.

A fold like the tracker's over 5,000 aircraft in random order: each message reads and writes twelve fields of one
aircraft. Only the layout differs. Then the shipped pipeline with one instruction of `kernel.py` taken away. `python
experiments/0009_state_layout.py` prints ns of CPU a message in about three minutes; decision 0009.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from skywitness.kernel import prefetch

FIELDS = tuple(f"f{k}" for k in range(12))
RECORD = np.dtype([*((name, np.float64) for name in FIELDS), ("spare", np.uint8, (320 - 96,))])  # five cache lines
MESSAGES = 2_000_000
ROOT = Path(__file__).parents[1]
BYTES = """        word = 0
        for k in range(8):
            word = word << 8 | int(rows[row, offset + k])
        return word
"""
VARIANTS = {
    "as it is": ("", ""),
    "without prefetch": ("        _prefetch(records, row, offset)\n", "        pass\n"),
    "eight bytes instead of load_word8": ("        return _load_word8(rows, row, offset)\n", BYTES),
}
AHEAD = 16
compiled: Any = numba.njit(error_model="numpy", nogil=True)


@compiled
def fold_columns(slot, columns):  # type: ignore[no-untyped-def]
    for i in range(len(slot)):
        s = slot[i]
        for k in range(12):
            columns[k, s] = columns[k, s] * 0.5 + i


@compiled
def fold_records(slot, records):  # type: ignore[no-untyped-def]
    for i in range(len(slot)):
        r = records[slot[i]]
        for k in range(12):
            r[k] = r[k] * 0.5 + i


@compiled
def fold_records_ahead(slot, records, whole):  # type: ignore[no-untyped-def]
    for i in range(len(slot)):
        coming = slot[min(i + AHEAD, len(slot) - 1)]
        prefetch(whole, coming, 0)
        prefetch(whole, coming, 64)
        r = records[slot[i]]
        for k in range(12):
            r[k] = r[k] * 0.5 + i


def best_ns(call: Callable[[], Any], messages: int) -> float:
    """Least CPU time of a few runs, ns a message; the first run compiles."""
    call()
    spent = []
    for _ in range(7):
        start = time.process_time_ns()
        call()
        spent.append(time.process_time_ns() - start)
    return min(spent) / messages


def pipeline_ns(directory: Path, ours: str, other: str) -> float:
    """Best of three runs of the core's benchmark, with one line of `kernel.py` replaced in a copy of the sources."""
    for part in ("src", "bench"):
        shutil.copytree(ROOT / part, directory / part, ignore=shutil.ignore_patterns("corpora", "__pycache__"))
    (directory / "bench" / "corpora").symlink_to(ROOT / "bench" / "corpora")
    kernel = directory / "src" / "skywitness" / "kernel.py"
    text = kernel.read_text(encoding="utf-8")
    assert ours in text
    kernel.write_text(text.replace(ours, other) if ours else text, encoding="utf-8")
    command = [sys.executable, "-m", "skywitness", "bench", "core", "--json", "--no-peers"]
    environment = os.environ | {"PYTHONPATH": f"{directory / 'src'}{os.pathsep}{directory}"}
    runs = [subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True) for _ in range(3)]
    return min(float(json.loads(run.stdout.splitlines()[-1])["ns_per_message_best"]) for run in runs)


def main() -> None:
    """Measure each layout for a few and for many aircraft, then the pipeline without each of the two instructions."""
    rng = np.random.default_rng(9)
    for aircraft in (200, 5_000, 50_000):
        slot = rng.integers(0, aircraft, MESSAGES).astype(np.int32)
        columns = np.zeros((len(FIELDS), aircraft))
        whole = np.zeros(aircraft, RECORD)
        records = whole.view(np.float64).reshape(aircraft, -1)
        costs = (
            best_ns(lambda: fold_columns(slot, columns), MESSAGES),  # noqa: B023
            best_ns(lambda: fold_records(slot, records), MESSAGES),  # noqa: B023
            best_ns(lambda: fold_records_ahead(slot, records, whole), MESSAGES),  # noqa: B023
        )
        print(
            f"{aircraft:6,} aircraft: columns {costs[0]:.1f} ns, records {costs[1]:.1f}, fetched ahead {costs[2]:.1f}"
        )
    with tempfile.TemporaryDirectory() as directory:
        for name, (ours, other) in VARIANTS.items():
            print(f"skywitness bench core, {name}: {pipeline_ns(Path(directory) / name, ours, other):.0f} ns a message")


if __name__ == "__main__":
    main()
