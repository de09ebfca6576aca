"""Cases on the disk: versions, bounds, damage, deletion, and nothing half written."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywitness.errors import FormatError
from skywitness.views.cases import store as kept
from skywitness.views.cases.case import MOST_BYTES, Case, Draft, Item, read
from skywitness.views.cases.store import CaseStore, ChangedError, FullError, MissingError

PICTURE = b"\x89PNG\r\n\x1a\n and more"
ITEM = Item("abcdefgh", "question", "Two to Caracas", "?q=mil:yes", question="mil:yes", note="<b>look</b>")
DAY_S = 86_400.0


@pytest.fixture
def cases(tmp_path):
    return CaseStore(tmp_path / "cases")


def test_a_case_is_kept_changed_and_read_by_another(cases):
    first = cases.add(Draft("Caracas", items=[ITEM]), now_s=0.0)
    assert first.version == 1
    assert first.created == first.changed == "1970-01-01T00:00:00.000Z"
    second = cases.change(first.id, 1, Draft("Caracas", "A note.", [ITEM]), now_s=60.0)
    assert (second.version, second.created, second.changed) == (2, first.created, "1970-01-01T00:01:00.000Z")
    assert CaseStore(cases.directory).read(first.id) == second
    assert [one.title for one in cases.every()] == ["Caracas"]
    assert not list(cases.directory.glob(".*"))


def test_who_changes_an_older_one_is_told(cases):
    case = cases.add(Draft("one"))
    cases.change(case.id, 1, Draft("two"))
    with pytest.raises(ChangedError) as told:
        cases.change(case.id, 1, Draft("three"))
    assert told.value.case.title == "two"
    with pytest.raises(ChangedError):
        cases.add(Draft("four", id=case.id))
    assert cases.read(case.id).title == "two"


def test_a_deleted_one_is_had_back_for_thirty_days(cases):
    now_s = time.time()
    case = cases.add(Draft("one"))
    gone = cases.delete(case.id, now_s=now_s - 29 * DAY_S)
    assert gone.deleted
    with pytest.raises(ChangedError):
        cases.change(case.id, gone.version, Draft("two"))
    assert cases.forget_deleted(now_s) == 0
    assert cases.restore(case.id).deleted == ""
    cases.delete(case.id, now_s=now_s - 31 * DAY_S)
    assert cases.forget_deleted(now_s) == 1
    with pytest.raises(MissingError):
        cases.read(case.id)


def test_a_damaged_one_is_left_alone_and_shown(cases):
    case = cases.add(Draft("one"))
    path = cases.directory / f"{case.id}.json"
    path.write_bytes(path.read_bytes()[:-40])
    assert [one.is_damaged for one in cases.every()] == [True]
    with pytest.raises(FormatError):
        cases.read(case.id)
    assert path.exists()
    other = cases.directory / "aaaaaaaaaaaa.json"
    other.write_bytes(msgspec.json.encode(cases.add(Draft("two"))))
    with pytest.raises(FormatError, match="another"):
        cases.read("aaaaaaaaaaaa")


def test_pictures_are_known_by_their_hash_and_forgotten_with_their_case(cases):
    name = cases.add_picture(PICTURE)
    assert name == hashlib.sha256(PICTURE).hexdigest()
    assert cases.add_picture(PICTURE) == name
    assert cases.picture(name) == PICTURE
    case = cases.add(Draft("one", items=[msgspec.structs.replace(ITEM, picture=name)]))
    path = cases.directory / "pictures" / f"{name}.png"
    os.utime(path, (0, 0))
    cases.delete(case.id, now_s=0.0)
    assert path.exists()
    cases.forget_deleted()
    assert not path.exists()
    for wrong in (b"GIF89a", PICTURE + bytes(kept.PICTURE_BYTES)):
        with pytest.raises(FormatError):
            cases.add_picture(wrong)
    (cases.directory / "outside.png").write_bytes(PICTURE)
    for name in ("0" * 64, "../outside", "x"):
        with pytest.raises(MissingError):
            cases.picture(name)


def test_nothing_grows_without_bound(cases, monkeypatch):
    monkeypatch.setattr(kept, "MOST_CASES", 2)
    cases.add(Draft("one"))
    cases.add(Draft("two"))
    with pytest.raises(FullError):
        cases.add(Draft("three"))
    long = [msgspec.structs.replace(ITEM, id=f"{n:08d}", note="x" * 20_000) for n in range(MOST_BYTES // 20_000 + 1)]
    with pytest.raises(FullError):
        cases.change(cases.every()[0].id, 1, Draft("long", items=long))


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a/b", "ABCDEFGHIJ", "x" * 40, "abc\x00defgh"])
def test_a_name_is_no_path(cases, name):
    with pytest.raises(MissingError):
        cases.read(name)


@pytest.mark.parametrize(
    "change",
    [
        {"link": "https://elsewhere.example/"}, {"link": "javascript:alert(1)"}, {"link": "//elsewhere.example"},
        {"link": "?q=a\nb"}, {"kind": "film"}, {"id": "../x"}, {"rows": -1}, {"picture": "zz"}, {"added": "yesterday"},
        {"more": 1}, {"note": "x" * 30_000}, {"content_hash": "0" * 63},
    ],
)  # fmt: skip
def test_what_is_no_item_is_refused(change):
    item = json.loads(msgspec.json.encode(ITEM)) | change
    with pytest.raises(FormatError):
        read(json.dumps({"title": "one", "items": [item]}).encode(), Draft)
    with pytest.raises(FormatError, match="same id"):
        read(msgspec.json.encode(Draft("one", items=[ITEM, ITEM])), Draft)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_bytes_are_a_case_or_refused(data):
    for kind in (Draft, Case):
        with contextlib.suppress(FormatError):
            read(data if isinstance(data, bytes) else data.encode(), kind)
