"""What all tests share: where the recordings are, and which skips are allowed."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# Examples are the same in every run, so that a failure is one everywhere; `few` is for kernels as plain Python.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("few", derandomize=True, deadline=None, max_examples=10)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

ROOT = Path(__file__).parents[1]
ALLOWED_SKIPS = ROOT / "tests" / "allowed_skips.txt"


def shared_data() -> Path | None:
    """Directory of the recordings and truths, or None where there is none."""
    for candidate in (os.environ.get("SKYWITNESS_TEST_DATA"), ROOT.parent / "shared" / "data"):
        if candidate and Path(candidate).is_dir():
            return Path(candidate)
    return None


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The directory of recordings; a test that asks for it is skipped where there is none."""
    found = shared_data()
    if found is None:
        pytest.skip("no recordings: neither ../shared/data nor SKYWITNESS_TEST_DATA exists")
    return found


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Under SKYWITNESS_STRICT=1 a skip fails unless its test is listed in allowed_skips.txt."""
    outcome = yield
    report = outcome.get_result()
    if os.environ.get("SKYWITNESS_STRICT") != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return
    allowed = {line.split("#")[0].strip() for line in ALLOWED_SKIPS.read_text().splitlines()}
    if item.nodeid not in allowed:
        report.outcome = "failed"
        report.longrepr = f"skipped under SKYWITNESS_STRICT=1 and not in {ALLOWED_SKIPS.name}: {report.longrepr}"


def pytest_terminal_summary(terminalreporter):
    """Print the number of skips, also when there is none."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    strict = "one not listed there fails" if os.environ.get("SKYWITNESS_STRICT") == "1" else "not strict"
    allowed = sum(bool(line.split("#")[0].strip()) for line in ALLOWED_SKIPS.read_text().splitlines())
    terminalreporter.write_line(f"skips: {skipped}; allowed in {ALLOWED_SKIPS.name}: {allowed} ({strict})")
