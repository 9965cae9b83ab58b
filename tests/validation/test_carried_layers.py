"""What was translated here, with its layers: sound translations have no finding, lost and doubtful spans have one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from held_conversations import ScriptedModel, hold
from scripted_translation import ParallelTranslator

from curation.record import Alignment, Entity, Layer, Record
from curation.scheme import Scheme
from curation.settings import TranslateSettings
from curation.stage import Item
from curation.translate.asking import AskingTranslator
from validation.measures.translation import TRANSLATION, paired
from validation.settings import ValidationSettings
from validation.translation.pair import measured


def translated(scheme: Scheme, rates: Mapping[str, float], number: int) -> list[tuple[Item, Item]]:
    """Generated records with their translations by a translator that damages markers so often."""
    translator = ParallelTranslator(rates)
    translator.told(number, seed=7)
    model = ScriptedModel(translator.respond)
    stage = AskingTranslator(scheme, TranslateSettings(), {"m": model}, to="de", layers=("gold",))
    pairs = []
    for english, layer in translator.records:
        result = hold(stage, english, layer)
        (german,), (carried,) = result.records, result.layers
        pairs.append((Item(english, {"gold": layer}), Item(german, {"gold": carried})))
    return pairs


def failing(original: Item, translation: Item, scheme: Scheme) -> tuple[dict[str, object], set[str]]:
    """The row of a pair, and the rules that it breaks by their default limits."""
    settings = ValidationSettings()
    row = measured(paired(original, translation, ("gold",)), aligned=settings.translation.aligned)
    broken = set()
    for rule in TRANSLATION.rules:
        bounds, value = rule.parameters(settings, scheme), row.get(rule.column)
        if isinstance(value, int | float):
            low, high = bounds.get("min_value", value), bounds.get("max_value", value)
            broken |= set() if low <= value <= high else {rule.name}
    return row, broken


@pytest.mark.long
@pytest.mark.parametrize("rates", [{}, {"dropped": 0.5, "doubled": 0.2, "exchanged": 0.3}], ids=["whole", "damaged"])
def test_spans_of_generated_records_have_the_findings_that_the_projection_says(
    scheme: Scheme, rates: Mapping[str, float]
) -> None:
    for original, translation in translated(scheme, rates, 3):
        row, broken = failing(original, translation, scheme)
        states = Counter(how["state"] for how in translation.layers["gold"].provenance["projection"].values())
        assert row["projected_disagreeing"] == len(row["projected_disagreeing_entities"]) == states["disagreeing"]
        assert row["entities_lost"] == states["lost"]
        assert ("projections_agree" in broken) == bool(states["disagreeing"])
        assert ("entities_translated" in broken) == bool(states["lost"])


def report(text: str, id: str, language: str, of: str | None = None) -> Record:
    return Record(id=id, group="g", source="test", language=language, text=text, translation_of=of)


def test_a_dropped_sentence_is_seen_whatever_its_entities_were_put_on() -> None:
    """An entity that only one method found stands somewhere else: it does not excuse the sentence."""
    english = report(
        "The patient came with dyspnoea. The computed tomography showed bleeding of the stomach. He went home.",
        "en",
        "en",
    )
    german = report("Der Patient kam mit Dyspnoe. Er ging nach Hause.", "de", "de", "en")
    words = {"dyspnoea": "Dyspnoe", "bleeding of the stomach": "nach Hause"}

    def layer(of: Record, entities: Mapping[str, str], **provenance: object) -> Layer:
        placed = [
            Entity.at(of.text, of.text.index(word), of.text.index(word) + len(word), "signs_symptoms", id=id)
            for id, word in entities.items()
        ]
        return Layer(record_id=of.id, name="gold", author="gold", entities=tuple(placed), provenance=provenance)

    def found(*states: str) -> Mapping[str, object]:
        how = dict(zip(words, states, strict=True))
        projection = {id: {"state": state, "method": "marker"} for id, state in how.items()}
        carried = layer(german, words, carried_from={"record": "en"}, projection=projection)
        gold = layer(english, {word: word for word in words})
        return measured(paired(Item(english, {"gold": gold}), Item(german, {"gold": carried}), ("gold",)), aligned=0.5)

    assert found("agreed", "single")["dropped_sentences"] == 1
    assert found("agreed", "disagreeing")["dropped_sentences"] == 1
    assert found("agreed", "disagreeing")["projected_disagreeing_entities"] == ["bleeding of the stomach"]
    # Two methods say so: it was moved, as far as the layers tell.
    assert found("agreed", "agreed")["dropped_sentences"] == 0


def test_a_layer_that_was_not_carried_over_has_no_methods_to_disagree() -> None:
    english, german = report("He had fever.", "en", "en"), report("Er hatte Fieber.", "de", "de", "en")
    two = [
        Layer(
            record_id=of.id, name="gold", author="gold", entities=(Entity.at(of.text, at, at + length, "age", id="a"),)
        )
        for of, at, length in ((english, 7, 5), (german, 9, 6))
    ]
    row = measured(paired(Item(english, {"gold": two[0]}), Item(german, {"gold": two[1]}), ("gold",)), aligned=0.5)
    assert row["projected_disagreeing"] is None
    assert row["entities_untranslated"] == 0
    assert all(entity.alignment is Alignment.EXACT for layer in two for entity in layer.entities)
