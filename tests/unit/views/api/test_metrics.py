"""/metrics, as Prometheus' own parser reads it."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from skywitness.views.api.app import create_app
from skywitness.views.api.metrics import text
from skywitness.views.api.security import ApiSettings
from tests.fake_node import PLACE, node_with, receiver_at, report_of, served


def samples(body: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples by name and labels."""
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(body)
        for s in family.samples
    }


def test_prometheus_reads_all_of_it():
    node = node_with(50)
    name = 'roof "two"\\\n'
    node.receivers = lambda: [report_of(receiver_at(PLACE, name))]
    node.metrics = lambda: {'skywitness_dropped_total{reason="slow"}': 3.0, "skywitness_ratio": 0.25, "bad name": 1.0,
                            'skywitness_messages_total{result="accepted"}': 7.0}  # fmt: skip

    async def scenario(client: Any) -> None:
        response = await client.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        found = samples(response.text)
        assert found["skywitness_aircraft", ()] == 50
        assert found["skywitness_frames_total", (("result", "parity"),)] == 100
        assert found["skywitness_receiver_frames_total", (("receiver", name), ("result", "accepted"))] == 90
        assert found["skywitness_receiver_watermark_sequence", (("receiver", name),)] == 99
        assert found["skywitness_dropped_total", (("reason", "slow"),)] == 3
        assert found["skywitness_ratio", ()] == 0.25
        assert found["skywitness_messages_total", (("result", "accepted"),)] == 7
        assert ("skywitness_messages_total", ()) not in found
        assert not any("bad" in key for key, _ in found)
        await client.get("/nothing")
        again = samples((await client.get("/metrics")).text)
        assert again["skywitness_http_requests_total", (("status", "404"),)] == 1

    served(create_app(node, ApiSettings()), scenario)


def test_boards_for_readsb_find_their_names():
    node = node_with(50)

    async def scenario(client: Any) -> None:
        found = samples((await client.get("/metrics?compat=readsb")).text)
        assert found["readsb_aircraft_total", ()] == 50
        assert found["readsb_aircraft_with_position", ()] + found["readsb_aircraft_without_position", ()] == 50
        assert found["readsb_messages_valid", ()] == 1000
        assert found["readsb_aircraft_adsb_icao", ()] == 49
        assert found["readsb_aircraft_adsb_other", ()] == 1
        assert found["readsb_aircraft_rssi_median", ()] == -20
        assert 0 < found["readsb_distance_min", ()] < found["readsb_distance_max", ()] < 400_000
        assert all(key.startswith("readsb_") for key, _ in found)
        assert (await client.get("/metrics?compat=other")).status_code == 400

    served(create_app(node, ApiSettings()), scenario)


def test_levels_stay_inside_a_public_node():
    async def scenario(client: Any) -> None:
        assert "rssi" not in (await client.get("/metrics?compat=readsb")).text

    served(create_app(node_with(50, is_public=True), ApiSettings()), scenario)


def test_strange_values():
    assert text({"skywitness_a": float("nan"), "skywitness_b": 1e300, "skywitness_c": float("inf")}).count("\n") == 6
    list(text_string_to_metric_families(text({"skywitness_a": float("nan"), "skywitness_c": float("inf")})))
