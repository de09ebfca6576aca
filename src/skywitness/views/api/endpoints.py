"""The questions of our own interface: parameters, answers and words of each, for requests and for the description."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skywitness.batches import ADDRESS_KINDS, POSITION_SOURCES, VERDICTS
from skywitness.views.api import parameters as p
from skywitness.views.api.columns import FORMATS, Column
from skywitness.views.api.find import FIND_FORMATS
from skywitness.views.api.naming import NAMED
from skywitness.views.api.parameters import Parameter
from skywitness.views.api.raw_messages import EXPLAINED, RAW_MESSAGES
from skywitness.views.api.tables import AIRCRAFT, ONE_AIRCRAFT, POSITIONS, RECEIVERS

__all__ = ["ENDPOINTS", "Endpoint"]

Json = dict[str, Any]

MOST_AIRCRAFT = 10_000
MOST_POSITIONS = 10_000
MOST_TRACK = 50_000
MOST_NAMED = 5000
MOST_STATES = 5000
MOST_MESSAGES = 1000
MOST_ASKED = 80_000
MOST_IN_ADDRESS = 2_000
"""Characters of a question: as many as a body, or an address, holds however they are encoded."""
SORTS = ("icao24", "seen", "altitude_ft", "groundspeed_kt", "messages")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One question."""

    path: str
    """Below /api/v1, parameters in braces."""
    summary: str
    parameters: tuple[Parameter, ...]
    method: str
    """What of `V1` answers it."""
    rows: tuple[str, tuple[Column, ...]] | None = None
    """Name of the list in the JSON answer, and its columns; None if the answer is one object."""
    body: Json | None = None
    """Schema of what the JSON answer has besides the rows."""
    problems: tuple[int, ...] = (400,)
    single: bool = False
    """The answer has one row, not a list."""
    form: tuple[Parameter, ...] = ()
    """What the same question may have as a form in the body of a POST, where an address would be too long for it."""


FORM = p.word("format", "Form of the answer, instead of the Accept header.", tuple(FORMATS))
CURSOR = p.pattern("cursor", "`next` of the page before.", r"[A-Za-z0-9_-]{1,400}", "cursor", "")
CURSOR = dataclasses.replace(CURSOR, example=None)
CODES = r"[A-Za-z0-9-]{1,10}(,[A-Za-z0-9-]{1,10}){0,49}"
KIND = p.words("address_kind", "Kinds of address, with commas between them.", ADDRESS_KINDS)
SOURCE = p.words("source", "Who determined the position: words with commas between them.", POSITION_SOURCES)
FRAME = dataclasses.replace(
    p.pattern("frame", "14 or 28 hexadecimal digits, as many as its downlink format has.",
              "([0-7][0-9a-fA-F]{13}|[89a-fA-F][0-9a-fA-F]{27})",
              "Mode S frame: 14 hexadecimal digits, 28 if the first is 8 or more", "8D4840D6202CC371C32CE0576098"),
    where="path",
)  # fmt: skip
SINCE = p.time("from", "First moment, inclusive.")
UNTIL = p.time("until", "End, exclusive; now if not given.")
REJECTED = p.flag("contradicted", "With positions that were rejected, and why.", False)


def asked(longest: int) -> tuple[Parameter, ...]:
    """Parameters of a question in the query language of at most so many characters."""
    return (
        p.text("q", "The question, such as `mil:yes to:SVMI time:2019-03`.", longest, "mil:yes time:-24h"),
        p.integer("limit", "Rows a page.", 1, MOST_POSITIONS, 1000),
        p.integer("skip", "Rows left out: `next` of the page before.", 0, 100_000_000, 0),
        p.word("format", "Form of the answer, instead of the Accept header.", tuple(FIND_FORMATS)),
    )


def fields(columns: Sequence[Column]) -> Parameter:
    """Which columns to give."""
    return p.words("fields", "Columns to give, with commas between them; all if not given.", [c.name for c in columns])


def named(addresses: Parameter) -> tuple[Parameter, ...]:
    """Parameters of a question for the names of many aircraft."""
    return addresses, p.time("at", "The moment; the present if not given."), fields(NAMED), FORM


PICTURE = {
    "now": {"type": "string", "format": "date-time", "description": "Time of the picture; a replay's own in replay."},
    "picture": {"type": "integer", "description": "Counts pictures since the start."},
    "simulated": {"type": "boolean", "description": "Something in it is simulated."},
}
SPAN = {"from": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}}
NEXT = {"next": {"type": "string", "description": "Cursor of the next page; absent on the last."}}
COUNT = {"type": "integer", "minimum": 0}
COUNTS = {"type": "object", "additionalProperties": COUNT}

