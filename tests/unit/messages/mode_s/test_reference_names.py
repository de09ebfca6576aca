"""The generated pages are up to date, and every name in them is one."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from skywitness.batches import Positions
from skywitness.messages.mode_s.catalogue import FIELD_NAMES
from skywitness.messages.mode_s.reference_names import NAMES, messages_page, names_page

DOCS = Path(__file__).parents[4] / "docs"
ENVELOPE = {"time", "frame", "icao24", "address_kind", "df", "typecode", "bds", "signal_dbfs", "receiver"}


@pytest.mark.parametrize("name", ["messages.md", "names.md"])
def test_the_page_is_up_to_date(name: str):
    make = runpy.run_path(str(DOCS / "generate.py"))["PAGES"][name]
    assert (DOCS / "reference" / name).read_text() == make(), "run `python docs/generate.py`"


def test_every_name_exists():
    for name in NAMES:
        assert not name.message or name.message in FIELD_NAMES | ENVELOPE, name
        assert not name.positions or name.positions in Positions.names(), name
    messages = [name.message for name in NAMES if name.message]
    assert len(messages) == len(set(messages))


def test_every_expected_name_is_on_the_pages(data_dir: Path):
    pages = names_page() + messages_page()
    for line in (data_dir / "decode" / "agreed_two_decoders.jsonl").read_text().splitlines():
        for name in json.loads(line)["expect"]:
            assert f"`{name}`" in pages, name
