"""The description of our own interface (OpenAPI 3.1), from the tables that also answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skywitness.views.api.columns import FORMATS, Column
from skywitness.views.api.endpoints import Endpoint

__all__ = ["FORM", "document"]

Json = dict[str, Any]

PROBLEMS = {
    400: "A parameter is unknown or of the wrong form.",
    401: "A key is needed, or the one given is not good.",
    403: "That key may not do this.",
    404: "There is nothing of that name or time.",
    406: "None of the forms the request accepts is offered.",
    410: "The picture that the cursor belongs to is gone.",
    413: "The body is too long.",
    414: "The address is too long.",
    415: "The body of a POST is no form.",
    421: "The node does not answer to that host name.",
    429: "Too many requests; see Retry-After.",
    503: "Not now; see Retry-After.",
}
ALWAYS = (401, 403, 414, 421, 429, 503)
"""What the gate may answer to any request."""

RATE_HEADERS = {
    "X-RateLimit-Limit": "Requests a minute.",
    "X-RateLimit-Remaining": "Requests that would pass now.",
    "X-RateLimit-Reset": "Seconds until all would.",
}

ABOUT = """Live aircraft and the record of one node. Units are in the names: `_ft` feet, `_kt` knots, `_fpm` feet a
minute, `_nmi` nautical miles, `_deg` degrees, `_s` seconds. What is not known is left out of a JSON row, empty in CSV
and null in Arrow. Every position says what is behind it: `verdict`, `reason`, `source`, `provenance`, `receivers`,
`parent`."""


def document(version: str, endpoints: Sequence[Endpoint]) -> Json:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "skywitness",
            "version": version,
            "description": " ".join(ABOUT.split()),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "paths": {endpoint.path: operations(endpoint) for endpoint in endpoints},
        "components": {
            "schemas": {"Problem": PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A key of `skywitness keys add`."},
                "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
        "security": [{}, {"bearer": []}, {"header": []}],
    }


PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
    },
    "additionalProperties": False,
}


FORM = "application/x-www-form-urlencoded"


def operations(endpoint: Endpoint) -> Json:
    """One question, by each method that it may be asked by."""
    told = {"get": operation(endpoint)}
    if endpoint.form:
        properties = {parameter.name: parameter.schema for parameter in endpoint.form}
        required = [name for name in ("q", "hex") if name in properties]
        schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        told["post"] = operation(endpoint) | {
            "operationId": f"{operation_id(endpoint)}_form",
            "parameters": [],
            "requestBody": {"required": True, "content": {FORM: {"schema": schema}}},
        }
    return told


def operation_id(endpoint: Endpoint) -> str:
    """Name of the question for programs."""
    return endpoint.path.strip("/").replace("/", "_").replace("{", "").replace("}", "")


def operation(endpoint: Endpoint) -> Json:
    """One question, asked by GET."""
    headers = {name: {"description": doc, "schema": {"type": "integer"}} for name, doc in RATE_HEADERS.items()}
    content: Json = {FORMATS["json"]: {"schema": answer_schema(endpoint)}}
    if endpoint.rows is not None:
        headers["Link"] = {"description": "The next page, rel=next.", "schema": {"type": "string"}}
        row = {"type": "string", "description": "One JSON object a line."}
        content[FORMATS["ndjson"]] = {"schema": row}
        content[FORMATS["csv"]] = {"schema": {"type": "string", "description": "With a head line."}}
        content[FORMATS["arrow"]] = {"schema": {"type": "string", "format": "binary"}}
    responses: Json = {"200": {"description": "The answer.", "headers": headers, "content": content}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in sorted({*endpoint.problems, *ALWAYS}):
        responses[str(status)] = {"description": PROBLEMS[status], "content": problem}
    return {
        "operationId": operation_id(endpoint),
        "summary": endpoint.summary,
        "parameters": [parameter.describe() for parameter in endpoint.parameters],
        "responses": responses,
    }


def answer_schema(endpoint: Endpoint) -> Json:
    """The JSON answer."""
    properties: Json = dict(endpoint.body or {})
    required = [name for name in properties if name in REQUIRED]
    if endpoint.rows is not None:
        name, columns = endpoint.rows
        if endpoint.single:
            properties |= row_schema(columns)["properties"]
        else:
            properties[name] = {"type": "array", "items": row_schema(columns)}
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


REQUIRED = ("days", "from", "until", "total", "version", "started", "records", "receivers")


def row_schema(columns: Sequence[Column]) -> Json:
    """One row; `fields` may leave out any column, so none is required here."""
    return {
        "type": "object",
        "properties": {column.name: column.schema() for column in columns},
        "additionalProperties": False,
    }
