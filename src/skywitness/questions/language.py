"""The query language: `mil:yes type:A124,IL62 from:UUMU via:SY to:SVMI time:2019-03-22..2019-03-25`.

    query   either { "OR" either }          either  all { "THEN" all }          all  part { ["AND"] part }
    part    "-" part | "(" query ")" | key ":" value { "," value } | word
    value   word, "quoted words", <10, >=5, 1..2, POLYGON((lon lat, ...)), a GeoJSON geometry

Every mistake is told with its place and, where one is near, with what may have been meant. Reading costs no more than a
few passes over the text, whatever it says.
"""

from __future__ import annotations

import re

from skywitness.errors import QuestionError
from skywitness.questions.question import (
    SUBJECTS,
    And,
    FlightPlace,
    Gap,
    Near,
    Node,
    Not,
    Or,
    Question,
    Text,
    Then,
    Together,
    terms,
)
from skywitness.questions.terms import (
    DECIMAL,
    KEYS,
    SHAPE,
    TERMS,
    Value,
    Within,
    nearest,
    one_of,
    pattern_of,
    single,
    yes_or_no,
)
from skywitness.units import NS_PER_S

__all__ = ["MOST_CHARACTERS", "read_question"]

MOST_CHARACTERS = 1_000_000
MOST_TERMS = 1_000
MOST_DEPTH = 50
MOST_STEPS = 8
LONGEST_WORD = 200
THEN_NS = 24 * 3_600 * NS_PER_S
"""What THEN means without `within:`."""
WORD_ENDS = re.compile(r"[\s()]")
KEY = re.compile(r"([A-Za-z][A-Za-z_-]{0,30}):", re.ASCII)


def read_question(text: str, now_ns: int) -> Question:
    """Read a question.

    now_ns  what relative times are counted from

    Raises QuestionError with `offset`, the place of the mistake in characters.
    """
    if len(text) > MOST_CHARACTERS:
        raise QuestionError(f"a question of more than {MOST_CHARACTERS:,} characters")
    if "\0" in text:
        raise QuestionError("a question holds no NUL", offset=text.index("\0"))
    reader = Reader(text, now_ns)
    where = reader.query(0)
    if reader.at < len(text):
        raise QuestionError("a closing parenthesis too many", offset=reader.at)
    return Question(reader.show or subject_of(where), where, reader.explain, text)


def subject_of(where: Node) -> str:
    """What a question is about that does not say it."""
    kinds = list(terms(where))
    if any(isinstance(term, Text) and term.key in ("event", "pattern") for term in kinds):
        return "events"
    if any(isinstance(term, FlightPlace) for term in kinds):
        return "journeys"
    return "gaps" if any(isinstance(term, Gap) for term in kinds) else "aircraft"


