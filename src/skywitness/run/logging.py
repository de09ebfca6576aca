"""Log lines: one event a line on standard error, UTC, `key=value` or JSON, without secrets and without floods."""

from __future__ import annotations

import atexit
import json
import logging
import math
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog

from skywitness.errors import ConfigError

__all__ = ["FORMS", "LEVELS", "MASK", "FloodLimit", "as_json", "as_text", "masked", "set_up_logging"]

Event = MutableMapping[str, Any]

FORMS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
MASK = "***"

SECRETS = frozenset({"key", "token", "secret", "password", "passwd", "passphrase", "authorization", "cookie", "apikey"})
PUBLIC = frozenset({"id", "name", "file", "count", "kind"})
"""A secret's name that ends so is of something beside it: `key_id`, `token_count`."""
IN_ADDRESS = re.compile(r"(?<=://)[^/\s@]+@")
IN_QUERY = re.compile(r"(?i)(?<![a-z])((?:api_?key|key|token|secret|password|passwd)=)[^&\s\"',;]+")
BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
DEEPEST = 6

EVENTS_PER_MINUTE = 30
WINDOW_S = 60.0
MOST_EVENTS = 1000
"""Different events watched at a time; what comes beyond is counted together."""
PLAIN = re.compile(r"[!-~]+")
LONGEST = 2000
"""Characters of a value: what a peer sends must not fill the disk through the log."""


def set_up_logging(
    form: str = "text", level: str = "info", *, stream: TextIO | None = None, per_minute: int = EVENTS_PER_MINUTE
) -> FloodLimit:
    """Have all events written, those of other libraries too (warnings and worse).

    form        one of FORMS
    level       the least that is written, one of LEVELS
    stream      where to; standard error as it is at the time of each event if not given
    per_minute  of one event; more of it are counted, and told in one line when the minute is over

    Return the limiter: its `flush` tells what was counted, and is called at the program's end. Raises ConfigError.
    """
    if form not in FORMS or level not in LEVELS:
        wrong, words = ("log", FORMS) if form not in FORMS else ("level", LEVELS)
        raise ConfigError(f"`{wrong}` is {form if wrong == 'log' else level!r}, not one of {', '.join(words)}")
    render = as_json if form == "json" else as_text

    def write(event: Event) -> None:
        try:
            target = stream if stream is not None else sys.stderr
            target.write(render(event) + "\n")
            target.flush()
        except (OSError, ValueError):  # nobody reads it any more: the node goes on
            pass

    def last(_: Any, __: str, event: Event) -> str:
        write(event)
        raise structlog.DropEvent

    limit = FloodLimit(write, per_minute)
    structlog.configure(
        processors=[_stamped, limit, masked, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Named,
        cache_logger_on_first_use=False,  # loggers are made on import, before this is called
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _FromLibraries)]:
        root.removeHandler(handler)
    root.addHandler(_FromLibraries(logging.WARNING))
    atexit.register(limit.flush)
    return limit


