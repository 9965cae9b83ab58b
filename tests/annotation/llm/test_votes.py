"""Several samples and several models as one annotator: what enough of them say, and what becomes of failures."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from held_conversations import Respond, ScriptedModel, answer, extraction, hold, record

from annotation.llm.annotator import LlmAnnotator
from annotation.llm.poll import Poll, Voter
from annotation.llm.votes import APART, VotingAnnotator
from annotation.settings import LlmSettings
from curation.errors import LanguageModelError
from curation.models.contract import Answer, Finish, Request, TokenProbability
from curation.record import Alignment, Assertion, Layer, check_layer
from curation.scheme import DocumentLabel, EntityAttribute, RelationType, Scheme

TEXT = "A 54-year-old man with severe chest pain and fever was given aspirin for gout."
CUT_OFF = answer('{"entities": [', Finish.TRUNCATED)
Said = Sequence[str | Answer | LanguageModelError]


def sample_of(request: Request) -> int:
    return request.sample // APART


def in_turn(answers: Said) -> Respond:
    """Each sample has an answer of its own."""
    return lambda request: answers[sample_of(request)]


def voting(scheme: Scheme, *models: ScriptedModel, **settings: object) -> VotingAnnotator:
    chosen = LlmSettings(**{"prompt": "extract.v1", "repairs": 0, **settings})
    return VotingAnnotator([LlmAnnotator(scheme, chosen, {model.name: model}) for model in models], scheme, chosen)


def sampled(scheme: Scheme, answers: Said, **settings: object) -> VotingAnnotator:
    return voting(scheme, ScriptedModel(in_turn(answers)), samples=len(answers), **settings)


def several(scheme: Scheme, *answers: str | Answer | LanguageModelError, **settings: object) -> VotingAnnotator:
    """Models A, B, C ... each with one answer."""
    made = [
        ScriptedModel(lambda request, said=said: said, name=name) for name, said in zip("ABCDE", answers, strict=False)
    ]
    return voting(scheme, *made, **settings)


def layer_of(stage: VotingAnnotator, text: str = TEXT) -> Layer:
    result = hold(stage, record(text))
    assert result.error is None
    return check_layer(record(text), result.layers[0])


def found(layer: Layer) -> dict[str, float | None]:
    return {entity.text: entity.score for entity in layer.entities}


PAIN, FEVER, GOUT = ("chest pain", "signs_symptoms"), ("fever", "signs_symptoms"), ("gout", "diagnosis")


def test_what_more_than_half_of_the_samples_say_is_kept_with_their_share_as_its_score(scheme):
    stage = sampled(
        scheme,
        [extraction(PAIN, GOUT), extraction(PAIN, FEVER), extraction(PAIN, GOUT), extraction(GOUT), extraction(PAIN)],
    )
    result = hold(stage, record(TEXT))
    (layer,) = result.layers
    assert found(layer) == {"chest pain": 0.8, "gout": 0.6}
    assert layer.provenance["votes"] == {"T1": {"m": 4}, "T2": {"m": 3}}
    assert layer.provenance["scores"] == {"T1": {"agreement": 0.8}, "T2": {"agreement": 0.6}}
    assert (layer.name, layer.author, layer.provenance["samples"]) == ("llm", "llm:m@extract.v1", 5)
    assert result.notes == {"left out: entity without enough votes": 1, "scored from agreement of 5 samples": 2}
    model = stage.models["m"]
    assert isinstance(model, ScriptedModel)
    assert [request.sample for request in model.requests] == [0, APART, 2 * APART, 3 * APART, 4 * APART]
    assert len(model.rounds) == 1  # all go out beside each other


@pytest.mark.parametrize(("share", "kept"), [(0.2, 3), (0.6, 2), (0.61, 1), (1.0, 0)])
def test_the_share_that_is_needed_is_a_setting(scheme, share, kept):
    said = [extraction(PAIN, GOUT, FEVER), *[extraction(PAIN, GOUT)] * 2, extraction(PAIN), extraction()]
    assert len(layer_of(sampled(scheme, said, agreement=share)).entities) == kept


def test_a_sample_that_cannot_be_read_does_not_say_no(scheme):
    stage = sampled(scheme, [extraction(PAIN), CUT_OFF, extraction(PAIN, GOUT), LanguageModelError("timeout", "late")])
    result = hold(stage, record(TEXT))
    # Two of four are not more than half: no decision rests on them.
    assert (result.kind, result.layers) == ("incomplete", ())
    stage = sampled(scheme, [extraction(PAIN), CUT_OFF, extraction(PAIN, GOUT)])
    result = hold(stage, record(TEXT))
    (layer,) = result.layers
    assert found(layer) == {"chest pain": 1.0}
    assert layer.provenance["unread"] == []
    assert layer.provenance["unread_samples"] == [
        {"model": "m", "sample": 1, "window": [0, len(TEXT)], "asked": [], "kind": "truncated"}
    ]
    assert layer.provenance["models"]["m"]["samples_read"] == 2
    assert result.notes["sample not read: truncated"] == 1


def test_where_no_sample_can_be_read_the_record_fails_as_with_one(scheme):
    result = hold(sampled(scheme, [CUT_OFF] * 3), record(TEXT))
    assert (result.kind, result.may_pass, result.layers) == ("truncated", False, ())
    lost = LanguageModelError("unreachable", "nobody there")
    assert hold(sampled(scheme, [lost] * 3), record(TEXT)).may_pass
    assert not hold(sampled(scheme, [lost, CUT_OFF, lost]), record(TEXT)).may_pass


def test_each_sample_is_repaired_by_itself(scheme):
    def respond(request: Request) -> str:
        repaired = len(request.messages) > 2
        return extraction(PAIN) if repaired or sample_of(request) == 0 else "I am not sure."

    model = ScriptedModel(respond)
    layer = layer_of(voting(scheme, model, samples=3, repairs=1))
    assert found(layer) == {"chest pain": 1.0}
    assert [[sample_of(request) for request in asked] for asked in model.rounds] == [[0, 1, 2], [1, 2]]


def test_a_place_is_that_of_most_votes_then_the_longest_and_an_assertion_that_of_most(scheme):
    severe = ("severe chest pain", "signs_symptoms")
    stage = sampled(scheme, [extraction(PAIN), extraction(severe), extraction(severe), extraction(("pain", PAIN[1]))])
    assert found(layer_of(stage)) == {"severe chest pain": 1.0}
    assert found(layer_of(sampled(scheme, [extraction(PAIN), extraction(severe)]))) == {"severe chest pain": 1.0}
    denied = (*FEVER, "negated")
    (entity,) = layer_of(sampled(scheme, [extraction(FEVER), extraction(denied), extraction(denied)])).entities
    assert (entity.assertion, entity.score) == (Assertion.NEGATED, 0.6667)


def test_what_is_there_by_most_votes_and_has_no_assertion_by_most_is_left_out_and_counted(scheme):
    said = [extraction(FEVER), extraction((*FEVER, "negated")), extraction((*FEVER, "possible"))]
    result = hold(sampled(scheme, said), record(TEXT))
    assert result.layers[0].entities == ()
    assert result.notes == {"left out: assertion without enough votes": 1}


def test_what_stands_nowhere_is_one_entity_by_its_wording(scheme):
    melanoma = [("metastatic  Melanoma", "diagnosis"), ("metastatic melanoma", "diagnosis")]
    (entity,) = layer_of(sampled(scheme, [extraction(melanoma[0]), extraction(melanoma[1]), extraction()])).entities
    assert (entity.alignment, entity.score) == (Alignment.NONE, 0.6667)


def test_two_entities_of_a_sample_are_two_also_where_another_sample_has_one_for_both(scheme):
    both = ("severe chest pain and fever", "signs_symptoms")
    layer = layer_of(sampled(scheme, [extraction(PAIN, FEVER), extraction(PAIN, FEVER), extraction(both)]))
    assert found(layer) == {"chest pain": 1.0, "fever": 0.6667}


def test_attributes_relations_and_labels_are_voted_on_too(scheme):
    of = scheme.model_copy(
        update={
            "attributes": (EntityAttribute(name="severity", values=("mild", "severe")),),
            "relations": (RelationType(name="treats"),),
            "labels": (DocumentLabel(name="smoker", values=("yes", "no")),),
        }
    )

    def said(severity: str, *, linked: bool, smoker: str) -> str:
        entities = [
            {"id": 1, "text": "aspirin", "category": "pharmacological_therapy", "assertion": "present"},
            {"id": 2, "text": "gout", "category": "diagnosis", "assertion": "present"},
        ]
        entities[1]["attributes"] = {"severity": severity}
        relations = [{"type": "treats", "head": 1, "tail": 2}, {"type": "treats", "head": 2, "tail": 1}]
        return json.dumps(
            {"entities": entities, "relations": relations[: 1 if linked else 2], "labels": {"smoker": smoker}}
        )

    answers = [
        said("severe", linked=True, smoker="no"),
        said("severe", linked=True, smoker="yes"),
        said("mild", linked=False, smoker="no"),
    ]
    result = hold(sampled(of, answers, prompt="entities.v1"), record(TEXT))
    (layer,) = result.layers
    assert [(entity.text, entity.attributes) for entity in layer.entities] == [
        ("aspirin", {}),
        ("gout", {"severity": "severe"}),
    ]
    assert [(relation.head, relation.tail) for relation in layer.relations] == [("T1", "T2")]
    assert layer.labels == {"smoker": "no"}
    assert result.notes["left out: relation without enough votes"] == 1
    apart = [said(severity, linked=True, smoker=smoker) for severity, smoker in (("mild", "yes"), ("severe", "no"))]
    result = hold(sampled(of, apart, prompt="entities.v1"), record(TEXT))
    assert (result.layers[0].labels, result.layers[0].entities[1].attributes) == ({}, {})
    assert result.notes["left out: document label without enough votes"] == 1
    assert result.notes["left out: attribute without enough votes"] == 1


@pytest.mark.parametrize(
    ("merge", "kept"),
    [
        ("vote", {"chest pain": 1.0, "gout": 0.6667}),
        ("union", {"chest pain": 1.0, "gout": 0.6667, "fever": 0.3333}),
        ("intersection", {"chest pain": 1.0}),
    ],
)
def test_several_models_write_one_layer_and_each_vote_has_its_name(scheme, merge, kept):
    stage = several(scheme, extraction(PAIN, GOUT), extraction(PAIN, GOUT), extraction(PAIN, FEVER), merge=merge)
    layer = layer_of(stage)
    assert found(layer) == kept
    assert layer.author == "llm:A,B,C@extract.v1"
    votes = {entity.text: layer.provenance["votes"][entity.id] for entity in layer.entities}
    assert votes["chest pain"] == {"A": 1, "B": 1, "C": 1}
    assert votes.get("gout", {"A": 1, "B": 1}) == {"A": 1, "B": 1}
    assert list(layer.provenance["models"]) == ["A", "B", "C"]
    assert layer.provenance["merge"] == merge


def test_of_two_models_a_vote_keeps_what_both_say(scheme):
    assert found(layer_of(several(scheme, extraction(PAIN, GOUT), extraction(PAIN)))) == {"chest pain": 1.0}


def test_the_samples_of_each_model_have_the_same_weight_together(scheme):
    sure, half = ScriptedModel(lambda request: extraction(PAIN), name="A"), ScriptedModel(name="B")
    half.respond = in_turn([CUT_OFF, extraction(PAIN), extraction()])
    (entity,) = layer_of(voting(scheme, sure, half, samples=3, merge="union")).entities
    assert entity.score == 0.75


@pytest.mark.parametrize("merge", ["vote", "intersection"])
@pytest.mark.parametrize("failure", [CUT_OFF, LanguageModelError("denied", "no"), "no JSON"])
def test_a_model_that_gives_no_answer_is_named_and_the_other_does_not_decide(scheme, merge, failure):
    stage = several(scheme, extraction(PAIN), failure, merge=merge)
    result = hold(stage, record(TEXT))
    assert (result.kind, result.layers) == ("incomplete", ())
    assert "too few of B" in str(result.error)
    # What A said is in the ledger: another try asks B alone.
    first, second = stage.models["A"], stage.models["B"]
    assert isinstance(first, ScriptedModel)
    assert isinstance(second, ScriptedModel)
    second.respond = lambda request: extraction(PAIN)
    again = hold(stage, record(TEXT), attempt=1)
    assert again.error is None
    assert found(again.layers[0]) == {"chest pain": 1.0}
    assert first.paid == 1


def test_what_the_other_models_decide_without_one_is_kept_and_the_record_is_incomplete(scheme):
    result = hold(several(scheme, extraction(PAIN, GOUT), extraction(PAIN), CUT_OFF), record(TEXT))
    (layer,) = result.layers
    assert result.kind == "incomplete"
    assert found(layer) == {"chest pain": 1.0}
    assert result.notes["left out: not decided without the answers that are missing"] == 1
    assert layer.provenance["unread"] == [{"model": "C", "window": [0, len(TEXT)], "asked": [], "kind": "truncated"}]


def test_what_a_sample_has_not_read_of_a_long_text_is_no_vote_against_what_stands_there(scheme):
    parts = ["He had a cough for a week and was otherwise well. ", "Then he had gout, and it was treated at home. "]
    text = parts[0] * 4 + parts[1] * 4

    def respond(request: Request) -> str | Answer:
        asked = request.messages[1].content
        if sample_of(request) == 1 and "gout" in asked:
            return CUT_OFF
        return extraction(*[entity for entity in (("cough", PAIN[1]), GOUT) if entity[0] in asked])

    stage = voting(scheme, ScriptedModel(respond), samples=3, window=70, overlap=0.0)
    result = hold(stage, record(text))
    assert result.error is None
    assert set(found(result.layers[0])) == {"cough", "gout"}
    assert {entity.score for entity in result.layers[0].entities} == {1.0}
    assert result.layers[0].provenance["unread_samples"]


def test_token_probabilities_stand_beside_the_agreement(scheme):
    def respond(request: Request) -> Answer:
        text = extraction(GOUT) if sample_of(request) < 2 else extraction()
        before, word, after = text.partition("gout")
        pieces = [(before, 0.0), (word, math.log((0.4, 0.6, 1.0)[sample_of(request)])), (after, 0.0)]
        return replace(answer(text), logprobs=tuple(TokenProbability(*piece) for piece in pieces))

    layer = layer_of(voting(scheme, ScriptedModel(respond), samples=3))
    assert layer.provenance["scores"] == {"T1": {"logprob": 0.5, "agreement": 0.6667}}
    assert layer.entities[0].score == 0.6667


@pytest.mark.parametrize(
    ("identity", "sent", "said"),
    [
        ({"kind": "endpoint", "parameters": {"temperature": 0}}, 0.7, "since its own is 0"),
        ({"kind": "endpoint", "parameters": {"temperature": 0.2}}, None, "temperature 0.2, as its parameters say"),
        ({"kind": "endpoint", "parameters": {}}, None, "a temperature of its own"),
        ({"kind": "local", "parameters": {"seed": 0}}, 0.7, "since its own is 0"),
        ({"kind": "local", "parameters": {"temperature": 1}}, None, "temperature 1, as its parameters say"),
    ],
)
def test_samples_are_drawn_at_a_temperature_above_zero_and_it_is_said_which(scheme, identity, sent, said):
    model = ScriptedModel(identity=identity)
    stage = voting(scheme, model, samples=2)
    hold(stage, record(TEXT))
    assert {request.sampling.get("temperature") for request in model.requests} == {sent}
    assert said in next(iter(stage.remarks))


def test_one_sample_of_each_model_is_asked_as_each_alone_would_be(scheme):
    model = ScriptedModel(identity={"kind": "endpoint", "parameters": {"temperature": 0}})
    hold(voting(scheme, model, ScriptedModel(name="B")), record(TEXT))
    alone = LlmAnnotator(scheme, LlmSettings(prompt="extract.v1"), {"m": model})
    hold(alone, record(TEXT))
    assert model.paid == 1


def test_a_text_without_words_is_asked_about_by_nobody(scheme):
    stage = several(scheme, extraction(PAIN), extraction(PAIN), samples=2)
    result = hold(stage, record("  \n"))
    assert (result.error, result.layers[0].entities) == (None, ())
    assert not any(model.paid for model in stage.models.values())  # type: ignore[attr-defined]


def test_the_fingerprint_covers_models_samples_and_rules(scheme):
    def of(*names: str, **settings: object) -> str:
        return voting(scheme, *[ScriptedModel(name=name) for name in names], **settings).fingerprint

    prints: list[str] = [
        of("A", "B"),
        of("A", "C"),
        of("A"),
        of("A", samples=3),
        of("A", "B", merge="union"),
        of("A", "B", agreement=0.4),
        of("A", "B", prompt="naive"),
    ]
    assert len(set(prints)) == len(prints)
    assert of("A", "B") == prints[0]


def test_all_yes_is_kept_and_all_no_is_not_by_every_rule():
    layer = Layer(record_id="r", name="llm", author="llm:A")
    voters = [Voter(model, sample, record("x"), layer) for model in "AB" for sample in range(3)]
    names = {voter.name for voter in voters}
    for merge in ("vote", "union", "intersection"):
        poll = Poll(voters, merge)
        assert poll.outcome(names, names) == (True, 1.0)
        assert poll.outcome((), names) == (False, 0.0)
        assert poll.outcome((), ())[0] is None
        assert list(poll.missing()) == []
