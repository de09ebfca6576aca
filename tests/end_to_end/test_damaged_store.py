"""One flipped bit in any file of a store: questions are answered from the rest, and what is missing is said."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import skywitness
from skywitness.archive.hashes import HASH_SUFFIX
from skywitness.errors import SkywitnessError
from tests.rounds import rounds
from tests.unit.archive import test_verify
from tests.unit.archive.test_verify import files_of

QUESTIONS = (
    "show:positions", "show:positions in:0,-60,60,60", "show:positions callsign:*", "show:positions alt:>0",
    "show:aircraft squawk:7*", "show:positions from:FR",
)  # fmt: skip
FLIPS = rounds(1)
"""Of each kind of file; `verify` is tried with more bits of every file."""

store = test_verify.store


def asked(directory: Path) -> dict[str, tuple[Counter[str], set[str]]]:
    """The rows of every question, and which files were not read."""
    found = {}
    history = skywitness.open(directory)
    for question in QUESTIONS:
        answer = history.find(question)
        rows = Counter(map(repr, answer.to_arrow().to_pylist()))
        found[question] = rows, set(answer.damaged)
    return found


def test_answers_come_from_the_rest_and_say_what_is_missing(store, tmp_path):
    directory = tmp_path / "store"
    shutil.copytree(store, directory)
    whole = asked(directory)
    assert sum(whole["show:positions"][0].values()) > 400
    told = set()
    kinds = {(name.split("/")[0], Path(name).suffix): name for name in files_of(directory)}
    for name in kinds.values():
        data = (directory / name).read_bytes()
        rng = random.Random(name)
        for at in [rng.randrange(len(data) * 8) for _ in range(FLIPS)] if data else []:
            broken = bytearray(data)
            broken[at >> 3] ^= 1 << (at & 7)
            (directory / name).write_bytes(broken)
            try:
                answers = asked(directory)
            except SkywitnessError as error:
                # What says whose the aircraft are, or what belongs together, is not left out silently.
                assert Path(name.removesuffix(HASH_SUFFIX)).name in str(error), (name, at)  # noqa: PT017
                told.add(name.split("/")[0])
                continue
            for question, (rows, missing) in answers.items():
                before = whole[question][0]
                if question.startswith("show:positions") and rows != before:
                    assert not rows - before, (name, at, question)
                    assert missing, (name, at, question)
                    told.add(name.split("/")[0])
        (directory / name).write_bytes(data)
    assert "positions" in told
    assert asked(directory) == whole
