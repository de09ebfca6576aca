"""Raw messages of one aircraft: newest first, of memory and of the record, and not for strangers who could measure."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from skywitness.archive.receptions import StoredReceptions
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.batches import Frames, Messages, Positions
from skywitness.pipeline import Output, Pipeline
from skywitness.views.api import raw_messages
from skywitness.views.api.app import create_app
from skywitness.views.api.security import ApiSettings
from skywitness.views.node import Node
from skywitness.views.recent_receptions import RecentReceptions
from tests.fake_node import NOW_NS, node_with, served
from tests.frames_from import frames_from

S = 1_000_000_000
FAST = ApiSettings(rate_per_minute=100_000)
NAME = "8D4840D6202CC371C32CE0576098"
OTHER = "8D406B902015A678D4D220AA4BDA"
ONE_BIT_OFF = f"{int(NAME, 16) ^ 1 << 60:028X}"


def frames_at(*heard: tuple[float, str]) -> Frames:
    """Frames so many seconds before the node's present."""
    return frames_from([(NOW_NS - int(ago * S), 0, bytes.fromhex(data)) for ago, data in heard])


def recorded(directory: Path, frames: Frames) -> None:
    recorder = Recorder(directory, RecorderSettings(seal=False, reserve_bytes=0), threaded=False)
    recorder.register.receiver("barn")
    first = recorder.reserve(len(frames), NOW_NS)
    frames = dataclasses.replace(frames, id=first + np.arange(len(frames)))
    for start in range(0, len(frames), 10):  # ten a block
        part = frames.slice(start, min(start + 10, len(frames)))
        recorder.push(Output(part, Messages.empty(), Positions.empty()), NOW_NS)
        recorder.turn(is_due=True)
    recorder.close()


def recent(*frames: Frames, most: int = 1000) -> RecentReceptions:
    kept, pipeline = RecentReceptions(most), Pipeline()
    for part in frames:
        kept.push(pipeline.push(part), NOW_NS)
    return kept


def answer(node: Node, path: str, status: int = 200) -> Any:
    found: list[Any] = []

    async def scenario(client: Any) -> None:
        said = await client.get(f"/api/v1/{path}")
        assert said.status_code == status, said.text
        found.append(said.json())

    served(create_app(node, FAST), scenario)
    return found[0]


def test_newest_first_from_memory_then_from_the_record(tmp_path: Path):
    recorded(tmp_path, frames_at((500, NAME), (400, OTHER), (300, NAME), (200, NAME)))
    node = node_with(5)
    node.receptions = StoredReceptions(tmp_path)
    node.recent = recent(frames_at((9, OTHER), (8, NAME)), frames_at((2, NAME), (1, OTHER)))
    told = answer(node, "messages/4840d6")
    assert [round(NOW_NS / S - row["time_s"]) for row in told["messages"]] == [2, 8, 200, 300, 500]
    assert [row["receiver"] for row in told["messages"]] == ["roof", "roof", "barn", "barn", "barn"]
    row = told["messages"][0]
    assert (row["frame"], row["df"], row["typecode"], row["status"]) == (NAME, 17, 4, "accepted")
    assert (row["title"], row["says"]) == ("identification and category", "KLM1023")
    assert told["is_kept"]
    some = answer(node, "messages/4840d6?limit=3")
    assert len(some["messages"]) == 3
    # All that is newer than this was told: what comes before it begins there.
    assert some["read_from"] == some["messages"][-1]["time"]
    then = f"from={NOW_NS // S - 350}&until={NOW_NS // S - 250}"
    assert [round(NOW_NS / S - row["time_s"]) for row in answer(node, f"messages/4840d6?{then}")["messages"]] == [300]
    assert answer(node, "messages/~4840d6")["messages"] == []


def test_a_node_that_keeps_nothing_says_so(tmp_path: Path):
    node = node_with(5)
    assert answer(node, "messages/4840d6") | {"from": 0, "until": 0, "read_from": 0} == {
        "from": 0, "until": 0, "read_from": 0, "is_kept": False, "messages": [],
    }  # fmt: skip
    node.receptions = StoredReceptions(tmp_path)
    assert not answer(node, "messages/4840d6?from=-2h&until=-1h")["is_kept"]
    answer(node, "messages/4840d6?from=-3h", 400)


def test_a_question_reads_only_so_much_and_says_how_far_it_came(tmp_path: Path, monkeypatch):
    recorded(tmp_path, frames_at(*((k, NAME) for k in range(3000, 100, -10))))
    node = node_with(5)
    node.receptions = StoredReceptions(tmp_path)
    monkeypatch.setattr(raw_messages, "MOST_READ", 200)
    told = answer(node, "messages/4840d6?from=-1h&limit=1000")
    assert told["read_from"] > told["from"]
    assert 0 < len(told["messages"]) < 290


def test_a_repaired_bit_is_told_and_the_frame_is_as_received():
    node = node_with(5)
    node.recent = recent(frames_at(*((40 - k, NAME) for k in range(4)), (2, ONE_BIT_OFF)))
    row = answer(node, "messages/4840d6")["messages"][0]
    assert (row["frame"], row["status"], row["repaired_bit"], row["says"]) == (ONE_BIT_OFF, "repaired", 52, "KLM1023")


def test_memory_is_bounded():
    kept = recent(*(frames_at((k, NAME)) for k in range(50, 0, -1)), most=20)
    found, oldest_ns = kept.of_aircraft(0x4840D6, np.zeros(1, np.uint8), 0, NOW_NS)
    assert len(found) == 20
    assert oldest_ns == NOW_NS - 20 * S


def test_where_a_place_is_hidden_strangers_are_told_no_raw_message():
    node = node_with(5, is_public=True)
    node.recent = recent(frames_at((2, NAME)))
    assert "operator" in answer(node, "messages/4840d6", 403)["detail"]
    assert answer(node, f"explain/{NAME}")["title"] == "identification and category"


def test_a_frame_bit_by_bit():
    node = node_with(1)
    told = answer(node, f"explain/{NAME}")
    assert (told["frame"], told["icao24"], told["address_verified"]) == (NAME, "4840d6", True)
    callsign = next(row for row in told["rows"] if row["name"] == "callsign")
    assert (callsign["bits"], callsign["text"]) == ("41-88", "KLM1023")
    assert callsign["section"]
    reply = "A8001EBCFFFB23286004A73F6A5B"
    plain, known = (answer(node, f"explain/{reply}{more}") for more in ("", "?altitude_ft=35000"))
    assert [row for row in known["rows"] if row["part"] == "register"]
    assert plain["df"] == 21
    for wrong in ("8D4840D6", "zz4840D6202CC371C32CE0576098", "0D4840D6202CC371C32CE0576098"):
        answer(node, f"explain/{wrong}", 400)
