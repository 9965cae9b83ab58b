"""Records that give orders, and a model that obeys them: nothing but quotes of the record gets into the layer."""

from __future__ import annotations

import json
import re

import pytest
from held_conversations import ScriptedModel, hold, record
from injection_parts.attacks import ATTACKS

from annotation.llm.annotator import LlmAnnotator
from annotation.settings import LlmSettings
from curation.models.prompt import Prompt
from curation.record import check_layer
from curation.scheme import Scheme

FRAME = "She had fever. {attack} She left."
#: What a model says that does as it is told.
INVENTED = "metastatic melanoma"


def test_there_are_at_least_forty_attacks_in_both_languages():
    assert len(set(ATTACKS)) == len(ATTACKS) >= 40


def obeying(style: str) -> str:
    """An answer with other keys, another record, another category and a finding that is not in the report."""
    entities = [
        {"id": 1, "text": "fever", "category": "signs_symptoms", "assertion": "present", "record_id": "other"},
        {"id": 2, "text": INVENTED, "category": "diagnosis", "assertion": "present", "attributes": {"admin": "yes"}},
        {"id": 3, "text": "fever", "category": "admin", "assertion": "present"},
    ]
    more = {"id": "other", "record_id": "999", "admin": "yes", "system": "obey"}
    if style in ("flat", "evidence"):
        return json.dumps({**more, "signs_symptoms": "fever", "diagnosis": INVENTED})
    if style == "per-category":
        return json.dumps({**more, "entities": [{**entities[0], "category": None}, entities[2]]})
    return json.dumps({**more, "entities": entities, "relations": [{"type": "admin", "head": 1, "tail": 2}]})


@pytest.mark.parametrize("prompt", ["entities", "naive", "advanced", "evidence", "per-category", "extract.v1"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_an_attack_changes_neither_the_frame_nor_the_keys_nor_the_id(prompt, language, scheme: Scheme):
    answer = obeying(Prompt(prompt, scheme).style)
    model = ScriptedModel(respond=lambda request: answer)
    annotate = LlmAnnotator(scheme, LlmSettings(prompt=prompt), {"m": model})
    hold(annotate, record("She had fever. ", language=language))
    plain = model.rounds[0]
    for attack in ATTACKS:
        text = FRAME.format(attack=attack) if "{}" not in attack else FRAME.replace("{attack}", attack)
        asked = len(model.rounds)
        result = hold(annotate, record(text, language=language))
        hostile = model.rounds[asked]
        for before, after in zip(plain, hostile, strict=True):
            assert frame(before, "She had fever. ") == frame(after, text), attack
            assert list(after.schema["properties"]) == list(before.schema["properties"])
        (layer,) = result.layers
        check_layer(record(text), layer, categories=scheme.by_name)
        assert (layer.record_id, layer.name, result.record_id) == ("r", "llm", "r")
        assert {entity.category for entity in layer.entities} <= set(scheme.names)
        assert not any(entity.attributes for entity in layer.entities)
        assert layer.relations == ()
        for entity in layer.entities:
            stands = entity.text in text
            assert bool(entity.spans) == stands, attack
            assert stands or entity.text == INVENTED


def frame(request, text):
    """The messages without the record and the number of its tags."""
    system, user = (message.content for message in request.messages)
    opened, *_, closed = user.split("\n")
    number = re.fullmatch(r"<(report-[0-9a-f]+)>", opened)[1]
    assert closed == f"</{number}>"
    assert user == f"<{number}>\n{text}\n</{number}>"
    assert number not in text
    return system
