"""What the operator's page is told of the parts of a running node: storage, ports, keys, alarms."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skywitness.archive.recorder import Recorder
from skywitness.questions.answer import History
from skywitness.sources.listen import Listener
from skywitness.views.api.keys import KeyStore

__all__ = ["operating"]

DAY_S = 86_400.0
LEAST_S = 60.0
"""Rates of a shorter time say nothing."""


def operating(
    directory: Path | None,
    recorder: Recorder | None,
    history: History | None,
    listeners: Sequence[Listener],
    keys: KeyStore,
    started_ns: int,
) -> dict[str, Any]:
    """Return `storage`, `ports`, `keys` and `alarms`; no secret and no exact place is in it."""
    told: dict[str, Any] = {"alarms": [], "storage": None}
    if directory is not None:
        told["storage"] = storage(directory, recorder, history, (time.time_ns() - started_ns) / 1e9)
    if recorder is not None and (words := recorder.alarm()):
        told["alarms"].append(f"Nothing is recorded: {words}")
    told["ports"] = [
        {
            "url": listener.spec.url,
            "port": listener.port,
            "host": listener.spec.host or "127.0.0.1",
            "format": listener.spec.format,
            "feeders": len(listener.feeders),
            "is_encrypted": listener.certificate is not None,
        }
        for listener in listeners
    ]
    now_s = time.time()
    told["keys"] = [
        {
            "id": key.id,
            "name": key.name,
            "scopes": list(key.scopes),
            "station": key.station,
            "is_good": key.is_good(now_s),
        }
        for key in keys.every()
    ]
    return told


def storage(directory: Path, recorder: Recorder | None, history: History | None, up_s: float) -> dict[str, Any]:
    """Return the days that are kept, the room that is left, and what a day takes at the rate since the start."""
    days = history.days() if history is not None else []
    free = shutil.disk_usage(directory).free
    told: dict[str, Any] = {
        "free_bytes": free, "days": len(days),
        "first_day": days[0] if days else None, "last_day": days[-1] if days else None,
        "bytes_a_day": None, "room_days": None, "is_recording": recorder is not None,
    }  # fmt: skip
    if recorder is not None and up_s >= LEAST_S:
        metrics = recorder.metrics()
        written = metrics["skywitness_record_bytes_total"] + metrics.get("skywitness_store_bytes_written_total", 0.0)
        told["bytes_a_day"] = round(written / up_s * DAY_S)
        told["room_days"] = round(free / told["bytes_a_day"], 1) if told["bytes_a_day"] else None
    return told
