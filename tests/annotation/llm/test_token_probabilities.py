"""The score of an entity from the probabilities of its tokens."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest
from held_conversations import ScriptedModel, answer, extraction, hold, record

from annotation.llm.annotator import LlmAnnotator
from annotation.llm.token_probabilities import LocatedTokens
from annotation.settings import LlmSettings
from curation.models.contract import Answer, TokenProbability


def tokens(text: str, unsure: dict[str, float], pattern: str = r'"[,:]? ?"?|\w+|.') -> tuple[TokenProbability, ...]:
    """The text in pieces, each sure but those that contain one of the words."""
    return tuple(
        TokenProbability(piece, next((math.log(p) for word, p in unsure.items() if word in piece), 0.0))
        for piece in re.findall(pattern, text, re.DOTALL)
    )


def said(text: str, unsure: dict[str, float], **more: str) -> Answer:
    return replace(answer(text), logprobs=tokens(text, unsure, **more))


def layer_of(scheme, given: Answer, text: str, prompt: str = "extract.v1", language: str = "en"):
    model = ScriptedModel(lambda request: given)
    result = hold(LlmAnnotator(scheme, LlmSettings(prompt=prompt), {"m": model}), record(text, language=language))
    assert result.error is None
    return result


def scores(layer) -> dict[str, float | None]:
    return {entity.text: entity.score for entity in layer.entities}


def test_the_score_is_the_geometric_mean_over_the_tokens_of_the_wording(scheme):
    text = extraction(("chest pain", "signs_symptoms"), ("gout", "diagnosis"))
    result = layer_of(scheme, said(text, {"chest": 0.9, "pain": 0.4, "diagnosis": 0.01}), "Gout and chest pain, gout.")
    (layer,) = result.layers
    # Three pieces: the blank between them is sure.
    mean = round((0.9 * 0.4) ** (1 / 3), 4)
    assert scores(layer) == {"chest pain": mean, "gout": 1.0}
    ids = {entity.text: entity.id for entity in layer.entities}
    assert layer.provenance["scores"] == {ids["chest pain"]: {"logprob": mean}, ids["gout"]: {"logprob": 1.0}}
    assert result.notes["scored from token probabilities"] == 2


def test_the_same_wording_twice_has_the_probability_of_each_place(scheme):
    text = extraction(("cough", "signs_symptoms"), ("cough", "signs_symptoms"))
    first, second = text.index("cough"), text.rindex("cough")
    pieces = [(text[:first], 1.0), ("cough", 0.5), (text[first + 5 : second], 1.0), ("cough", 0.2)]
    pieces.append((text[second + 5 :], 1.0))
    logprobs = tuple(TokenProbability(piece, math.log(p)) for piece, p in pieces)
    result = layer_of(scheme, replace(answer(text), logprobs=logprobs), "A cough, and again a cough.")
    assert [entity.score for entity in result.layers[0].entities] == [0.5, 0.2]


def test_tokens_that_straddle_quotation_marks_and_escapes_belong_to_the_wording(scheme):
    content = {"entities": [{"text": "Übelkeit \u201eoft\u201c", "category": "signs_symptoms", "assertion": "present"}]}
    text = json.dumps(content)  # with escapes
    pieces = re.split(r"(?<=text)|(?<=00dc)|(?<=keit )|(?=, \"cat)", text)
    assert pieces[1] == '": "\\u00dc'
    logprobs = tuple(map(TokenProbability, pieces, [-9.0, math.log(0.5), math.log(0.4), math.log(0.1), -9.0]))
    result = layer_of(
        scheme, replace(answer(text), logprobs=logprobs), "Klagt über Übelkeit \u201eoft\u201c.", language="de"
    )
    (entity,) = result.layers[0].entities
    assert entity.score == round((0.5 * 0.4 * 0.1) ** (1 / 3), 4)


@pytest.mark.parametrize(
    ("prompt", "content"),
    [
        ("naive", {"signs_symptoms": "cough; chest pain", "age": 54, "diagnosis": "N/A"}),
        ("naive", {"signs_symptoms": ["- cough", "chest pain"], "age": "54"}),
        ("naive", {"Signs and symptoms": "- cough\n- chest pain", "age": "54"}),
        (
            "evidence",
            {
                "signs_symptoms": [{"value": "cough", "quote": "a cough"}, {"value": "chest pain", "quote": "pain"}],
                "age": [{"value": 54, "quote": "54-year-old"}],
            },
        ),
    ],
)
def test_facts_of_the_flat_styles_have_scores_too(scheme, prompt, content):
    absent = [name for name in scheme.flat_keys if name not in content and name != "signs_symptoms"]
    text = json.dumps({**content, **dict.fromkeys(absent, "N/A")})
    given = said(text, {"cough": 0.5, "chest": 0.25, "54": 0.125})
    (layer,) = layer_of(scheme, given, "A 54-year-old man with a cough and chest pain.", prompt).layers
    found = [entity.score for entity in layer.entities]
    assert found[:2] == [0.125, 0.5]
    # Where the proof is worded otherwise, it is the entity; the score is of what the model gave as the value.
    assert found[2] == round(0.25 ** (1 / 3), 4)


def test_thoughts_before_an_answer_and_signs_behind_it_move_nothing(scheme):
    text = extraction(("gout", "diagnosis"))
    draft = f"<think>{text}</think>"
    pieces = (*tokens(draft, {"gout": 0.9}), *tokens(f"{text}<|end|>", {"gout": 0.3}))
    given = replace(answer(f"\n{text}"), logprobs=pieces)
    (layer,) = layer_of(scheme, given, "He has gout.").layers
    assert scores(layer) == {"gout": 0.3}


@pytest.mark.parametrize("pieces", [None, (TokenProbability("another text", -0.1),), (TokenProbability("", -0.1),)])
def test_without_tokens_of_this_text_there_is_no_score(scheme, pieces):
    given = replace(answer(extraction(("gout", "diagnosis"))), logprobs=pieces)
    result = layer_of(scheme, given, "He has gout.")
    assert scores(result.layers[0]) == {"gout": None}
    assert result.layers[0].provenance["scores"] == {}
    assert not [note for note in result.notes if note.startswith("scored")]


def test_where_probabilities_were_asked_for_it_is_said_that_there_are_none(scheme):
    model = ScriptedModel(lambda request: extraction(("gout", "diagnosis")), identity={"kind": "x", "logprobs": True})
    result = hold(LlmAnnotator(scheme, LlmSettings(prompt="extract.v1"), {"m": model}), record("He has gout."))
    assert result.notes["scored from nothing"] == 1


def test_the_wording_in_a_repaired_answer_has_the_score_of_that_answer(scheme):
    right = extraction(("gout", "diagnosis"))
    model = ScriptedModel(lambda request: said(right if len(request.messages) > 2 else "no", {"gout": 0.7}))
    (layer,) = hold(LlmAnnotator(scheme, LlmSettings(prompt="extract.v1"), {"m": model}), record("Gout: gout.")).layers
    assert scores(layer) == {"gout": 0.7} or scores(layer) == {"Gout": 0.7}


def test_pieces_without_letters_count_where_they_stand_within():
    pieces = tuple(map(TokenProbability, ["a", "", "b", ""], map(math.log, [0.5, 0.25, 0.125, 0.1])))
    tokens = LocatedTokens.of(replace(answer("ab"), logprobs=pieces))
    assert tokens is not None
    assert tokens.probability((0, 2)) == pytest.approx((0.5 * 0.25 * 0.125) ** (1 / 3))
    assert tokens.probability((1, 2)) == pytest.approx(0.125)
    assert tokens.probability((2, 4)) is None
