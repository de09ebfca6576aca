"""Log lines: their form, what they never hold, and how many there are."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from skywitness.errors import ConfigError
from skywitness.run.logging import MASK, FloodLimit, set_up_logging


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers = list(logging.getLogger().handlers)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


def written(form: str = "text", level: str = "info") -> io.StringIO:
    out = io.StringIO()
    set_up_logging(form, level, stream=out)
    return out


def test_a_line_of_text():
    out = written()
    structlog.get_logger("skywitness.sources").info("source lost", url="tcp://10.0.0.7:30005", after_s=41.25, retry=2)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info    sources: "
        r"source lost url=tcp://10.0.0.7:30005 after_s=41.25 retry=2\n",
        out.getvalue(),
    )


def test_a_line_of_json():
    out = written("json")
    structlog.get_logger("skywitness.core").warning("late", rtt_ms=float("nan"), of=["a", 1])
    line = json.loads(out.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "logger": "skywitness.core", "event": "late", "rtt_ms": None, "of": ["a", 1]}


def test_loggers_made_before_are_set_up_too():
    early = structlog.get_logger("skywitness.early")
    out = written()
    early.info("begun")
    later = written("json")
    early.info("again")
    assert "early: begun" in out.getvalue()
    assert json.loads(later.getvalue())["event"] == "again"


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_written(form: str):
    out = written(form)
    log = structlog.get_logger("skywitness.test")
    log.info(
        "key",
        key="s3cret",
        api_key="s3cret",
        Authorization="s3cret",
        nested={"token": "s3cret", "at": [{"password": "s3cret"}]},
    )
    log.info("url", url="beast+tcp://me:s3cret@10.0.0.7:30005", path="/x?a=1&key=s3cret&b=2", said="Bearer s3cret0123")
    log.info("words with api_key=s3cret in them")
    try:
        raise ValueError("http://me:s3cret@host/")
    except ValueError:
        log.exception("failed")
    assert "s3cret" not in out.getvalue()
    assert out.getvalue().count(MASK) == 11
    assert "10.0.0.7:30005" in out.getvalue()
    assert "a=1" in out.getvalue()


def test_what_only_sounds_like_a_secret_is_kept():
    out = written()
    structlog.get_logger("x").info("made", key_id="k1", monkey="m", keys=3, token_count=4, key=None)
    assert "key_id=k1 monkey=m keys=3 token_count=4 key=null" in out.getvalue()


def test_a_value_cannot_begin_a_line_of_its_own():
    out = written()
    structlog.get_logger("x").info("feeder\n2026 forged", name="a\nb\x1b[2Jc", size="x" * 100_000)
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()
    assert len(out.getvalue()) < 5000


def test_a_traceback_stands_below_its_line():
    out = written()
    try:
        raise KeyError("missing")
    except KeyError:
        structlog.get_logger("x").exception("failed", at=1)
    lines = out.getvalue().splitlines()
    assert " error   x: failed at=1" in lines[0]
    assert all(line.startswith("  ") for line in lines[1:])
    assert lines[-1] == "  KeyError: 'missing'"


def test_the_level_is_the_least_written():
    out = written(level="warning")
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud")
    assert "quiet" not in out.getvalue()
    assert "loud" in out.getvalue()


def test_warnings_of_libraries_are_in_the_same_form():
    out = written("json")
    logging.getLogger("uvicorn.error").warning("port %d is taken", 80)
    logging.getLogger("uvicorn.access").info("GET /")
    line = json.loads(out.getvalue())
    assert line["event"] == "port 80 is taken"
    assert line["logger"] == "uvicorn.error"


def test_a_flood_is_counted_and_told():
    told: list[dict[str, object]] = []
    now = [0.0]
    limit = FloodLimit(lambda event: told.append(dict(event)), 3, lambda: now[0])
    passed = 0
    for _ in range(1000):
        try:
            limit(None, "info", {"logger": "a", "event": "cut"})
            passed += 1
        except structlog.DropEvent:
            pass
    limit(None, "info", {"logger": "a", "event": "another"})
    assert passed == 3
    assert told == []
    now[0] = 61.0
    limit(None, "info", {"logger": "b", "event": "later"})
    assert [(one["event"], one["of"], one["not_shown"]) for one in told] == [("repeated", "cut", 997)]
    limit.flush()
    assert len(told) == 1


def test_any_number_of_different_events_takes_bounded_memory():
    limit = FloodLimit(lambda _: None, 3)
    passed = 0
    for number in range(5000):
        try:
            limit(None, "info", {"event": f"event {number}"})
            passed += 1
        except structlog.DropEvent:
            pass
    assert passed == 1003


def test_a_broken_pipe_does_not_end_the_node():
    out = io.StringIO()
    set_up_logging(stream=out)
    out.close()
    structlog.get_logger("x").info("nobody reads this")


def test_another_form_is_refused():
    with pytest.raises(ConfigError, match="`log` is"):
        set_up_logging("xml")
    with pytest.raises(ConfigError, match="`level` is"):
        set_up_logging("text", "loud")
