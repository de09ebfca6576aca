"""`/api/v1/find`: a question in the query language, answered from the record as `skywitness find` answers it."""

from __future__ import annotations

import io
import urllib.parse
from typing import Any

import msgspec
from litestar import Response

from skywitness.errors import ConfigError, QuestionError
from skywitness.questions.answer import Answered, Asking
from skywitness.views.api.columns import FORMATS, negotiated
from skywitness.views.api.security import Problem
from skywitness.views.feeds.flights import rows_of

__all__ = ["FIND_FORMATS", "find_response"]

FIND_FORMATS = {
    **FORMATS,
    "parquet": "application/vnd.apache.parquet",
    "geojson": "application/geo+json",
    "kml": "application/vnd.google-earth.kml+xml",
    "gpx": "application/gpx+xml",
    "czml": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
}
"""Short name, and media type, of each form an answer may have."""
FILES = {"ndjson": "jsonl"}


def find_response(ask: Asking, given: dict[str, Any], accept: str, now_ns: int) -> Response[bytes]:
    """Answer a question.

    given   `q`, `limit`, `skip`, `format`
    now_ns  what relative times are counted from: the node's present

    Raises Problem 400 with the place of a mistake in the question, 406 if no form is accepted.
    """
    form = given["format"] or negotiated(accept, None, list(FORMATS))
    if not given["q"]:
        raise Problem(400, "`q` is missing: the question.")
    try:
        answer = ask(given["q"], limit=given["limit"], after=given["skip"], now_ns=now_ns)
        if answer.question.explain:
            plan = answer.explained()
            told = {"question": answer.question.text, "subject": answer.subject, "rows": [], "total": 0, "plan": plan}
            return Response(msgspec.json.encode(told), media_type=FORMATS["json"])
        return as_json(answer, given) if form == "json" else as_file(answer, form)
    except QuestionError as error:
        raise Problem(400, in_words(error)) from None
    except ConfigError as error:
        raise Problem(400, f"{error.what}. {error.hint}") from None


def as_json(answer: Answered, given: dict[str, Any]) -> Response[bytes]:
    """The rows with all that is said about them."""
    rows = list(rows_of(answer.to_arrow()))
    body: dict[str, Any] = {
        "question": answer.question.text,
        "subject": answer.subject,
        "rows": rows,
        "total": answer.total,
        "coverage": answer.coverage.as_dict(),
        "places": answer.places,
        "content_hash": answer.content_hash(),
        "not_read": sorted(answer.damaged),
    }
    headers = {"vary": "Accept"}
    following = given["skip"] + len(rows)
    if rows and following < answer.total:
        body["next"] = following
        query = urllib.parse.urlencode({"q": given["q"], "limit": given["limit"], "skip": following})
        headers["link"] = f'<?{query}>; rel="next"'
    return Response(msgspec.json.encode(body), media_type=FORMATS["json"], headers=headers)


def as_file(answer: Answered, form: str) -> Response[bytes]:
    """The rows as a file of the format."""
    body = io.BytesIO()
    answer.write(body, FILES.get(form, form))
    headers = {"vary": "Accept", "x-total-count": str(answer.total)}
    return Response(body.getvalue(), media_type=FIND_FORMATS[form], headers=headers)


def in_words(error: QuestionError) -> str:
    """A mistake in a question, with its place."""
    where = f"at character {error.offset + 1}: " if error.offset is not None else ""
    hint = f" {error.hint}" if error.hint else ""
    return f"{where}{error.what}.{hint}"
