"""What an annotator reads above a record, and the text as it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.label_studio.editor.task_summary import ASSERTED, CHECK, SHOWN, _findings, shown_text, task_summary
from annotation.label_studio.editor.wording import HEADINGS
from curation.decision import Decision, DecisionKind, Verdict
from curation.record import Assertion, Entity, Layer, Record
from validation.rules import BY_NAME

TEXT = "Kein Fieber, kein\r\nHusten. Verdacht auf Pneumonie. Kopfschmerz."
RECORD = Record(id="r", group="r", source="test", language="de", text=TEXT)


def layer(*found: tuple[str, Assertion]) -> Layer:
    entities = []
    for number, (wording, assertion) in enumerate(found, 1):
        start = TEXT.index(wording)
        entity = Entity.at(TEXT, start, start + len(wording), "signs_symptoms", id=f"T{number}")
        entities.append(entity.model_copy(update={"assertion": assertion}))
    return Layer(record_id="r", name="rules", author="rules@1", entities=tuple(entities))


def decision(verdict: Verdict, *broken: str, by: str = "policy:validate@1") -> Decision:
    failures = [{"expectation": name} for name in broken]
    return Decision(
        record_id="r", verdict=verdict, by=by, kind=DecisionKind.LAYER, layer="rules", details={"failures": failures}
    )


def test_what_is_not_present_is_listed_by_assertion_and_what_is_present_is_not() -> None:
    shown = layer(
        ("Fieber", Assertion.NEGATED),
        ("kein\r\nHusten", Assertion.NEGATED),
        ("Pneumonie", Assertion.POSSIBLE),
        ("Kopfschmerz", Assertion.PRESENT),
    )
    asserted = task_summary(RECORD, shown, [], language="de")[ASSERTED]
    assert asserted == "Verneint: Fieber, kein Husten  ·  Möglich: Pneumonie"
    assert task_summary(RECORD, shown, [], language="fr")[ASSERTED].startswith("Negated: Fieber")
    assert task_summary(RECORD, layer(("Fieber", Assertion.PRESENT)), [], language="de")[ASSERTED] == ""
    assert task_summary(RECORD, None, [], language="de")[ASSERTED] == ""


def test_a_long_list_is_cut_and_says_by_how_many() -> None:
    text = " ".join(f"w{number}" for number in range(SHOWN + 3))
    record = RECORD.model_copy(update={"text": text})
    starts = [text.index(f"w{number}") for number in range(SHOWN + 3)]
    entities = tuple(
        Entity.at(text, start, start + 2 + (number > 9), "signs_symptoms", id=f"T{number}").model_copy(
            update={"assertion": Assertion.NEGATED}
        )
        for number, start in enumerate(starts)
    )
    found = layer().model_copy(update={"entities": entities})
    assert task_summary(record, found, [], language="en")[ASSERTED].endswith(", w11 (+3)")


@pytest.mark.parametrize(
    ("decisions", "said"),
    [
        ([], "Prüfung: steht noch aus"),
        ([decision(Verdict.ACCEPTED)], "Prüfung: nichts gefunden"),
        ([decision(Verdict.ACCEPTED, by="human:anna")], "Prüfung: von einer Person angenommen"),
        (
            [decision(Verdict.ACCEPTED), decision(Verdict.NEEDS_REVIEW, "doses_possible", "my_own_expectation")],
            "Prüfung: bitte ansehen – eine Dosis ist ungewöhnlich; my_own_expectation",
        ),
    ],
)
def test_the_verdict_of_the_validation_is_said_with_its_reasons(decisions: list[Decision], said: str) -> None:
    assert task_summary(RECORD, None, decisions, language="de")[CHECK] == said


def test_every_rule_has_words_for_annotators_in_every_language_of_the_editor() -> None:
    assert set(_findings()) == set(BY_NAME)
    assert all(set(words) == set(HEADINGS) for words in _findings().values())


@given(st.text(alphabet="a \r\n🙂", max_size=30))
def test_a_line_end_is_one_break_and_no_offset_moves(text: str) -> None:
    shown = shown_text(text)
    assert len(shown) == len(text)
    assert "\r" not in shown
    assert shown.count("\n") == len(text.replace("\r\n", "\n").replace("\r", "\n")) - len(
        text.replace("\r\n", "").replace("\r", "").replace("\n", "")
    )
    assert [letter for letter in shown if letter not in " \n"] == [letter for letter in text if letter not in " \r\n"]
