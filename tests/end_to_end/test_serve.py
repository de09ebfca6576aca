"""`skywitness serve`: the whole node as a process, and what its users see of it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from skywitness.archive.reader import open_history
from skywitness.archive.receivers import Register
from skywitness.archive.segments import read_segment, segment_path, segments_of
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.run.walk import heard
from tests.serving import Node, free_port, paced, receiver, running, until, walk_stream

ALL_TIME = (0, 1 << 62)


def test_the_demonstration_is_served_in_every_dialect_and_recorded(tmp_path):
    with running(tmp_path, "--source", "demo=demo?loop=1", "--data", "data") as node:
        until(lambda: sum("lat" in aircraft for aircraft in node.json("/data/aircraft.json")["aircraft"]) >= 3)
        listed = node.json("/data/aircraft.json")
        assert listed["simulated"] is True
        addresses = {aircraft["hex"] for aircraft in listed["aircraft"]}
        assert addresses <= {row["icao24"] for row in node.json("/api/v1/aircraft")["aircraft"]}
        assert addresses & {aircraft["hex"] for aircraft in node.json("/dump1090/data/aircraft.json")["aircraft"]}
        some = next(aircraft["hex"] for aircraft in listed["aircraft"] if "lat" in aircraft)
        assert node.json(f"/v2/icao/{some},")["ac"][0]["hex"] == some
        assert some in {state[0] for state in node.json("/api/states/all")["states"]}
        assert node.json(f"/re-api/?find_hex={some}&json")["aircraft"][0]["hex"] == some
        until(lambda: node.json(f"/data/traces/{some[-2:]}/trace_full_{some}.json")["trace"])
        assert node.get("/healthz")
        until(lambda: node.metrics()["skywitness_record_receptions_total"] > 100)
        assert node.end() == 0
    assert len(kept_ids(tmp_path / "data")) > 100
    history = open_history(tmp_path / "data", strict=True)
    kept = history.positions(*ALL_TIME)
    assert len(kept) > 5
    assert set(kept.provenance.tolist()) == {2}  # simulated, to the last row on disk


def test_two_receivers_and_two_chained_nodes_see_one_sky(tmp_path):
    with receiver(paced(walk_stream(0), 3.0)) as north, receiver(paced(walk_stream(1), 3.0)) as south:
        sources = [
            "--source",
            f"north=beast+tcp://127.0.0.1:{north}@47.1,8.0",
            "--source",
            f"south=beast+tcp://127.0.0.1:{south}",
        ]
        port = free_port()
        feeders = "[limits]\nanonymous = true\n"
        (tmp_path / "hub.toml").write_text(feeders)
        with (
            running(tmp_path, "--config", "hub.toml", "--listen", f"listen+beast://127.0.0.1:{port}") as hub,
            running(tmp_path, *sources, "--push", f"beast://127.0.0.1:{port}") as node,
        ):
            until(lambda: len(node.json("/api/v1/receivers")["receivers"]) == 2)
            until(lambda: node.metrics()["skywitness_frames_total"] == len(heard()))
            rows: dict = {}

            def is_counted() -> bool:
                rows.update({row["name"]: row for row in node.json("/api/v1/receivers")["receivers"]})
                return sum(row["frames"] for row in rows.values()) == len(heard())

            until(is_counted)
            assert rows["north"]["shared"] == rows["south"]["shared"] > 0.9 * rows["north"]["accepted"]
            until(lambda: hub.metrics()["skywitness_frames_total"] > 1000)
            fed = hub.json("/api/v1/receivers")["receivers"]
            assert len(fed) == 1  # one stream, under the name of the node that pushed
            assert not fed[0]["own"]


def test_a_node_that_pushes_the_thinned_stream_keeps_its_name(tmp_path):
    """Two nodes chained by beast_reduce: the second knows the first by its UUID, over restarts, or by its key."""
    (tmp_path / "hub.toml").write_text("[limits]\nanonymous = true\n")
    made = subprocess.run(
        [sys.executable, "-m", "skywitness", "keys", "add", "barn", "--scope", "feed", "--data", "hub"],
        cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    key = made.stdout.decode().strip()
    own = "6f1c0c9e-3b1d-4a53-9d0a-0123456789ab"
    port = free_port()
    with running(
        tmp_path, "--config", "hub.toml", "--listen", f"listen+beast://127.0.0.1:{port}", "--data", "hub"
    ) as hub:

        def fed(uuid: str) -> tuple[dict, set[str]]:
            """What the hub has of a node under this UUID, and the aircraft that the node had."""
            (tmp_path / "node.toml").write_text(f'[out]\nuuid = "{uuid}"\n')
            frames = 0.0
            with (
                receiver(paced(walk_stream(0), 3.0)) as roof,
                running(
                    tmp_path, "--config", "node.toml", "--source", f"roof=beast+tcp://127.0.0.1:{roof}",
                    "--push", f"beast_reduce://127.0.0.1:{port}",
                ) as node,
            ):  # fmt: skip
                until(lambda: node.metrics()["skywitness_frames_total"] == (heard().receiver == 0).sum())
                until(lambda: any(row["connected"] for row in hub.json("/api/v1/receivers")["receivers"]))
                (row,) = [row for row in hub.json("/api/v1/receivers")["receivers"] if row["connected"]]

                def is_still() -> bool:
                    nonlocal frames
                    before, frames = frames, hub.metrics()["skywitness_frames_total"]
                    time.sleep(0.5)
                    return before == frames > 0

                until(is_still)
                (row,) = [row for row in hub.json("/api/v1/receivers")["receivers"] if row["connected"]]
                seen = {one["hex"] for one in node.json("/data/aircraft.json")["aircraft"] if "lat" in one}
            until(lambda: not any(row["connected"] for row in hub.json("/api/v1/receivers")["receivers"]))
            return row, seen

        first, seen = fed(own)
        assert 0 < first["frames"] < (heard().receiver == 0).sum()  # thinned
        known = {one["hex"] for one in hub.json("/data/aircraft.json")["aircraft"] if "lat" in one}
        assert len(seen) > 100
        assert len(known & seen) > 0.95 * len(seen)
        again, _ = fed(own)
        assert again["name"] == first["name"]
        assert again["number"] == first["number"]
        assert not again["own"]
        assert fed(key)[0]["name"] == "barn"
        assert hub.end() == 0
    told = {receiver.name: receiver.uuid for receiver in Register(tmp_path / "hub").by_number.values()}
    assert told[first["name"]] == own
    assert not told["barn"]  # a key is a secret: nobody sees it


def test_a_killed_node_keeps_what_it_said_was_safe_and_goes_on_counting(tmp_path):
    parts = paced(walk_stream(0), 3.0)
    promised = -1
    for _ in range(2):
        with (
            receiver(parts) as port,
            running(tmp_path, "--source", f"roof=beast+tcp://127.0.0.1:{port}", "--data", "data") as node,
        ):
            mark: dict = {}

            def is_safe(node: Node = node, mark: dict = mark, before: int = promised) -> bool:
                rows = node.json("/api/v1/receivers")["receivers"]
                mark.update(rows[0] if rows else {})
                return mark.get("watermark_sequence", -1) > max(before, 0)

            until(is_safe)
            promised = mark["watermark_sequence"]
            node.end(signal.SIGKILL)
    ids = kept_ids(tmp_path / "data")
    assert len(ids) == len(set(ids)) > promised
    done = subprocess.run(
        [sys.executable, "-m", "skywitness", "doctor", "--data", "data", "--verify", "--json"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert b"crash" in done.stdout


def test_standard_input_and_a_recording_as_fast_as_it_goes(tmp_path):
    (tmp_path / "one.beast").write_bytes(BeastWriter().write(heard().take(heard().receiver == 0)))
    rows = int((heard().receiver == 0).sum())
    with running(tmp_path, "--source", "one.beast?speed=max") as node:
        until(lambda: node.metrics()["skywitness_frames_total"] == rows)
    with running(tmp_path, "--source", "-", data=walk_stream(0)) as node:
        until(lambda: node.metrics()["skywitness_frames_total"] == rows)


def test_a_port_gives_what_is_heard(tmp_path):
    query = free_port()
    (tmp_path / "skywitness.toml").write_text(f'http.readsb_api = "127.0.0.1:{query}"\nout.stations = true\n')
    with (
        receiver([(2.0, walk_stream(0)[:100_000])]) as port,
        running(tmp_path, "--source", f"beast+tcp://127.0.0.1:{port}", "--sbs-out", "127.0.0.1:0") as node,
        socket.create_connection(("127.0.0.1", node.port("sbs")), timeout=30) as client,
    ):
        text = b""
        while text.count(b"\r\n") < 100:
            got = client.recv(1 << 16)
            assert got
            text += got
        with urllib.request.urlopen(f"http://127.0.0.1:{query}/?all", timeout=20) as answer:
            assert "aircraft" in json.load(answer)
    assert all(line.count(b",") == 21 for line in text.split(b"\r\n")[:99])


REFUSED = (
    ([], "nothing to listen to"),
    (["--source", "demo=demo?loop=1", "--http", "0.0.0.0:0"], "--public"),
    (["--source", "demo=demo?loop=1", "--http", "nonsense"], "HOST:PORT"),
    (["--source", "beast+tcp://"], ""),
    (["--source", "gopher://x"], "no kind of source"),
    (["--source", "demo=demo?loop=1", "--source", "beast+tcp://127.0.0.1:1"], "cannot be mixed"),
    (["--source", "demo=demo?loop=1", "--aircraft-db", "missing.gz"], "cannot be read"),
    (["--source", "demo=demo?loop=1", "--config", "missing.toml"], "missing.toml"),
)
IN_ONE_PROCESS = """
import contextlib, io, json, sys, traceback
from skywitness.cli import main
for arguments in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            code = main(["serve", *arguments])
        except BaseException:
            traceback.print_exc()
            code = -1
    print(json.dumps([code, said.getvalue()]), flush=True)
