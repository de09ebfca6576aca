"""/metrics as Prometheus reads it; with ?compat=readsb under the names that boards for readsb know."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.batches import STATUSES, VERDICTS
from skywitness.units import NMI_M, NS_PER_S
from skywitness.views.api.parameters import Parameter, parse_query
from skywitness.views.api.security import Gate, Problem
from skywitness.views.feeds.aircraft_json import FRESH_NS, KEPT_NS, TYPES, types
from skywitness.views.node import Node

__all__ = ["compatible", "handlers", "own_metrics", "text"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})?', re.ASCII)

HELP = {
    "skywitness_info": "Version, as a label.",
    "skywitness_uptime_seconds": "Since the start.",
    "skywitness_now_seconds": "Time of the picture; a replay's own in replay.",
    "skywitness_aircraft": "Aircraft heard in the last 30 minutes.",
    "skywitness_aircraft_with_position": "Those placed in the last minute.",
    "skywitness_messages_total": "Good messages.",
    "skywitness_frames_total": "Frames, by what became of them.",
    "skywitness_positions_total": "Positions at first sight, by verdict.",
    "skywitness_receiver_connected": "1 while it is here.",
    "skywitness_receiver_frames_total": "Frames by receiver and result.",
    "skywitness_receiver_bytes_total": "Bytes by receiver.",
    "skywitness_receiver_unique_total": "Transmissions that only it heard.",
    "skywitness_receiver_frames_per_second": "Mean of the last minute.",
    "skywitness_receiver_watermark_sequence": "Receptions up to this one survive a loss of power.",
    "skywitness_http_requests_total": "Answers by status.",
    "skywitness_http_refused_total": "Requests refused at the gate, by reason.",
    "skywitness_http_cut_total": "Connections closed because nothing was asked or read on them, by reason.",
    "skywitness_http_open": "Requests and sockets open now.",
    "skywitness_http_websockets_total": "Sockets let in.",
}


def label(value: str) -> str:
    """A label's value, escaped."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def own_metrics(node: Node) -> dict[str, float]:
    """What the picture and the receivers say."""
    now = time.time()
    out: dict[str, float] = {
        f'skywitness_info{{version="{label(node.version)}"}}': 1.0,
        "skywitness_uptime_seconds": max(0.0, now - node.started_ns / NS_PER_S),
    }
    picture = node.hub.latest
    if picture is not None:
        table = picture.table
        placed = (picture.now_ns - table.position_time_ns < FRESH_NS) & ~np.isnan(table.lat_deg)
        out["skywitness_now_seconds"] = picture.now_ns / NS_PER_S
        out["skywitness_aircraft"] = float(len(table))
        out["skywitness_aircraft_with_position"] = float(placed.sum())
        out["skywitness_messages_total"] = float(picture.messages)
        for status, count in zip(STATUSES, picture.statuses, strict=False):
            out[f'skywitness_frames_total{{result="{status}"}}'] = float(count)
        for verdict, count in zip(VERDICTS, picture.positions, strict=False):
            out[f'skywitness_positions_total{{verdict="{verdict}"}}'] = float(count)
    for report in node.receivers():
        name = f'receiver="{label(report.receiver.name)}"'
        out[f"skywitness_receiver_connected{{{name}}}"] = float(report.connected)
        out[f'skywitness_receiver_frames_total{{{name},result="accepted"}}'] = float(report.accepted)
        for reason, count in sorted(report.rejected.items()):
            out[f'skywitness_receiver_frames_total{{{name},result="{label(reason)}"}}'] = float(count)
        out[f"skywitness_receiver_bytes_total{{{name}}}"] = float(report.bytes_in)
        out[f"skywitness_receiver_unique_total{{{name}}}"] = float(report.unique)
        out[f"skywitness_receiver_frames_per_second{{{name}}}"] = report.rate_frames_s
        if report.watermark is not None:
            out[f"skywitness_receiver_watermark_sequence{{{name}}}"] = float(report.watermark.sequence)
    return out


def text(samples: Mapping[str, float]) -> str:
    """Samples by full name as text; those whose name Prometheus would not take are left out."""
    families: dict[str, list[str]] = {}
    for full, value in samples.items():
        found = SAMPLE.fullmatch(full)
        if found:
            families.setdefault(found[1], []).append(f"{full} {number(value)}\n")
    lines = []
    for name, rows in families.items():
        if name in HELP:
            lines.append(f"# HELP {name} {HELP[name]}\n")
        lines.append(
            f"# TYPE {name} {'counter' if name.endswith('_total') and not name.startswith('readsb_') else 'gauge'}\n"
        )
        lines.extend(rows)
    return "".join(lines)


