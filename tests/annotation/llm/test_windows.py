"""Long texts in windows: all is asked about, what stands in two windows is there once, nothing is silent."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from held_conversations import ScriptedModel, answer, hold, record

from annotation.llm.annotator import LlmAnnotator
from annotation.llm.windows import CHARACTERS_A_TOKEN, windows
from annotation.settings import LlmSettings
from curation.errors import LanguageModelError
from curation.models.contract import Finish
from curation.models.tokens import count_tokens
from curation.scheme import Category, DocumentLabel, RelationType, Scheme

SENTENCES = [f"On day {number} she had fever{number} and took drug{number}. " for number in range(1, 41)]
LONG = "".join(SENTENCES)
UMLAUTS = "".join(f"Am {number}. Tag bestand Übelkeit{number} mit Schüttelfrost. " for number in range(1, 41))


def scheme(**more: object) -> Scheme:
    names = ("symptom", "drug")
    categories = tuple(Category(name=name, label={"en": name}, colour="#112233", hotkey=None) for name in names)
    return Scheme(name="s", categories=categories, **more)


@pytest.mark.parametrize(
    "text", [LONG, UMLAUTS, "x" * 5_000, "word " * 1_000, "line\n" * 1_000, " \n" * 900 + "x", "é🙂" * 900]
)
@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("longest", [50, 120])
def test_windows_cover_the_text_and_none_is_too_long(text, overlap, longest):
    most = longest * CHARACTERS_A_TOKEN
    spans = windows(text, "en", longest=longest, overlap=overlap)
    assert (spans[0][0], spans[-1][1]) == (0, len(text))
    assert all(0 < end - start <= most for start, end in spans)
    for (start, end), (start_, end_) in pairwise(spans):
        assert start < start_ <= end < end_
        assert end - start_ <= most * overlap


def test_windows_begin_and_end_between_sentences():
    spans = windows(LONG, "en", longest=100, overlap=0.2)
    assert len(spans) > 5
    assert all(LONG[start:end].startswith("On day ") and LONG[start:end].endswith(". ") for start, end in spans)
    assert all(end > start for (_, end), (start, _) in pairwise(spans))


def test_a_short_text_is_one_window():
    assert windows("Fever.", "en", longest=50, overlap=0.5) == [(0, 6)]
    assert windows(LONG, "en", longest=len(LONG), overlap=0.5) == [(0, len(LONG))]


def everything(request):
    """All that stands in a window, with a relation between the two of each sentence."""
    text = request.messages[1].content
    entities, relations = [], []
    for number in re.findall(r"fever(\d+)", text):
        at = len(entities) + 1
        entities += [
            {"id": at, "text": f"fever{number}", "category": "symptom", "assertion": "present"},
            {"id": at + 1, "text": f"drug{number}", "category": "drug", "assertion": "present"},
        ]
        relations.append({"type": "treats", "head": at + 1, "tail": at})
    labels = {"state": "ill"}
    return json.dumps({"entities": entities, "relations": relations, "labels": labels})


FULL = {"relations": (RelationType(name="treats"),), "labels": (DocumentLabel(name="state", values=("ill", "well")),)}


def made(respond, *, prompt: str = "entities", of: Scheme | None = None, window: int = 100, **settings: object):
    model = ScriptedModel(respond=respond)
    chosen = LlmSettings(prompt=prompt, window=window, overlap=0.2, **settings)
    return model, LlmAnnotator(of or scheme(**FULL), chosen, {"m": model})


@pytest.mark.parametrize("prompt", ["entities", "per-category", "naive"])
def test_all_windows_are_asked_at_once_and_merged_without_doubles(prompt):
    def respond(request):
        if "entities" in request.schema["properties"]:
            whole = json.loads(everything(request))
            asked = re.search(r"one category only: (\w+)", request.messages[0].content)
            if asked:
                whole["entities"] = [one for one in whole["entities"] if one["category"] == asked[1]]
            return json.dumps(whole)
        found = json.loads(everything(request))["entities"]
        flat = {
            name: "; ".join(one["text"] for one in found if one["category"] == name) for name in ("symptom", "drug")
        }
        return json.dumps({**flat, "state": "ill"} if prompt == "naive" else {"labels": {"state": "ill"}})

    model, annotate = made(respond, prompt=prompt)
    result = hold(annotate, record(LONG))
    (layer,) = result.layers
    assert result.error is None
    assert len(model.rounds) == 1
    assert [(entity.text, LONG[entity.start : entity.end]) for entity in layer.entities] == [
        (f"{word}{number}", f"{word}{number}") for number in range(1, 41) for word in ("fever", "drug")
    ]
    assert layer.labels == {"state": "ill"}
    assert layer.provenance["doubles"] > 0
    assert result.notes["texts in several windows"] == 1
    if prompt == "entities":
        ids = {entity.id: entity.text for entity in layer.entities}
        linked = [(ids[relation.head], ids[relation.tail]) for relation in layer.relations]
        assert linked == [(f"drug{number}", f"fever{number}") for number in range(1, 41)]


@pytest.mark.parametrize(
    ("failed", "kind", "may_pass"),
    [
        (answer("", Finish.REFUSED), "refused", False),
        (answer('{"entities": [{"text": "fever9"', Finish.TRUNCATED), "truncated", False),
        ("I see.", "unparsable", False),
        (LanguageModelError("unreachable", "x"), "unreachable", True),
    ],
)
def test_a_window_without_an_answer_is_told_and_the_others_are_kept(failed, kind, may_pass):
    model, annotate = made(lambda request: failed if "fever9 " in request.messages[1].content else everything(request))
    result = hold(annotate, record(LONG))
    (layer,) = result.layers
    missing = [tuple(part["window"]) for part in layer.provenance["unread"]]
    assert missing
    assert all("fever9 " in LONG[start:end] for start, end in missing)
    assert {part["kind"] for part in layer.provenance["unread"]} == {kind}
    assert (result.kind, result.may_pass, result.notes[f"not answered: {kind}"]) == (
        "incomplete",
        may_pass,
        len(missing),
    )
    assert f"got {len(missing)} without one ({kind}); the others are kept" in result.error
    answered = [span for span in map(tuple, layer.provenance["windows"]) if span not in missing]
    texts = [entity.text for entity in layer.entities]
    assert texts == [
        text
        for text in re.findall(r"fever\d+|drug\d+", LONG)
        if any(text in LONG[slice(*span)].replace(".", " ").split() for span in answered)
    ]
    # Tried again, only what is missing is paid for.
    paid = model.paid
    model.respond = everything
    again = hold(annotate, record(LONG), attempt=1)
    assert (again.error, len(again.layers[0].entities)) == (None, 80)
    assert model.paid - paid == len(missing)


def test_all_windows_without_an_answer_are_the_records_failure():
    _, annotate = made(lambda request: answer("", Finish.REFUSED))
    result = hold(annotate, record(LONG))
    assert (result.layers, result.kind) == ((), "refused")


def test_a_label_on_which_windows_disagree_is_left_out_and_counted():
    def respond(request):
        state = "ill" if "fever1 " in request.messages[1].content else "well"
        return json.dumps({**json.loads(everything(request)), "labels": {"state": state}})

    _, annotate = made(respond)
    result = hold(annotate, record(LONG))
    assert (result.layers[0].labels, result.notes["left out: document label that windows disagree on"]) == ({}, 1)


def test_what_stands_nowhere_is_there_once_and_the_longer_of_two_in_an_overlap_stays():
    def respond(request):
        text = request.messages[1].content
        first = "fever1 " in text
        quotes = ["melanoma", *re.findall(r"fever\d+ and took drug\d+" if first else r"fever\d+", text)]
        entities = [{"id": n, "text": q, "category": "symptom", "assertion": "present"} for n, q in enumerate(quotes)]
        return json.dumps({"entities": entities, "relations": [], "labels": {"state": "ill"}})

    _, annotate = made(respond)
    (layer,) = hold(annotate, record(LONG)).layers
    assert [entity.text for entity in layer.entities if not entity.spans] == ["melanoma"]
    starts = [entity.start for entity in layer.entities if entity.spans]
    assert len(starts) == len(set(starts)) == 40


@pytest.mark.timeout(60)
def test_a_very_long_text_is_asked_about_in_pieces():
    text = LONG * 90
    assert len(text) > 134_660
    model, annotate = made(
        lambda request: json.dumps({"entities": [], "relations": [], "labels": {"state": "ill"}}), window=4_000
    )
    assert hold(annotate, record(text)).error is None
    assert len(model.requests) > 10
    assert max(len(request.messages[1].content) for request in model.requests) < 4_000 * CHARACTERS_A_TOKEN + 100


def test_windows_fit_the_context_that_a_model_says_it_has():
    class Small(ScriptedModel):
        context = 1_000

    model = Small(respond=lambda request: json.dumps({"entities": [], "relations": [], "labels": {"state": "ill"}}))
    annotate = LlmAnnotator(scheme(**FULL), LlmSettings(), {"m": model})
    assert hold(annotate, record(LONG * 4)).error is None
    assert len(model.requests) > 3
    assert all(count_tokens(request.messages).tokens < 1_000 for request in model.requests)
    unbounded = LlmAnnotator(scheme(**FULL), LlmSettings(), {"m": ScriptedModel(respond=model.respond)})
    assert len(unbounded.questions(record(LONG * 4))) == 1
    assert unbounded.fingerprint != annotate.fingerprint