"""


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    """Exit code and standard error of each; one process, because it takes long to begin."""
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS, json.dumps([arguments for arguments, _ in REFUSED])],
        cwd=tmp_path_factory.mktemp("refused"), capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_cannot_be_served_is_said_in_one_sentence(refusals, number):
    code, text = refusals[number]
    assert code == 2
    last = text.strip().splitlines()[-1]
    assert last.startswith("skywitness: ")
    assert REFUSED[number][1] in last
    assert "Traceback" not in text


def test_a_taken_port_is_said_and_two_nodes_do_not_share_a_directory(tmp_path):
    with running(tmp_path, "--source", "demo=demo?loop=1", "--data", "data") as node:
        port = node.url.rpartition(":")[2]
        for arguments, code in ((["--http", f"127.0.0.1:{port}"], 3), (["--http", "127.0.0.1:0", "--data", "data"], 2)):
            done = subprocess.run(
                [sys.executable, "-m", "skywitness", "serve", "--source", "demo=demo?loop=1", *arguments],
                cwd=tmp_path, capture_output=True, check=False, timeout=60,
            )  # fmt: skip
            assert done.returncode == code, done.stderr.decode()
            assert done.stderr.decode().strip().splitlines()[-1].startswith("skywitness: ")


def kept_ids(data: Path) -> list[int]:
    """Ids of all receptions on disk."""
    paths = [segment_path(data, number) for number in segments_of(data)]
    return [number for path in paths for frames in read_segment(path) for number in frames.id.tolist()]
