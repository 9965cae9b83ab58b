"""Whole records translated by one that knows their German and damages markers: what became of every span."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from curation.models.contract import Answer, Finish, Request
from curation.models.scripted import ScriptedModel
from curation.record import PROJECTION, Alignment, Entity, Layer, Record
from curation.scheme import load_scheme
from curation.settings import TranslateSettings
from curation.stage import Item, Result
from curation.text.folding import Span, fold
from curation.translate.asking import AskingTranslator
from curation.translate.projection.projected import ProjectionState
from curation.translate.translated import MadeTranslation
from projection_parts.parallel_translator import ParallelTranslator


@dataclass
class SpanCounts:
    """Spans by what became of them; wrong: of those with a place, by state, those that overlap nothing of the truth."""

    spans: int = 0
    failed_records: int = 0
    states: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    #: Spans that are missing from a layer, doubled, or whose alignment does not say what became of them.
    unaccounted: int = 0

    @property
    def row(self) -> tuple[object, ...]:
        """The numbers, in the order of HEAD."""
        states = [self.states[state.value] for state in ProjectionState]
        return (
            self.spans,
            self.methods["marker"],
            self.methods["mention"],
            self.methods["assignment"],
            *states,
            self.unaccounted,
            *(self.wrong[state.value] for state in ProjectionState if state is not ProjectionState.LOST),
        )


HEAD = (
    "spans",
    "by marker",
    "by mention",
    "by assignment",
    "agreed",
    "single",
    "disagreeing",
    "lost",
    "unaccounted",
    "wrong, agreed",
    "wrong, single",
    "wrong, disagreeing",
)


def translated_records(translator: ParallelTranslator) -> SpanCounts:
    """The counts over all records that the translator knows, by way of the product's own translator."""
    model = ScriptedModel("known", translator.respond)
    stage = AskingTranslator(load_scheme(), TranslateSettings(), {model.name: model}, to="de", layers=("gold",))
    counts = SpanCounts()
    for english, gold in translator.records:
        layer = gold.model_copy(update={"name": "gold"})
        counts.spans += len(layer.entities)
        result = _held(stage, translator, Item(english, {"gold": layer}))
        if result.records:
            _count(counts, translator, english, layer, result)
        else:
            counts.failed_records += 1
            counts.unaccounted += len(layer.entities)
    return counts


def _held(stage: AskingTranslator, translator: ParallelTranslator, item: Item) -> Result:
    conversation = stage.conversation(item)
    asked = next(conversation)
    while True:
        try:
            asked = conversation.send([_answer(translator, request) for request in asked])
        except StopIteration as end:
            result: Result = end.value
            return result


def _answer(translator: ParallelTranslator, request: Request) -> Answer:
    return Answer(translator.respond(request), Finish.STOP, "known", "off")


def _count(counts: SpanCounts, translator: ParallelTranslator, english: Record, layer: Layer, result: Result) -> None:
    (german,), (carried,) = result.records, result.layers
    made = MadeTranslation.of(german, english)
    assert made is not None
    projection = carried.provenance[PROJECTION]
    assert isinstance(projection, dict)
    found = {entity.id: entity for entity in carried.entities}
    counts.unaccounted += len(carried.entities) - len(found)
    for entity in layer.entities:
        how, there = projection.get(entity.id), found.get(entity.id)
        if not isinstance(how, dict) or there is None:
            counts.unaccounted += 1
            continue
        state = str(how["state"])
        counts.states[state] += 1
        counts.methods.update([str(how["method"])] if how["method"] else [])
        counts.unaccounted += (state == ProjectionState.LOST) != (there.alignment is Alignment.NONE)
        if state != ProjectionState.LOST:
            counts.wrong[state] += not _meets(_truth(translator, english, made, entity), there, entity)


def _truth(translator: ParallelTranslator, english: Record, made: MadeTranslation, entity: Entity) -> Span | None:
    """Where the translator put the words of an entity; None where it goes over the end of a sentence."""
    for source, target in made.segments:
        if source[0] <= entity.start and entity.end <= source[1]:
            sentence = english.text[slice(*source)]
            start, end = translator.place(sentence, (entity.start - source[0], entity.end - source[0]))
            return target[0] + start, target[0] + end
    return None


def _meets(truth: Span | None, found: Entity, asked: Entity) -> bool:
    if truth is None:
        return bool(fold(found.text).text) and bool(fold(asked.text).text)
    return any(start < truth[1] and truth[0] < end for start, end in found.spans)


def rates_of(rate: float, ways: Collection[str]) -> dict[str, float]:
    """The rate of each way where markers are damaged at this rate in all, and wordings told wrongly."""
    # One way after the other is thrown for, so that the chance of any is the rate.
    return {way: _share(rate, number, len(ways)) for number, way in enumerate(ways)} | {"mention": rate}


def _share(rate: float, number: int, ways: int) -> float:
    left = 1 - rate * number / ways
    return rate / ways / left if left else 0.0
