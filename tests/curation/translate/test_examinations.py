"""Translations judged segment by segment and translated back: what is asked, what counts, and what is never guessed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from held_conversations import ScriptedModel, answer, hold, record

from curation.errors import LanguageModelError, UsageError
from curation.judge.verdicts import Says
from curation.models.contract import Finish, Request
from curation.record import Record
from curation.scheme import Scheme
from curation.settings import TranslateSettings
from curation.stage import Item
from curation.translate.adequacy import ADEQUACY, Fault, JudgedTranslation
from curation.translate.asking import AskingTranslator
from curation.translate.back_translated import BACK, BackTranslation
from curation.translate.back_translation import AskingBackTranslator, TranslatingBackTranslator, chrf
from curation.translate.translated import MadeTranslation
from curation.translate.translating import TranslatingStage
from curation.translate.translation_judge import TranslationJudge

ENGLISH = ("She had a high fever for days.", "There was no cough at all.", "The left lung was clear on auscultation.")
GERMAN = (
    "Sie hatte tagelang hohes Fieber.",
    "Es bestand keinerlei Husten.",
    "Die linke Lunge war auskultatorisch frei.",
)
ORIGINAL = record(" ".join(ENGLISH), id="en")


def german(*, is_made_here: bool = True, author: str = "llm:m@translate.v1") -> Record:
    """The translation, with how it was made."""
    text = " ".join(GERMAN)
    made = record(text, id="de", language="de").model_copy(update={"translation_of": "en"})
    if not is_made_here:
        return made
    places = [(ORIGINAL.text.index(ours), text.index(theirs)) for ours, theirs in zip(ENGLISH, GERMAN, strict=True)]
    segments = tuple(
        ((at, at + len(ours)), (to, to + len(theirs)))
        for (at, to), ours, theirs in zip(places, ENGLISH, GERMAN, strict=True)
    )
    digests = {id: MadeTranslation.digest_of(each) for id, each in (("text", made), ("original", ORIGINAL))}
    noted = MadeTranslation(by="by", author=author, segments=segments, **digests)
    return made.model_copy(update={"meta": {"translated": noted.model_dump(mode="json")}})


def asked_of(request: Request) -> dict:
    return json.loads(request.messages[1].content.partition("\n")[2].rpartition("\n")[0])


def verdicts(**of_key: object) -> Callable[[Request], str]:
    """Yes to each pair, but for those of these keys."""

    def respond(request: Request) -> str:
        said = {key: {"says": "yes", "fault": "none"} for key in asked_of(request)["pairs"]}
        return json.dumps(said | {key[1:]: value for key, value in of_key.items() if key[1:] in said})

    return respond


@pytest.fixture
def judge(scheme: Scheme) -> Callable[..., TranslationJudge]:
    def made(model: ScriptedModel, **settings: object) -> TranslationJudge:
        return TranslationJudge(
            scheme, TranslateSettings(**settings), {model.name: model}, originals=lambda translation: ORIGINAL
        )

    return made


def judged_of(result) -> JudgedTranslation:
    return JudgedTranslation.model_validate(result.measures[ADEQUACY])


def test_each_segment_has_a_verdict_and_its_place(judge):
    model = ScriptedModel(verdicts(_2={"says": "no", "fault": "negation"}, _3={"says": "unklar", "fault": "side"}))
    result = hold(judge(model), german())
    judged = judged_of(result)
    assert result.error is None
    assert [verdict.says for verdict in judged.verdicts] == [Says.YES, Says.NO, Says.UNCLEAR]
    assert [verdict.fault for verdict in judged.verdicts] == [Fault.NONE, Fault.NEGATION, Fault.NONE]
    (wrong,) = judged.wrong
    assert german().text[slice(*wrong.span)] == GERMAN[1]
    assert (judged.by, judged.translated_by) == ("llm:m@adequacy.v1", "llm:m@translate.v1")
    assert judged.judges_itself
    assert len(model.requests) == 1
    assert asked_of(model.requests[0])["pairs"]["2"] == {"original": ENGLISH[1], "translation": GERMAN[1]}
    assert {each.id for each in model.requests[0].about} == {"en", "de"}


@pytest.mark.parametrize(("word", "fault"), [("none", Fault.MEANING), ("typo", Fault.MEANING), ("Side", Fault.SIDE)])
def test_a_no_always_has_a_fault(judge, word, fault):
    judged = judged_of(hold(judge(ScriptedModel(verdicts(_1={"says": "nein", "fault": word}))), german()))
    assert [verdict.fault for verdict in judged.wrong] == [fault]


@pytest.mark.parametrize("given", [None, "yes", {"says": "maybe"}, {"fault": "none"}, [], {"says": None}])
def test_what_cannot_be_read_is_asked_alone_once_more_and_never_guessed(judge, given):
    model = ScriptedModel(verdicts(_2=given))
    result = hold(judge(model), german())
    assert [list(asked_of(request)["pairs"]) for request in model.requests] == [["1", "2", "3"], ["2"]]
    assert result.error is not None
    assert result.kind == "incomplete"
    judged = judged_of(result)
    assert (len(judged.verdicts), judged.not_judged) == (2, {"unparsable": 1})


def test_a_further_attempt_asks_only_for_what_is_missing(judge):
    model = ScriptedModel(verdicts(_2="?"))
    hold(judge(model), german())
    paid = model.paid
    model.respond = verdicts()
    result = hold(judge(model), german(), attempt=1)
    assert result.error is None
    assert len(judged_of(result).verdicts) == 3
    assert model.paid == paid + 1
    assert list(asked_of(model.requests[-1])["pairs"]) == ["2"]


@pytest.mark.parametrize(
    ("given", "kind", "may_pass"),
    [
        (LanguageModelError("unreachable", "no server"), "unreachable", True),
        (answer("", Finish.REFUSED), "refused", False),
        (answer('{"1": {"says"', Finish.TRUNCATED), "truncated", False),
        (answer("I can't help with that."), "refused", False),
    ],
)
def test_an_answer_that_is_none_fails_with_its_kind(judge, given, kind, may_pass):
    model = ScriptedModel(lambda request: given)
    result = hold(judge(model), german())
    assert (result.kind, result.may_pass) == (kind, may_pass)
    assert judged_of(result).not_judged == {kind: 3}
    assert len(model.requests) == (1 if may_pass else 4)


def test_an_imported_translation_is_judged_as_one(judge):
    model = ScriptedModel(verdicts())
    judged = judged_of(hold(judge(model), german(is_made_here=False)))
    assert [verdict.span for verdict in judged.verdicts] == [(0, len(german().text))]
    assert judged.translated_by is None
    assert not judged.judges_itself


def test_segments_are_asked_about_in_questions_of_so_many_characters(judge):
    model = ScriptedModel(verdicts())
    assert hold(judge(model, characters=10), german()).error is None
    assert [list(asked_of(request)["pairs"]) for request in model.requests] == [["1"], ["2"], ["3"]]


def test_another_judge_prompt_or_model_is_another_judgement(judge, scheme):
    assert judge(ScriptedModel()).fingerprint == judge(ScriptedModel()).fingerprint
    assert judge(ScriptedModel()).fingerprint != judge(ScriptedModel(identity={"model": "n"})).fingerprint
    with pytest.raises(UsageError, match="style adequacy"):
        judge(ScriptedModel(), judge_prompt="judge.v1")
    with pytest.raises(UsageError, match="one language model"):
        TranslationJudge(scheme, TranslateSettings(), {}, originals=lambda translation: ORIGINAL)


@pytest.fixture
def back(scheme: Scheme) -> Callable[[ScriptedModel], AskingBackTranslator]:
    def made(model: ScriptedModel) -> AskingBackTranslator:
        inner = AskingTranslator(scheme, TranslateSettings(), {"m": model}, to="en", layers=())
        return AskingBackTranslator({"en": inner}, lambda translation: ORIGINAL)

    return made


def says(*english: str) -> Callable[[Request], str]:
    said = dict(zip(GERMAN, english, strict=True))
    return lambda request: json.dumps({key: said[text] for key, text in asked_of(request)["sentences"].items()})


def test_a_translation_is_compared_with_its_original_when_translated_back(back):
    result = hold(back(ScriptedModel(says(*ENGLISH))), german())
    found = BackTranslation.model_validate(result.measures[BACK])
    assert (found.by, found.chrf, found.chrf_words, found.least) == ("llm:m@translate.v1", 100, 100, 100)
    other = hold(back(ScriptedModel(says(ENGLISH[0], "Bananas grow in hot places.", ENGLISH[2]))), german())
    worse = BackTranslation.model_validate(other.measures[BACK])
    assert worse.chrf < 90
    assert german().text[slice(*worse.least_span)] == GERMAN[1]
    assert result.records == other.records == ()


def test_of_an_imported_translation_only_the_whole_is_compared(back):
    result = hold(back(ScriptedModel(says(*ENGLISH))), german(is_made_here=False))
    found = BackTranslation.model_validate(result.measures[BACK])
    assert (found.chrf, found.least, found.least_span) == (100, None, None)


def test_what_is_not_translated_back_fails_with_its_kind(back):
    result = hold(back(ScriptedModel(lambda request: "Sorry, what?")), german())
    assert (result.kind, result.measures) == ("unparsable", {})


@dataclass(frozen=True)
class Word:
    text: str
    finish: Finish = Finish.STOP
    error: str | None = None
    unknown: int = 0


class EnglishWords:
    """A translator that is no language model."""

    name, revision, keeps_markers, alternatives = "words", "1", False, 1

    def check(self, source: str, target: str) -> None:
        pass

    def translate(self, segments: Sequence[str], source: str, target: str, *, alternative: int = 0) -> list[Word]:
        return [Word(dict(zip(GERMAN, ENGLISH, strict=True)).get(text, text)) for text in segments]


def test_a_translator_that_is_no_language_model_translates_back_too():
    stage = TranslatingBackTranslator(
        {"en": TranslatingStage(EnglishWords(), to="en", layers=())}, lambda translation: ORIGINAL
    )
    (result,) = stage([Item(german())])
    found = BackTranslation.model_validate(result.measures[BACK])
    assert (found.by, found.chrf, found.least) == ("translator:words@1", 100, 100)


def test_chrf_is_100_for_the_same_text_and_0_where_no_letter_is_shared():
    assert chrf("fever", "fever") == chrf("fever", "fever", words=2) == 100
    assert chrf("xyz", "fever") == chrf("", "fever") == 0
    assert 0 < chrf("high fever", "fever") < 100
