"""What an unmodified tar1090 page asks of its backend: live data, in the readsb dialect."""

from __future__ import annotations

import json
import time
from collections import deque
from typing import Any

import numpy as np
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.batches import STATUSES, VERDICTS
from skywitness.tracks.picture import Picture
from skywitness.units import NS_PER_S
from skywitness.views.api.bodies import answer, problem
from skywitness.views.api.clients import Clients
from skywitness.views.feeds.aircraft_json import FRESH_NS, is_listed

__all__ = ["Periods", "handlers", "receiver_json", "status_json"]

PERIODS_S = {"last1min": 60, "last5min": 300, "last15min": 900}
SAMPLE_NS = 5 * NS_PER_S

ACCEPTED, REPAIRED = STATUSES.index("accepted"), STATUSES.index("repaired")
BAD, UNKNOWN = STATUSES.index("parity"), STATUSES.index("unknown_address")
CONTRADICTED = VERDICTS.index("contradicted")


class Periods:
    """Counters of the last quarter of an hour, for stats.json."""

    def __init__(self) -> None:
        self.first: Picture | None = None
        self._kept: deque[Picture] = deque(maxlen=max(PERIODS_S.values()) * NS_PER_S // SAMPLE_NS + 2)

    def push(self, picture: Picture) -> None:
        """Take a picture's counters; its table is not kept."""
        if not self._kept or picture.now_ns - self._kept[-1].now_ns >= SAMPLE_NS:
            bare = Picture(
                number=picture.number,
                now_ns=picture.now_ns,
                table=picture.table.slice(0, 0).take(np.zeros(0, np.int64)),
                messages=picture.messages,
                frames=picture.frames,
                statuses=picture.statuses,
                positions=picture.positions,
            )
            self._kept.append(bare)
            self.first = self.first or bare

    def file(self, now: Picture) -> bytes:
        """Write stats.json."""
        with_place = int((now.now_ns - now.table.position_time_ns < FRESH_NS).sum())
        listed = int(is_listed(now.table, now.now_ns).sum())
        out: dict[str, Any] = {
            "now": now.now_ns // 1_000_000 / 1000,
            "aircraft_with_pos": with_place,
            "aircraft_without_pos": listed - with_place,
            "total": period(None, now, (self.first or now).now_ns),
        }
        kept = tuple(self._kept)
        for name, seconds in PERIODS_S.items():
            before = next((p for p in reversed(kept) if now.now_ns - p.now_ns >= seconds * NS_PER_S), None)
            oldest = kept[0] if kept else None
            before = before or oldest
            out[name] = period(before, now, before.now_ns if before else now.now_ns)
        out["latest"] = period(kept[-1] if kept else None, now, kept[-1].now_ns if kept else now.now_ns)
        return json.dumps(out).encode()


def period(before: Picture | None, now: Picture, start_ns: int) -> dict[str, Any]:
    """Return what was counted between two pictures, or up to one."""

    def count(name: str, place: int) -> int:
        late: tuple[int, ...] = getattr(now, name)
        early: tuple[int, ...] = getattr(before, name) if before else ()
        value = late[place] if place < len(late) else 0
        return value - (early[place] if place < len(early) else 0)

    good = [count("statuses", ACCEPTED), count("statuses", REPAIRED)]
    remote = {"modes": now.frames - (before.frames if before else 0), "accepted": good,
              "bad": count("statuses", BAD), "unknown_icao": count("statuses", UNKNOWN)}  # fmt: skip
    placed = sum(count("positions", k) for k in range(len(VERDICTS)))
    rejected = count("positions", CONTRADICTED)
    return {
        "start": start_ns // 100_000_000 / 10,
        "end": now.now_ns // 100_000_000 / 10,
        "messages": now.messages - (before.messages if before else 0),
        "messages_valid": sum(good),
        "position_count_total": placed - rejected,
        "remote": remote,
        "cpr": {"global_ok": placed - rejected, "global_bad": rejected},
        "tracks": {
            "all": len(now.table),
            "single_message": int((now.table.messages == 1).sum()),
        },
    }


def receiver_json(clients: Clients, **more: Any) -> bytes:
    """Write receiver.json: the profile with which the page needs neither tiles nor a database of its own."""
    out: dict[str, Any] = {
        "refresh": 1000,
        "history": 0,
        "version": f"skywitness {clients.node.version}",
        "readsb": True,
        "dbServer": True,
        "haveTraces": True,
        "outlineJson": True,
    } | more
    place = clients.place()
    if place is not None:
        out["lat"], out["lon"] = (round(degrees, 5) for degrees in place)
    return json.dumps(out).encode()


def status_json(clients: Clients, picture: Picture) -> bytes:
    """Write status.json."""
    with_place = int((picture.now_ns - picture.table.position_time_ns < FRESH_NS).sum())
    return json.dumps(
        {
            "now": picture.now_ns // 1_000_000 / 1000,
            "uptime": max(0, time.time_ns() - clients.node.started_ns) // NS_PER_S,
            "messages": picture.messages,
            "aircraft_with_pos": with_place,
            "aircraft_without_pos": int(is_listed(picture.table, picture.now_ns).sum()) - with_place,
            "simulated": picture.simulated,
        }
    ).encode()


def handlers(clients: Clients) -> list[HTTPRouteHandler]:
    """Return the routes under `/data` that have to do with the present."""
    periods = Periods()
    clients.node.hub.listeners.append(periods.push)

    def aircraft(picture: Picture) -> bytes:
        return clients.writer.file(
            picture.table, picture.now_ns, picture.messages, place=clients.place(), is_simulated=picture.simulated
        )

    @get("/data/aircraft.json", include_in_schema=False)
    async def aircraft_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await clients.bodies.give(request, "aircraft.json", aircraft)

    @get("/data/receiver.json", include_in_schema=False, sync_to_thread=False)
    def receiver_file() -> Response[bytes]:
        return answer(receiver_json(clients))

    @get("/data/stats.json", include_in_schema=False)
    async def stats_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await clients.bodies.give(request, "stats.json", periods.file)

    @get(["/data/status.json", "/status.json"], include_in_schema=False)
    async def status_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await clients.bodies.give(request, "status.json", lambda picture: status_json(clients, picture))

    @get("/data/outline.json", include_in_schema=False)
    async def outline_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        def outline(picture: Picture) -> bytes:
            return json.dumps({"actualRange": {"last24h": {"points": clients.outline()}}}).encode()

        return await clients.bodies.give(request, "outline.json", outline)

    @get(["/upintheair.json", "/chunks/chunks.json", "/globeRates.json"], include_in_schema=False, sync_to_thread=False)
    def not_here() -> Response[bytes]:
        raise problem(404, "This node has no such file; the page does without it.")

    return [aircraft_file, receiver_file, stats_file, status_file, outline_file, not_here]
