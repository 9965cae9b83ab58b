"""Several translations of a record: which of them stands, and when the earlier one stays."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from held_conversations import ScriptedModel, hold, record

from curation.errors import LanguageModelError, UsageError
from curation.models.contract import Answer, Request
from curation.record import Record
from curation.scheme import Scheme
from curation.settings import TranslateSettings
from curation.stage import Result
from curation.translate.asking import APART, AskingTranslator
from curation.translate.candidates import CandidateRank, TranslationCandidate
from curation.translate.retranslating import FAILED, REPLACED, SAME, STAYS, Retranslating
from curation.translate.translated import MadeTranslation

ORIGINAL = record("She had fever.", id="en")
#: By their wordings, the ranks of translations.
RANKS = {
    "Sie hatte Feuer.": CandidateRank(2, 0, 0.1),
    "Sie hatte nichts.": CandidateRank(1, 1, 0.1),
    "Sie hatte Fieber.": CandidateRank(1, 0, 0.3),
    "Es bestand Fieber.": CandidateRank(1, 0, 0.2),
}


def says(*wordings: str | LanguageModelError) -> Callable[[Request], str | Answer | LanguageModelError]:
    """What is said to the question of each candidate, the earlier translation first."""

    def respond(request: Request) -> str | LanguageModelError:
        said = wordings[request.sample // APART]
        return said if isinstance(said, LanguageModelError) else json.dumps({"1": said})

    return respond


class Stages:
    """Makes the stage over the first translation of a model."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme

    def translator(self, model: ScriptedModel) -> AskingTranslator:
        return AskingTranslator(self.scheme, TranslateSettings(), {"m": model}, to="de", layers=())

    def held(self, *wordings: str | LanguageModelError, known: tuple[str, ...] = ()) -> tuple[Record, Result]:
        """The earlier translation, and what comes of as many candidates as there are other wordings."""
        model = ScriptedModel(says(*wordings))
        first = self.translator(model)
        (earlier,) = hold(first, ORIGINAL).records
        stage = Retranslating(
            [first.alternative(number, 0.7) for number in range(1, len(wordings))],
            examiners=[],
            earlier=lambda original: TranslationCandidate(earlier, {}),
            known=lambda original: {earlier.text, *known},
            weigh=lambda item, candidate: RANKS[candidate.record.text],
            only={"en"},
            depends=None,
        )
        return earlier, hold(stage, ORIGINAL)


@pytest.fixture
def stages(scheme: Scheme) -> Stages:
    return Stages(scheme)


@pytest.mark.parametrize(
    ("earlier", "candidates", "best"),
    [
        ("Sie hatte Feuer.", ["Sie hatte nichts."], "Sie hatte nichts."),  # fewer checks, whatever is lost
        ("Sie hatte nichts.", ["Sie hatte Feuer.", "Sie hatte Fieber."], "Sie hatte Fieber."),  # fewer lost spans
        ("Sie hatte Fieber.", ["Es bestand Fieber.", "Sie hatte Feuer."], "Es bestand Fieber."),  # the better score
        ("Es bestand Fieber.", ["Sie hatte Fieber.", "Sie hatte nichts.", "Sie hatte Feuer."], None),
    ],
)
def test_the_best_stands_if_it_beats_the_earlier_one(stages, earlier, candidates, best):
    before, result = stages.held(earlier, *candidates)
    assert [found.text for found in result.records] == ([best] if best else [])
    assert result.notes == {REPLACED if best else STAYS: 1}
    for found in result.records:
        made, first = MadeTranslation.of(found, ORIGINAL), MadeTranslation.of(before, ORIGINAL)
        assert (made.replaces, made.stands_for) == (before.id, first.by)
        assert made.by != first.by


def test_wordings_that_are_there_already_are_no_candidates(stages):
    _, result = stages.held("Sie hatte Feuer.", "Sie hatte Feuer.", "Sie hatte Fieber.", "Sie hatte Fieber.")
    assert [found.text for found in result.records] == ["Sie hatte Fieber."]
    assert result.notes == {SAME: 2, REPLACED: 1}
    _, again = stages.held("Sie hatte Feuer.", "Sie hatte Fieber.", known=(result.records[0].text,))
    assert (again.records, again.notes) == ((), {SAME: 1, STAYS: 1})


def test_a_candidate_that_fails_leaves_the_others_and_is_counted(stages):
    refused = LanguageModelError("refused", "no")
    _, result = stages.held("Sie hatte Feuer.", refused, "Sie hatte Fieber.")
    assert [found.text for found in result.records] == ["Sie hatte Fieber."]
    assert result.notes == {FAILED: 1, REPLACED: 1}
    _, none = stages.held("Sie hatte Feuer.", refused, refused)
    assert (none.records, none.kind, none.may_pass) == ((), "refused", False)


def test_while_a_candidate_may_still_come_nothing_is_chosen(stages):
    unreachable = LanguageModelError("unreachable", "no server")
    _, result = stages.held("Sie hatte Feuer.", "Sie hatte Fieber.", unreachable)
    assert (result.records, result.kind, result.may_pass) == ((), "unreachable", True)


def test_alternatives_differ_and_the_first_is_the_translator_itself(stages):
    cold = ScriptedModel(identity={"kind": "local"})
    translator = stages.translator(cold)
    alternatives = [translator.alternative(number, 0.7) for number in range(3)]
    assert alternatives[0].signature == translator.signature
    assert len({each.signature.by for each in alternatives}) == 3
    assert alternatives[1].signature.by != translator.alternative(1, 0.9).signature.by


def test_without_a_translator_nothing_is_made_again():
    with pytest.raises(UsageError, match="expected a translator"):
        Retranslating(
            [],
            examiners=[],
            earlier=lambda original: TranslationCandidate(original, {}),
            known=lambda original: (),
            weigh=lambda item, candidate: CandidateRank(0, 0, 0),
            only=(),
            depends=None,
        )
