"""`skywitness import`, as its users call it: again, beside a node, interrupted at any moment."""

from __future__ import annotations

import gzip
import json
import random
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest

import skywitness
from skywitness import cli
from skywitness.archive.importing import Importer, read_imports
from skywitness.archive.reader import open_history
from skywitness.archive.verify import verify
from skywitness.batches import PROVENANCES, Positions
from tests.rounds import rounds

TIMES = rounds(3)
TRACES, ROWS = 700, 12
DAY_S = 1_693_353_600


def trace(number: int) -> bytes:
    rows = [
        [10.0 * k + number % 10, round(47 + number / 100 + k / 1e3, 6), 8.0, 30_000 + 25 * k, 400.0, 0.0, 0, 0, None,
         "adsb_icao", None, None, None, None]
        for k in range(ROWS)
    ]  # fmt: skip
    document = {"icao": f"{0x400000 + number:06x}", "timestamp": DAY_S, "trace": rows}
    return gzip.compress(json.dumps(document).encode(), 1)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some traces of a day as `globe_history` has them."""
    root = tmp_path_factory.mktemp("globe") / "2023" / "08" / "30"
    for number in range(TRACES):
        path = root / "traces" / f"{number % 3:02x}" / f"trace_full_{0x400000 + number:06x}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(trace(number))
    (root / "heatmap").mkdir()
    (root / "heatmap" / "00.bin.ttf").write_bytes(b"nothing")
    return root


def held(directory: Path) -> Positions:
    return open_history(directory).positions(0, 1 << 62, contradicted=True)


def is_all(directory: Path) -> None:
    """Every row is there, once."""
    rows = held(directory)
    assert len(rows) == TRACES * ROWS
    assert len(np.unique(np.stack([rows.icao.astype(np.int64), rows.time_ns]), axis=1).T) == len(rows)
    assert set(rows.provenance.tolist()) == {PROVENANCES.index("imported")}
    found = verify(directory)
    assert found.damages == []
    assert found.unlisted == []


def test_a_day_of_traces_and_again(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data = tmp_path / "data"
    assert cli.main(["import", str(history), "--data", str(data), "--source", "our roof"]) == 0
    assert f"{TRACES * ROWS:,} positions imported: {TRACES * ROWS:,} from our roof." in capsys.readouterr().out
    is_all(data)
    before = (data / "manifest.jsonl").read_bytes()
    assert cli.main(["import", str(history), "--data", str(data)]) == 0
    assert "imported before" in capsys.readouterr().out
    assert (data / "manifest.jsonl").read_bytes() == before
    assert read_imports(data).sources == {"our roof": 1}
    assert cli.main(["doctor", "--data", str(data), "--verify"]) == 0
    found = skywitness.open(data).find("show:positions hex:400001 time:2023-08-30")
    assert len(found.to_arrow()) == ROWS


def test_a_dry_run_writes_nothing(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data = tmp_path / "data"
    assert cli.main(["import", str(history), "--data", str(data), "--dry-run"]) == 0
    assert f"{TRACES * ROWS:,} positions would be imported" in capsys.readouterr().out
    assert not data.exists()


@pytest.mark.parametrize("cut", [False, True])
def test_a_tar_of_a_day_as_it_comes_or_in_pieces(history: Path, tmp_path: Path, cut: bool):
    whole = tmp_path / "v2023.08.30-planes.tar"
    with tarfile.open(whole, "w") as tar:
        tar.add(history, "./")
    source = whole
    if cut:
        data = whole.read_bytes()
        for name, part in (("aa", data[: len(data) // 2]), ("ab", data[len(data) // 2 :])):
            (tmp_path / f"cut.tar.{name}").write_bytes(part)
        source = tmp_path / "cut.tar.aa"
    assert cli.main(["import", str(source), "--data", str(tmp_path / "data")]) == 0
    is_all(tmp_path / "data")


def test_a_tar_that_is_cut_off_keeps_what_came_before(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    whole = tmp_path / "day.tar"
    with tarfile.open(whole, "w") as tar:
        tar.add(history, "./")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])
    assert cli.main(["import", str(whole), "--data", str(tmp_path / "data")]) == 2
    assert "damaged or cut off" in capsys.readouterr().err
    assert 0 < len(held(tmp_path / "data")) < TRACES * ROWS
    assert len(held(tmp_path / "data")) % ROWS == 0


def test_beside_a_node_nothing_is_imported(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with Importer(tmp_path):
        assert cli.main(["import", str(history), "--data", str(tmp_path)]) == 3
    said = capsys.readouterr().err
    assert "another process records there" in said
    assert said.count("\n") == 1
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_refused_file_leaves_nothing_and_the_others_are_imported(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    bad = tmp_path / "swapped.csv"
    lines = [f"2019-03-22T12:{n // 60:02d}:{n % 60:02d}Z,154073,{40 + n / 1e3},8.0" for n in range(2000)]
    lines[1500] = "2019-03-22T12:25:00Z,154073,140.5,8.0"
    bad.write_text("timestamp,icao24,latitude,longitude\n" + "\n".join(lines) + "\n")
    one = next(history.rglob("trace_full_*"))
    data = tmp_path / "data"
    assert cli.main(["import", str(bad), str(one), "--data", str(data)]) == 2
    said = capsys.readouterr()
    assert f"{bad}: row 1,501, column 'latitude': 140.5 is beyond 90 degrees" in said.err
    assert f"{ROWS} positions imported" in said.out
    assert len(held(data)) == ROWS


def test_what_we_write_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for suffix in ("parquet", "csv", "jsonl", "arrow"):
        table, data = tmp_path / f"demo.{suffix}", tmp_path / suffix
        assert cli.main(["track", "demo", "--all", "-o", str(table)]) == 0
        assert cli.main(["import", str(table), "--data", str(data)]) == 0, capsys.readouterr().err
    first = held(tmp_path / "parquet")
    assert set(first.provenance.tolist()) == {PROVENANCES.index("simulated")}
    for suffix in ("csv", "jsonl", "arrow"):
        assert held(tmp_path / suffix).same_as(first)
    assert cli.main(["import", str(tmp_path / "csv"), "--data", str(tmp_path / "again")]) == 0
    assert held(tmp_path / "again").same_as(first)


def test_a_recording_goes_through_the_core(data_dir: Path, tmp_path: Path):
    recording = data_dir / "raw" / "baw3ak_20240606.jet1090.jsonl.gz"
    assert cli.main(["import", str(recording), "--data", str(tmp_path), "--json"]) == 0
    rows = held(tmp_path)
    assert len(rows) > 10_000
    assert (rows.verdict != 2).any()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_killed_at_any_moment_it_goes_on_where_it_was(history: Path, tmp_path: Path):
    rng = random.Random(5)
    command = [sys.executable, "-m", "skywitness", "import", str(history), "--data"]
    for number in range(TIMES):
        data = tmp_path / str(number)
        with subprocess.Popen([*command, str(data)], stdout=subprocess.DEVNULL) as child:
            until = time.monotonic() + 30
            while not (data / "imports.jsonl").exists() and child.poll() is None and time.monotonic() < until:
                time.sleep(0.002)
            time.sleep(rng.uniform(0.0, 0.8))
            child.kill()
        assert cli.main(["import", str(history), "--data", str(data)]) == 0
        is_all(data)