def number(value: float) -> str:
    """A sample's value."""
    if value != value:
        return "NaN"
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def compatible(node: Node) -> dict[str, float]:
    """The same under the names of readsb's text file, as far as there is the same thing to count."""
    out: dict[str, float] = {"readsb_uptime": max(0.0, (time.time() - node.started_ns / NS_PER_S) * 1000)}
    reports = list(node.receivers())
    out["readsb_network_bytes_in"] = float(sum(report.bytes_in for report in reports))
    for report in reports:
        host = f'host="{label(report.receiver.name)}",port="0"'
        out[f"readsb_net_connector_status{{{host}}}"] = float(report.connected)
    picture = node.hub.latest
    if picture is None:
        return out
    table, now_ns = picture.table, picture.now_ns
    out["readsb_now"] = now_ns / NS_PER_S * 1000
    present = now_ns - table.seen_time_ns < FRESH_NS
    placed = present & (now_ns - table.position_time_ns < FRESH_NS) & ~np.isnan(table.lat_deg)
    out["readsb_aircraft_total"] = float(present.sum())
    out["readsb_aircraft_with_position"] = float(placed.sum())
    out["readsb_aircraft_without_position"] = float((present & ~placed).sum())
    kind = types(table, placed, now_ns - table.quality_time_ns < KEPT_NS)
    for code, word in enumerate(TYPES):
        out[f"readsb_aircraft_{word}"] = out.get(f"readsb_aircraft_{word}", 0.0) + float(
            (present & (kind == code)).sum()
        )
    for version, word in enumerate(("zero", "one", "two")):
        out[f"readsb_aircraft_adsb_version_{word}"] = float((present & (table.version == version)).sum())
    said = present & (now_ns - table.emergency_time_ns < KEPT_NS) & (table.emergency > 0) & (table.emergency < 8)
    out["readsb_aircraft_emergency"] = float(said.sum())
    named = present & (table.callsign != 0)
    out["readsb_aircraft_with_flight_number"] = float(named.sum())
    out["readsb_aircraft_without_flight_number"] = float((present & ~named).sum())
    levels = table.signal_dbfs[present & ~np.isnan(table.signal_dbfs)].astype(np.float64)
    if len(levels):
        out["readsb_aircraft_rssi_average"] = round(float(levels.mean()), 2)
        parts = np.quantile(levels, (0.0, 0.25, 0.5, 0.75, 1.0))
        for word, value in zip(("min", "quart1", "median", "quart3", "max"), parts.tolist(), strict=True):
            out[f"readsb_aircraft_rssi_{word}"] = round(value, 2)
    # About the public place, like every distance that leaves.
    reach, _ = node.privacy.distance(table.lat_deg[placed], table.lon_deg[placed])
    reach = reach[~np.isnan(reach)]
    if len(reach):
        out["readsb_distance_max"] = round(float(reach.max()) * NMI_M)
        out["readsb_distance_min"] = round(float(reach.min()) * NMI_M)
    by = dict(zip(STATUSES, picture.statuses, strict=False))
    out["readsb_messages_valid"] = float(picture.messages)
    out["readsb_messages_invalid"] = float(picture.frames - picture.messages)
    out["readsb_messages_modes_valid"] = float(by.get("accepted", 0))
    out["readsb_messages_modes_valid_fixed_bit"] = float(by.get("repaired", 0))
    out["readsb_messages_modes_invalid_bad"] = float(by.get("parity", 0) + by.get("all_zero", 0))
    out["readsb_messages_modes_invalid_unknown_icao"] = float(by.get("unknown_address", 0))
    verdicts = dict(zip(VERDICTS, picture.positions, strict=False))
    good = sum(count for word, count in verdicts.items() if word != "contradicted")
    out["readsb_position_count_total"] = float(good)
    out["readsb_position_count_garbage"] = float(verdicts.get("contradicted", 0))
    return out


COMPAT = Parameter("compat", "", str, {})


def handlers(node: Node, gate: Gate | None = None) -> list[HTTPRouteHandler]:
    """Route handlers of /metrics, /healthz and /readyz."""

    @get("/metrics", include_in_schema=False, sync_to_thread=True)
    def metrics(request: Request[Any, Any, Any]) -> Response[str]:
        given = parse_query([COMPAT], request.scope["query_string"], {})
        if given["compat"] not in (None, "readsb"):
            raise Problem(400, "`compat` may be readsb.")
        if given["compat"]:
            return Response(text(compatible(node)), media_type=CONTENT_TYPE)
        parts = node.metrics()
        # A part that counts the same more finely is believed alone: one family may not add up to twice the truth.
        finer = {name.partition("{")[0] for name in parts}
        own = own_metrics(node)
        samples = {name: value for name, value in own.items() if name.partition("{")[0] not in finer} | parts
        if gate is not None:
            samples.update(gate.metrics())
        return Response(text(samples), media_type=CONTENT_TYPE)

    @get("/healthz", include_in_schema=False, sync_to_thread=False)
    def healthz() -> Response[str]:
        return Response("ok\n", media_type="text/plain")

    @get("/readyz", include_in_schema=False, sync_to_thread=False)
    def readyz() -> Response[str]:
        if node.hub.latest is None:
            raise Problem(503, "There is no picture yet: the node has just started.", retry_after="1")
        return Response("ready\n", media_type="text/plain")

    return [metrics, healthz, readyz]
