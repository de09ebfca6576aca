"""The documentation builds, its links lead somewhere, and nothing is left undescribed."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import skywitness
from skywitness import batches, cli

pytest.importorskip("mdit_py_plugins")

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_build"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_what_the_tracker_finds():
    spec = importlib.util.spec_from_file_location("docs_picture", DOCS / "picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn = module.picture(skywitness.track("demo", rejected=True))
    assert drawn == (DOCS / "demo.svg").read_text(encoding="utf-8"), "run: python docs/picture.py"


def test_the_numbers_told_of_the_demonstration_are_true(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["track", "demo"]) == 0
    printed = {line for line in capsys.readouterr().out.splitlines() if re.match(r"[\d,]+ (frames|aircraft)", line)}
    assert len(printed) == 2
    for name in ("first-steps", "positions"):
        assert printed <= set((DOCS / "guide" / f"{name}.md").read_text().splitlines()), name


def test_the_site_builds(builder: ModuleType, tmp_path: Path):
    pages = builder.build(tmp_path / "site")
    written = {str(file.relative_to(tmp_path / "site").with_suffix("")) for file in tmp_path.rglob("*.html")}
    assert {page.path for page in pages} == written
    for file in tmp_path.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="([^"]*)"', file.read_text())
        assert all(not re.match(r"[a-z]+:|//", address) for address in loaded), "a page loads from elsewhere"


def test_a_broken_link_is_found(builder: ModuleType):
    page = builder.Page(
        "guide/x", "", "X", '<a href="../index.html"></a><a href="nowhere.html#y"></a><a href="#z"></a>'
    )
    index = builder.Page("index", "", "I", "")
    assert builder.broken_links([page, index]) == ["guide/x: nowhere.html#y", "guide/x: #z"]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_is_described_with_an_example(name: str):
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", (DOCS / "guide" / "commands.md").read_text(), re.M | re.S)
    assert section is not None
    assert f"\nskywitness {name} " in section[1]


@pytest.mark.parametrize("batch", [batches.Frames, batches.Messages, batches.Positions])
def test_each_column_is_described(batch: type[batches.Batch], builder: ModuleType):
    page = builder.columns_page()
    for field in dataclasses.fields(batch):
        assert len(field.metadata["doc"]) > 3
        assert f"| `{field.name}` |" in page


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_four_parts(path: Path):
    text = path.read_text()
    assert re.match(r"\d{4}-[a-z0-9-]+\.md$", path.name)
    assert text.startswith(f"# {path.name[:4]} ")
    assert re.findall(r"^## (.+)$", text, re.M) == [
        "Context", "Choice", "Consequences", "What would change our mind"
    ]  # fmt: skip


def test_decisions_are_numbered_once():
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(set(numbers)) == len(numbers)


def test_links_between_the_first_pages_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#]+)", (ROOT / name).read_text()):
            assert target.startswith("https://") or (ROOT / target).exists(), f"{name}: {target}"


def test_no_variable_of_the_environment_is_a_secret():
    """Each SKYWITNESS_ variable that the program reads is described."""
    read = set()
    for path in (ROOT / "src").rglob("*.py"):
        read |= set(re.findall(r'environ[^\n]*"(SKYWITNESS_\w+)"', path.read_text()))
    told = "".join(page.read_text() for page in DOCS.rglob("*.md"))
    assert read
    assert [name for name in sorted(read) if name not in told] == []
