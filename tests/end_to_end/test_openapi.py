"""Our interface is what its description says: schemathesis makes up requests from it, good and bad ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import hypothesis
import pytest

schemathesis = pytest.importorskip("schemathesis")

from skywitness.batches import Positions  # noqa: E402
from skywitness.views.api.app import create_app  # noqa: E402
from skywitness.views.api.endpoints import ENDPOINTS  # noqa: E402
from skywitness.views.api.openapi import document  # noqa: E402
from skywitness.views.api.security import ApiSettings  # noqa: E402
from skywitness.views.api.server import serve_app  # noqa: E402
from skywitness.views.api.tables import Latest  # noqa: E402
from tests.fake_node import NOW_NS, node_with, output_of, positions_for  # noqa: E402

EXAMPLES = 10


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """Address of a node's interface, served by a thread."""
    rows = Positions.concat([positions_for(10, time_ns=NOW_NS - k * 60_000_000_000) for k in range(10)])
    latest = Latest()
    latest.push(output_of(positions_for(50)), NOW_NS)
    app = create_app(node_with(50, history=rows), ApiSettings(rate_per_minute=10**6), latest=latest)
    ready, urls = threading.Event(), []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        server = await serve_app(app, "127.0.0.1", 0, ApiSettings())
        urls.append(server.url)
        ready.set()
        await stop.wait()
        await server.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(30)
    yield f"{urls[0]}/api/v1"
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)
    loop.close()


REFUSALS = ["400", "401", "403", "404", "405", "406", "413", "414", "415", "429", "5xx"]
"""With 413 and 414, which the tool does not know: that a request is too long is said before it is read."""
CONFIG = schemathesis.config.SchemathesisConfig.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}
)
SCHEMA = schemathesis.openapi.from_dict(document("0", ENDPOINTS), config=CONFIG)


@pytest.mark.filterwarnings("ignore")  # of the tool's own
@SCHEMA.parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), derandomize=True
)
def test_requests_from_the_description(case, base: str):
    # A schema cannot say that a cursor must be one given out, that a span has a beginning before its end, or that a
    # moment is within what is counted in nanoseconds.
    given = {*(case.query or {}), *(case.body if isinstance(case.body, dict) else {})}
    related = {"cursor", "from", "until", "area", "at"} & given
    checks = schemathesis.checks.CHECKS.get_by_names(["positive_data_acceptance"]) if related else []
    case.call_and_validate(base_url=base, excluded_checks=checks)


def test_every_question_is_described():
    paths = document("1.2.3", ENDPOINTS)["paths"]
    assert set(paths) == {endpoint.path for endpoint in ENDPOINTS}
    for operation in (operation for path in paths.values() for operation in path.values()):
        assert operation["summary"]
        for parameter in operation["parameters"]:
            assert parameter["description"], parameter["name"]