DAYS = {"type": "array", "items": {"type": "string", "format": "date"}}
WORDS = {"type": "object", "additionalProperties": {"type": "string"}}
OF_RECEIVERS: Any = ((fields(RECEIVERS), FORM), "receivers", ("receivers", RECEIVERS), {}, (400, 406))

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "/aircraft", "Aircraft of the live picture",
        (
            p.hexes(), KIND, SOURCE, p.area(),
            p.flag("with_position", "Only with, or only without a present position."),
            p.flag("on_ground", "Only on the ground, or only in the air."),
            p.number("min_altitude_ft", "Least pressure altitude.", -2000, 200_000),
            p.number("max_altitude_ft", "Greatest pressure altitude.", -2000, 200_000),
            p.pattern("squawk", "Mode A code.", "[0-7]{4}", "squawk: four octal digits", "7700"),
            p.pattern("callsign", "With * at its end all that begin so.", r"[A-Za-z0-9]{1,8}\*?", "callsign", "KLM*"),
            p.number("seen_within_s", "Heard in the last so many seconds.", 0, 1800, 60.0),
            p.word("sort", "Order; - before it for the reverse.", (*SORTS, *(f"-{name}" for name in SORTS)), "icao24"),
            fields(AIRCRAFT), p.integer("limit", "Rows a page.", 1, MOST_AIRCRAFT, 1000), CURSOR, FORM,
        ),
        "aircraft", ("aircraft", AIRCRAFT), {**PICTURE, "total": COUNT, **NEXT}, (400, 406, 410, 503),
    ),
    Endpoint(
        "/aircraft/{hex}", "One aircraft of the live picture, or as it was known at a moment of the record",
        (
            p.hexes("hex", "path"), KIND, p.time("at", "The moment; the present if not given."), fields(ONE_AIRCRAFT),
            FORM,
        ),
        "one_aircraft", ("aircraft", ONE_AIRCRAFT), PICTURE, (400, 404, 406, 503), single=True,
    ),
    Endpoint(
        "/identity/{hex}", "Who an aircraft is: what each list says of it, and since when",
        (p.hexes("hex", "path"),), "identity", None,
        {
            "icao24": {"type": "string"}, "country": {"type": "string"}, "values": {"type": "object"},
            "conflicts": {"type": "object"}, "statements": {"type": "array", "items": {"type": "object"}},
            "remarks": {"type": "array", "items": {"type": "string"}},
        },
    ),
    Endpoint(
        "/identities", "What lists call aircraft at a moment; those that none has are left out",
        named(p.hexes()), "identities", ("aircraft", NAMED), {"at": SPAN["from"]}, (400, 406, 413, 415),
        form=named(p.hexes(most=MOST_NAMED)),
    ),
    Endpoint(
        "/positions", "Positions of the record, by steps of time, aircraft and time",
        (
            SINCE, UNTIL, p.hexes(), p.area(), SOURCE, p.words("verdict", "Verdicts, with commas between.", VERDICTS),
            REJECTED, fields(POSITIONS), p.integer("limit", "Rows a page.", 1, MOST_POSITIONS, 1000), CURSOR, FORM,
        ),
        "positions", ("positions", POSITIONS), {**SPAN, **NEXT}, (400, 404, 406, 503),
    ),
    Endpoint(
        "/tracks/{hex}", "Positions of one aircraft in the order of time, thinned evenly to `limit`",
        (
            p.hexes("hex", "path"), KIND, SINCE, UNTIL, REJECTED, fields(POSITIONS),
            p.integer("limit", "Most rows.", 2, MOST_TRACK, 10_000), FORM,
        ),
        "track", ("positions", POSITIONS),
        {**SPAN, "total": COUNT, "is_thinned": {"type": "boolean"}}, (400, 404, 406, 503),
    ),
    Endpoint(
        "/states/{hex}", "What was known of one aircraft from time to time: airspeeds, settings, wind",
        (
            p.hexes("hex", "path"), KIND, SINCE, UNTIL, fields(ONE_AIRCRAFT),
            p.integer("limit", "Most rows.", 2, MOST_STATES, 2000), FORM,
        ),
        "states", ("states", ONE_AIRCRAFT), {**SPAN, "total": COUNT}, (400, 404, 406, 503),
    ),
    Endpoint(
        "/messages/{hex}", "Raw messages of one aircraft, newest first; for the operator alone where places are hidden",
        (
            p.hexes("hex", "path"), KIND, SINCE, UNTIL, fields(RAW_MESSAGES),
            p.integer("limit", "Most rows.", 1, MOST_MESSAGES, 100), FORM,
        ),
        "messages", ("messages", RAW_MESSAGES),
        {**SPAN, "read_from": SPAN["from"], "is_kept": {"type": "boolean"}}, (400, 403, 406, 503),
    ),
    Endpoint(
        "/explain/{frame}", "What each bit of one Mode S frame says",
        (
            FRAME, p.number("altitude_ft", "Known of the aircraft: weighs the registers of a reply.", -2000, 200_000),
            p.number("groundspeed_kt", "The same.", 0, 5000), p.number("track_deg", "The same.", 0, 360),
            p.number("vertical_rate_fpm", "The same.", -50_000, 50_000),
        ),
        "explain", None, EXPLAINED,
    ),
    Endpoint(
        "/find", "A question in the query language, over all of the record",
        asked(MOST_IN_ADDRESS), "find", None,
        {
            "question": {"type": "string"}, "subject": {"type": "string"},
            "rows": {"type": "array", "items": {"type": "object"}}, "total": COUNT, "next": COUNT,
            "coverage": {"type": "object"}, "places": WORDS, "content_hash": {"type": "string"},
            "not_read": {"type": "array", "items": {"type": "string"}}, "plan": {"type": "object"},
        },
        (400, 404, 406, 413, 415, 503), form=asked(MOST_ASKED),
    ),
    Endpoint(
        "/find/complete", "How a question may go on at the cursor",
        (
            p.text("q", "The question so far.", MOST_IN_ADDRESS, "mil:yes to:SV"),
            p.integer("at", "Characters before the cursor; all if not given.", 0, MOST_IN_ADDRESS),
        ),
        "complete", None, {"begin": COUNT, "end": COUNT, "completions": {"type": "array", "items": WORDS}},
    ),
    Endpoint(
        "/airports", "Where airfields are",
        (p.pattern("code", "Codes with commas between them.", CODES, "list of at most 50 codes", "UUMU,OSLK"),),
        "airports", None, {"airports": {"type": "array", "items": {"type": "object"}}},
    ),
    Endpoint(
        "/coverage", "What there is of a time, in equal parts: minutes with positions, and positions, about",
        (SINCE, p.time("until", "End, exclusive; that of the record if not given."),
         p.integer("parts", "Most parts.", 1, 1000, 300)),
        "coverage", None, {**SPAN, "step_s": COUNT, "parts": {"type": "array", "items": {"type": "object"}}},
        (400, 404, 503),
    ),
    Endpoint("/days", "UTC days of which there is a record", (), "days", None, {"days": DAYS}, (400, 404, 503)),
    Endpoint("/receivers", "Receivers: health and watermarks; blurred places", *OF_RECEIVERS),
    Endpoint("/sources", "The same as /receivers", *OF_RECEIVERS),
    Endpoint(
        "/operator", "For the node's operator alone: receivers and their reach, storage, ports, keys, alarms", (),
        "operator", None,
        {
            "receivers": {"type": "array", "items": {"type": "object"}},
            "alarms": {"type": "array", "items": {"type": "string"}},
            "ports": {"type": "array", "items": {"type": "object"}},
            "keys": {"type": "array", "items": {"type": "object"}}, "uptime_s": {"type": "number"},
            "storage": {"type": ["object", "null"]},
        },
        (400, 403),
    ),
    Endpoint(
        "/status", "The node and its counts", (), "status", None,
        {
            "version": {"type": "string"}, "started": {"type": "string", "format": "date-time"},
            "records": {"type": "boolean"}, "receivers": COUNT, "receivers_connected": COUNT,
            "last_reception": {"type": ["string", "null"], "format": "date-time"},
            "is_place_hidden": {"type": "boolean"}, "facts": WORDS,
            "lat_deg": {"type": "number"}, "lon_deg": {"type": "number"}, **PICTURE, "aircraft": COUNT,
            "aircraft_with_position": COUNT, "messages": COUNT, "frames": COUNT, "frames_by_status": COUNTS,
            "positions_by_verdict": COUNTS,
        },
        (400,),
    ),
)  # fmt: skip
