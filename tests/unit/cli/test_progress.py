"""A bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import io

import pytest

from skywitness.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("total", [None, 100])
def test_a_terminal_sees_the_label(total: int | None, monkeypatch: pytest.MonkeyPatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress(total, "reading a.beast") as bar:
        bar.advance(60)
        bar.describe("reading b.beast")
    assert "reading b.beast" in terminal.getvalue()


def test_a_file_sees_nothing(monkeypatch: pytest.MonkeyPatch):
    elsewhere = io.StringIO()
    monkeypatch.setattr("sys.stderr", elsewhere)
    with progress(None, "reading") as bar:
        bar.advance(1)
        bar.describe("still")
    assert elsewhere.getvalue() == ""