class Reader:
    """Recursive descent over the text."""

    def __init__(self, text: str, now_ns: int) -> None:
        self.text = text
        self.now_ns = now_ns
        self.at = 0
        self.terms = 0
        self.show = ""
        self.explain = False

    def query(self, depth: int) -> Node:
        """Alternatives up to the end or a closing parenthesis."""
        if depth > MOST_DEPTH:
            raise QuestionError(f"parentheses more than {MOST_DEPTH} deep", offset=self.at)
        alternatives = [self.sequence(depth)]
        while self.word_is("OR"):
            self.at += 2
            alternatives.append(self.sequence(depth))
        if len(alternatives) == 1:
            return alternatives[0]
        for part in alternatives:
            if is_empty(part):
                raise QuestionError("OR needs something on either side", offset=self.at)
        return Or(tuple(alternatives))

    def sequence(self, depth: int) -> Node:
        """Parts that hold one after the other."""
        out, said = self.conjunction(depth)
        if said is not None:
            raise QuestionError("within needs a with, a near or a THEN beside it", offset=said.offset)
        steps = 0
        while self.word_is("THEN"):
            begin = self.at
            self.at += 4
            steps += 1
            if steps > MOST_STEPS:
                raise QuestionError(f"more than {MOST_STEPS} times THEN", offset=begin)
            following, said = self.conjunction(depth)
            if is_empty(out) or is_empty(following):
                raise QuestionError("THEN needs something on either side", offset=begin)
            if said is not None and not said.span_ns:
                raise QuestionError("THEN is within a time", offset=said.offset, hint="Write within:24h.")
            out = Then(out, following, said.span_ns if said else THEN_NS)
        return out

    def conjunction(self, depth: int) -> tuple[Node, Within | None]:
        """Parts that all hold, and a `within:` that is none of theirs."""
        parts: list[Node | Within] = []
        needs_more = False
        while True:
            self.skip_space()
            if self.at >= len(self.text) or self.text[self.at] == ")" or self.ends_all():
                break
            if self.word_is("AND"):
                if not parts or needs_more:
                    raise QuestionError("AND needs something on either side", offset=self.at)
                self.at += 3
                needs_more = True
                continue
            part = self.part(depth)
            needs_more = False
            if part is not None:
                parts.append(part)
        if needs_more:
            raise QuestionError("AND needs something on either side", offset=self.at)
        joined, said = joined_within(parts)
        return joined[0] if len(joined) == 1 else And(tuple(joined)), said

    def ends_all(self) -> bool:
        """Whether what all must hold ends here."""
        return self.word_is("OR") or self.word_is("THEN")

    def part(self, depth: int) -> Node | Within | None:
        """One part; None for one that says how to answer and not what."""
        begin = self.at
        if self.text[begin] == "-" and not DECIMAL.match(self.text, begin):
            self.at += 1
            if self.at >= len(self.text) or self.text[self.at].isspace() or self.text[self.at] == ")":
                raise QuestionError("- needs something to negate", offset=begin)
            if depth >= MOST_DEPTH:
                raise QuestionError(f"more than {MOST_DEPTH} deep", offset=begin)
            part = self.part(depth + 1)
            if part is None or isinstance(part, Within):
                raise QuestionError("this cannot be negated", offset=begin)
            return Not(part)
        if self.text[begin] == "(":
            self.at += 1
            inner = self.query(depth + 1)
            self.skip_space()
            if self.at >= len(self.text):
                raise QuestionError("a parenthesis is not closed", offset=begin)
            if is_empty(inner):
                raise QuestionError("nothing stands between the parentheses", offset=begin)
            self.at += 1
            return inner
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise QuestionError(f"more than {MOST_TERMS} terms", offset=begin)
        found = KEY.match(self.text, begin)
        if found is None:
            word = self.value()
            return Text("any", (pattern_of(word),))
        key = found[1].lower().replace("_", "-")
        if key not in KEYS:
            raise QuestionError(
                f"{found[1]!r} is no key", offset=begin, hint=nearest(key, KEYS) or f"Keys are {', '.join(KEYS)}."
            )
        self.at = found.end()
        values = self.values(key)
        if key == "show":
            self.show = one_of(single(values, key), SUBJECTS, "subject")
            self.only_at_top(key, depth, begin)
            return None
        if key == "explain":
            self.explain = yes_or_no(single(values, key))
            self.only_at_top(key, depth, begin)
            return None
        try:
            return TERMS[key](key, values, self.now_ns)
        except QuestionError as error:
            offset = values[0].offset if error.offset is None else error.offset
            raise QuestionError(error.what, offset=offset, hint=error.hint) from None

    def only_at_top(self, key: str, depth: int, begin: int) -> None:
        """`show` and `explain` belong to the whole question."""
        if depth:
            raise QuestionError(
                f"{key} belongs to the whole question", offset=begin, hint="Write it outside of parentheses."
            )

    def values(self, key: str) -> list[Value]:
        """The values behind a key."""
        out = [self.value()]
        while self.at < len(self.text) and self.text[self.at] == ",":
            self.at += 1
            out.append(self.value())
        if len(out) > MOST_TERMS:
            raise QuestionError(f"more than {MOST_TERMS} values", offset=out[0].offset)
        return out

    def value(self) -> Value:
        """A word, words in quotes, or a shape."""
        begin = self.at
        text = self.text
        if begin >= len(text) or text[begin].isspace() or text[begin] in "),":
            raise QuestionError("a value is missing", offset=begin)
        if text[begin] == '"':
            return self.quoted()
        if SHAPE.match(text, begin):
            return self.shape()
        end = begin
        while end < len(text) and not WORD_ENDS.match(text, end) and text[end] not in ',"':
            end += 1
        if end == begin:
            raise QuestionError(f"{text[begin]!r} is out of place", offset=begin)
        if end - begin > LONGEST_WORD:
            raise QuestionError(f"a word of more than {LONGEST_WORD} characters", offset=begin)
        self.at = end
        return Value(text[begin:end], begin)

    def quoted(self) -> Value:
        """Words in quotes; `\\"` and `\\\\` stand for themselves."""
        begin = self.at
        out: list[str] = []
        at = begin + 1
        while at < len(self.text):
            character = self.text[at]
            if character == '"':
                self.at = at + 1
                if not out or len(out) > 10 * LONGEST_WORD:
                    raise QuestionError("nothing, or too much, stands between the quotes", offset=begin)
                return Value("".join(out), begin, quoted=True)
            if character == "\\" and at + 1 < len(self.text):
                at += 1
                character = self.text[at]
            out.append(character)
            at += 1
        raise QuestionError("a quote is not closed", offset=begin)

    def shape(self) -> Value:
        """A shape up to its last closing parenthesis or brace."""
        begin = self.at
        opening = "{" if self.text[begin] == "{" else "("
        closing = "}" if opening == "{" else ")"
        depth, in_string = 0, False
        for at in range(begin, len(self.text)):
            character = self.text[at]
            if character == '"' and opening == "{":
                in_string = not in_string
            elif in_string:
                continue
            elif character == opening:
                depth += 1
            elif character == closing:
                depth -= 1
                if depth == 0:
                    self.at = at + 1
                    return Value(self.text[begin : at + 1], begin)
        raise QuestionError("a shape is not closed", offset=begin)

    def skip_space(self) -> None:
        """Go on to the next word."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def word_is(self, word: str) -> bool:
        """Whether the next word is this one."""
        self.skip_space()
        after = self.at + len(word)
        return self.text.startswith(word, self.at) and (
            after >= len(self.text) or self.text[after].isspace() or self.text[after] in "()"
        )


def is_empty(node: Node) -> bool:
    """Whether nothing is asked."""
    return isinstance(node, And) and not node.parts


def joined_within(parts: list[Node | Within]) -> tuple[list[Node], Within | None]:
    """Give a `within:` to the `with:` and `near:` beside it; return it if it belongs to none."""
    said = [part for part in parts if isinstance(part, Within)]
    if len(said) > 1:
        raise QuestionError("within is said twice", offset=said[1].offset)
    out: list[Node] = []
    is_used = False
    for part in parts:
        if isinstance(part, Within):
            continue
        if said and isinstance(part, Together):
            part = Together(part.others, said[0].distance_m or part.distance_m, said[0].span_ns or part.span_ns)
            is_used = True
        elif said and isinstance(part, Near) and said[0].distance_m:
            part = Near(part.places, said[0].distance_m)
            is_used = True
        out.append(part)
    return out, said[0] if said and not is_used else None
