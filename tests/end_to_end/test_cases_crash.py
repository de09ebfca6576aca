"""Cases survive kill -9: what was answered for is there, whole, and nothing is half of something."""

from __future__ import annotations

import random
import subprocess
import sys
import time

from skywitness.views.cases.store import CaseStore
from tests.rounds import rounds

CHILD = """
import itertools, sys
from pathlib import Path
from skywitness.views.cases.case import Draft, Item
from skywitness.views.cases.store import CaseStore

cases = CaseStore(Path(sys.argv[1]))
case = cases.add(Draft("0"))
for number in itertools.count(1):
    item = Item("abcdefgh", "question", "Two", "?q=mil:yes", note="x" * (number % 7 * 2000))
    case = cases.change(case.id, case.version, Draft(str(number), items=[item]))
    print(case.id, case.version, number, flush=True)
    if number % 20 == 0:
        case = cases.add(Draft("0"))
"""


def test_what_was_answered_for_is_there(tmp_path):
    rng = random.Random(3)
    told: dict[str, int] = {}
    for _ in range(rounds(3)):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path / "cases")], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        lines = [child.stdout.readline()]  # it has begun
        time.sleep(rng.uniform(0.02, 0.3))
        child.kill()
        lines += child.stdout.read().splitlines()
        child.wait()
        for line in lines:
            if len(words := line.split()) == 3:
                told[words[0]] = int(words[1])
        cases = CaseStore(tmp_path / "cases")
        kept = {one.id: one for one in cases.every()}
        assert not any(one.is_damaged for one in kept.values())
        for identity, version in told.items():
            case = cases.read(identity)
            assert case.version in (version, version + 1)
            assert len(case.items[0].note) == int(case.title) % 7 * 2000  # title and note are of one change
        assert told
