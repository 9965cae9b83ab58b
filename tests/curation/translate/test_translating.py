"""A translator of plain texts as a stage: without markers, each wording looked for by its own translation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from held_conversations import record

from curation.errors import UsageError
from curation.models.contract import Finish
from curation.record import Alignment, Entity, Layer, Record, check_layer
from curation.stage import Item, Result
from curation.translate.termbase import GlossaryTerm
from curation.translate.translated import StandingTranslation
from curation.translate.translating import TranslatingStage

TEXT = "Findings:\n- Fever of 38.5 °C\n- No cough"
GERMAN = {
    "Findings:": "Befunde:",
    "Fever of 38.5 °C": "Fieber von 38,5 °C",
    "No cough": "Kein Husten",
    "Fever": "Fieber",
    "cough": "Husten.",
}


@dataclass(frozen=True)
class Said:
    text: str
    finish: Finish = Finish.STOP
    error: str | None = None
    unknown: int = 0


@dataclass
class Dictionary:
    """Says what it has, and that it has not."""

    german: dict[str, str]
    finish: Finish = Finish.STOP
    name: str = "dictionary"
    revision: str = "1"
    keeps_markers: bool = False
    alternatives: int = 1
    calls: list[list[str]] = field(default_factory=list)

    def check(self, source: str, target: str) -> None:
        if (source, target) != ("en", "de"):
            raise UsageError(f"expected en-de, got {source}-{target}")

    def translate(self, segments: Sequence[str], source: str, target: str, *, alternative: int = 0) -> list[Said]:
        self.check(source, target)
        self.calls.append(list(segments))
        return [
            Said(self.german[text], self.finish)
            if text in self.german
            else Said("", Finish.EMPTY, error="expected a known text, got another one")
            for text in segments
        ]


def layer_of(of: Record, *words: str) -> Layer:
    entities = [
        Entity.at(of.text, of.text.index(word), of.text.index(word) + len(word), "signs_symptoms", id=word)
        for word in words
    ]
    return Layer(record_id=of.id, name="gold", author="gold", entities=tuple(entities))


def held(translator: Dictionary, *items: Item, terms: Sequence[GlossaryTerm] = (), **more: object) -> list[Result]:
    return TranslatingStage(translator, to="de", layers=("gold",), terms=terms, **more)(items)


def item(of: Record, *words: str) -> Item:
    return Item(of, {"gold": layer_of(of, *words)})


def test_all_texts_are_translated_at_once_and_layers_travel() -> None:
    translator = Dictionary(GERMAN)
    reports = [record(TEXT), record("No cough", "r2")]
    first, second = held(translator, item(reports[0], "Fever", "cough"), item(reports[1], "cough"))
    assert first.records[0].text == "Befunde:\n- Fieber von 38,5 °C\n- Kein Husten"
    assert second.records[0].text == "Kein Husten"
    assert [entity.text for entity in first.layers[0].entities] == ["Fieber", "Husten"]
    check_layer(first.records[0], first.layers[0])
    assert first.layers[0].author == "translator:dictionary@1"
    assert first.layers[0].provenance["projection"]["Fever"]["state"] == "agreed"
    assert len(translator.calls) == 1
    assert len(set(translator.calls[0])) == len(translator.calls[0])


@pytest.mark.parametrize(
    ("translator", "kind", "why"),
    [
        (Dictionary({**GERMAN, "No cough": " "}), "empty", "1 without one (empty)"),
        (Dictionary(GERMAN, Finish.TRUNCATED), "truncated", "3 without one (truncated)"),
        (Dictionary({}), "unfit", "expected a known text, got another one"),
    ],
)
def test_a_record_with_a_sentence_that_is_not_whole_fails(translator: Dictionary, kind: str, why: str) -> None:
    (result,) = held(translator, item(record(TEXT), "Fever"))
    assert (result.kind, result.records) == (kind, ())
    assert result.error is not None
    assert why in result.error


def test_a_wording_that_is_not_translated_is_no_failure() -> None:
    less = {text: said for text, said in GERMAN.items() if text != "Fever"}
    (result,) = held(Dictionary(less), item(record(TEXT), "Fever"))
    (entity,) = result.layers[0].entities
    state = result.layers[0].provenance["projection"]["Fever"]["state"]
    assert (state == "lost") == (entity.alignment is Alignment.NONE)


def test_a_standing_translation_gets_the_layer_and_keeps_its_text() -> None:
    report = record(TEXT)
    (first,) = held(Dictionary(GERMAN), item(report, "Fever"))
    standing = StandingTranslation(first.records[0])
    translator = Dictionary(GERMAN)
    (result,) = held(translator, item(report, "Fever", "cough"), standing=lambda found: standing)
    assert result.records == ()
    assert [entity.text for entity in result.layers[0].entities] == ["Fieber", "Husten"]
    assert translator.calls == [["Fever", "cough"]]


def test_terms_and_numbers_are_counted() -> None:
    terms = [GlossaryTerm(source="fever", target="Pyrexie"), GlossaryTerm(source="cough", target="Husten")]
    (result,) = held(Dictionary({**GERMAN, "Fever of 38.5 °C": "Fieber"}), item(record(TEXT)), terms=terms)
    assert result.notes["terms of the glossary obeyed"] == 1
    assert result.notes["terms of the glossary not obeyed"] == 1
    assert result.notes["numbers that the translation lacks"] == 1