class FloodLimit:
    """A processor that lets an event pass so many times a minute, counts the rest, and tells the count.

    An event is the same if its logger and its words are: values do not count, for a peer chooses them.
    """

    def __init__(
        self, write: Callable[[Event], None], per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.write = write
        self.per_minute = per_minute
        self.clock = clock
        self._lock = threading.Lock()
        self._met: dict[tuple[str, str], list[float]] = {}  # when its minute began, how many times since
        self._swept_s = clock()

    def __call__(self, _: Any, __: str, event: Event) -> Event:
        """Return the event, or raise DropEvent."""
        now = self.clock()
        key = str(event.get("logger", "")), str(event.get("event", ""))
        ended: list[Event] = []
        with self._lock:
            if now - self._swept_s >= WINDOW_S / 4:
                self._swept_s = now
                ended = self._ended(now)
            if key not in self._met and len(self._met) >= MOST_EVENTS:
                key = "", "other events"
            met = self._met.setdefault(key, [now, 0])
            if now - met[0] >= WINDOW_S:
                ended += [_counted(key, met, self.per_minute)] if met[1] > self.per_minute else []
                met[:] = [now, 0]
            met[1] += 1
            passes = met[1] <= self.per_minute
        for one in ended:
            self.write(one)
        if not passes:
            raise structlog.DropEvent
        return event

    def flush(self) -> None:
        """Tell what has been counted until now."""
        with self._lock:
            ended = self._ended(math.inf)
        for one in ended:
            self.write(one)

    def _ended(self, now: float) -> list[Event]:
        """Forget the events whose minute is over; return a line for each that was limited."""
        over = [key for key, met in self._met.items() if now - met[0] >= WINDOW_S]
        gone = [(key, self._met.pop(key)) for key in over]
        return [_counted(key, met, self.per_minute) for key, met in gone if met[1] > self.per_minute]


def _counted(key: tuple[str, str], met: list[float], per_minute: int) -> Event:
    event = {"event": "repeated", "logger": key[0], "of": key[1], "not_shown": int(met[1]) - per_minute}
    return _stamped(None, "warning", event)


def masked(_: Any, __: str, event: Event) -> Event:
    """Replace what looks like a secret: by the key's name, in addresses, in queries."""
    return {key: _masked(key, value, 0) for key, value in event.items()}


def _masked(name: str, value: Any, depth: int) -> Any:
    words = name.lower().replace("-", "_").split("_")
    if SECRETS & set(words) and words[-1] not in PUBLIC and value not in (None, "", 0, True, False):
        return MASK
    if isinstance(value, str):
        return BEARER.sub(rf"\1 {MASK}", IN_QUERY.sub(rf"\1{MASK}", IN_ADDRESS.sub(f"{MASK}@", value)))
    if depth >= DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): _masked(str(key), one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", one, depth + 1) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, int | float | bool | None) else _masked("", str(value), depth)


def as_text(event: Mapping[str, Any]) -> str:
    """Write `time level logger: event key=value ...`, and the lines of a traceback indented below."""
    rest = {key: value for key, value in event.items() if key not in ("time", "level", "logger", "event", "exception")}
    logger = str(event.get("logger", "")).removeprefix("skywitness.")
    line = f"{event.get('time', '')} {event.get('level', ''):7} {f'{logger}: ' if logger else ''}"
    line += _one_line(str(event.get("event", "")))
    line += "".join(f" {key}={_value(value)}" for key, value in rest.items())
    if exception := event.get("exception"):
        line += "".join(f"\n  {_one_line(part)}" for part in str(exception).splitlines())
    return line


def as_json(event: Mapping[str, Any]) -> str:
    """Write one object: time, level, logger, event, then the event's own keys."""
    return json.dumps({key: _plain(value) for key, value in event.items()}, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value if len(value) <= LONGEST * 10 else value[: LONGEST * 10] + "..."
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    if len(text) > LONGEST:
        text = text[:LONGEST] + "..."
    if isinstance(value, str) and (not PLAIN.fullmatch(text) or '"' in text or "=" in text[:1]):
        return json.dumps(text)  # line ends and control characters are written as escapes
    return text


def _one_line(text: str) -> str:
    """Text without what could begin another line or move the cursor."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[:LONGEST])


def _stamped(logger: Any, method: str, event: Event) -> Event:
    """Put time, level and logger first; turn `exc_info` into the text of the traceback."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"time": now, "level": "error" if method == "exception" else method}
    name = event.pop("logger", "") or getattr(logger, "name", "")
    if name:
        head["logger"] = name
    head["event"] = event.pop("event", "")
    error = event.pop("exc_info", None)
    if error:
        found = sys.exc_info()[1] if error is True else error[1] if isinstance(error, tuple) else error
        if isinstance(found, BaseException):
            event["exception"] = "".join(traceback.format_exception(found)).rstrip()
    return {**head, **event}


class _Named:
    """What structlog asks to write: it only knows its name, the last processor has written already."""

    def __init__(self, name: str = "", *_: Any) -> None:
        self.name = name

    def msg(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    debug = info = warning = error = critical = exception = msg


class _FromLibraries(logging.Handler):
    """Brings what libraries log into the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one record on."""
        try:
            level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.ERROR)
            name = logging.getLevelName(level).lower()
            more = {"exc_info": record.exc_info} if record.exc_info else {}
            getattr(structlog.get_logger(record.name), name)(record.getMessage(), **more)
        except Exception:  # a message that cannot be formatted is no reason to fail
            self.handleError(record)
