"""`/api/v1/operator`: what the node's operator is told and nobody else."""

from __future__ import annotations

import math
import time
from typing import Any

from skywitness.coverage.report import ReceiverReport
from skywitness.units import NS_PER_S
from skywitness.views.api.keys import Key
from skywitness.views.api.security import Problem, is_loopback
from skywitness.views.api.tables import receiver_rows
from skywitness.views.node import Node

__all__ = ["check_operator", "told_to_operator"]

Json = dict[str, Any]

FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")
"""What proxies add: behind one on this computer, everybody seems to be on it."""


def check_operator(scope: Any, *, is_public: bool) -> None:
    """Let the operator pass: by a key of the scope `admin`, or on this computer if nobody else may ask the node.

    Raises Problem 403.
    """
    key: Key | None = scope.get("state", {}).get("key")
    if key is not None and "admin" in key.scopes:
        return
    client = scope.get("client")
    is_here = client is not None and is_loopback(client[0])
    is_forwarded = any(name.lower() in FORWARDED for name, _ in scope["headers"])
    if key is None and is_here and not is_forwarded and not is_public:
        return
    raise Problem(403, "This is for the node's operator: on the node's own computer, or with a key of scope admin.")


def told_to_operator(node: Node, now_ns: int) -> Json:
    """Return receivers with their exact places and reach, storage, ports, keys without secrets, and alarms."""
    reports = node.receivers()
    rows = receiver_rows(reports, node.privacy, now_ns, exact=True).dicts()
    for row, report in zip(rows, reports, strict=True):
        row |= more_of(report)
    told = dict(node.operating())
    alarms = [
        *told.pop("alarms", []),
        *(words for report, row in zip(reports, rows, strict=True) if (words := alarm(report, row))),
    ]
    up_s = round((time.time_ns() - node.started_ns) / NS_PER_S, 1)
    return {"receivers": rows, "alarms": alarms, "uptime_s": up_s, **told}


def more_of(report: ReceiverReport) -> Json:
    """What a receiver's row has for the operator alone."""
    heard = report.unique + report.shared
    return {
        "url": report.url,
        "range_nmi": [round(reach, 1) for reach in report.range_nmi],
        "range_ft": [None if math.isnan(ft) else round(ft) for ft in report.range_ft],
        "unique_share": round(report.unique / heard, 4) if heard else None,
        "rejected_by": dict(report.rejected),
    }


def alarm(report: ReceiverReport, row: Json) -> str:
    """What is wrong with a receiver, in a sentence; empty if nothing is."""
    name, why = report.receiver.name, f": {report.last_error}" if report.last_error else ""
    return {
        "lost": f"{name} is not connected{why}.",
        "silent": f"{name} is connected but silent{why}.",
        "quarantined": f"{name} stamps its frames with a wrong time; they are kept as untimed{why}.",
    }.get(row["health"], "")
