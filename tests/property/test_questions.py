"""Whatever is asked: an answerable tree, or a QuestionError with its place."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from skywitness.errors import QuestionError
from skywitness.questions.language import read_question
from skywitness.questions.question import SUBJECTS, terms
from skywitness.questions.terms import KEYS

NOW_NS = 1_553_500_800_000_000_000

PIECES = st.sampled_from(
    [f"{key}:" for key in KEYS]
    + ["(", ")", "-", "OR", "AND", " THEN ",
       " ", ",", '"', "..", "<", ">=", "*", "?", "UUMU", "RU", "7700", "154073", "10,5",
       "2019-03", "-24h", "yes", "5nmi", "10min", "POLYGON((1 2,3 4,5 6))", "{", "}", "FL90", "\\", "é", "\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60))
@example("in:POLYGON (")
@example('near:" 5nmi"')
@example("near:5nmi")
def test_any_text_is_a_question_or_a_mistake_with_a_place(text):
    try:
        question = read_question(text, NOW_NS)
    except QuestionError as error:
        mistake = error
    else:
        assert question.show in SUBJECTS
        assert len(list(terms(question.where))) <= len(text)
        assert read_question(text, NOW_NS) == question
        return
    assert mistake.offset is None or 0 <= mistake.offset <= len(text)
