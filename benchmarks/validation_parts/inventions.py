"""Invented entities among entities that the text has in slightly other words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random

from curation.record import Alignment, Entity
from curation.scheme import load_scheme
from curation.text.folding import fold
from validation.measures.grounding import measure
from validation.measures.measure import Scope, Subject
from validation.settings import ValidationSettings
from validation_parts.error_planting import ErrorKind, Planted, PlantingCase, entities

#: Words that a paraphrase may do without.
SMALL = frozenset("a an the of with in on and der die das den dem des ein eine einen mit im in und".split())


def invented(case: PlantingCase, chance: Random) -> Planted | None:
    """A fact of another record in the same language that this text does not say in the same words."""
    text = fold(case.record.text).text
    pool = [entity for entity in _pool(case.record.language) if fold(entity.text).text not in text]
    if case.layer is None or not pool:
        return None
    strange = Entity(
        id="invented", category=(other := chance.choice(pool)).category, text=other.text, alignment=NOWHERE
    )
    layer = case.layer.model_copy(update={"entities": (*case.layer.entities, strange)})
    return Planted(PlantingCase(case.record, layer), "invented")


NOWHERE = Alignment.NONE


@lru_cache
def _pool(language: str) -> list[Entity]:
    """Facts of the shipped sample, without ages, sexes and bare words."""
    from curation.sources.sample import read_sample

    found = [
        entity
        for record, layer in read_sample()
        if record.language == language
        for entity in layer.entities
        if entity.category not in {"age", "gender"} and len(entity.text) >= 8
    ]
    return list({entity.text.lower(): entity for entity in found}.values())


def reworded(case: PlantingCase) -> PlantingCase:
    """The case as a language model would answer: no offsets, a third in other case, a third without small words."""
    if case.layer is None:
        return case
    changed = [
        entity.model_copy(update={"fragments": (), "alignment": NOWHERE, "text": _reworded(entity.text, number % 3)})
        for number, entity in enumerate(case.layer.entities)
    ]
    return PlantingCase(case.record, case.layer.model_copy(update={"entities": tuple(changed)}))


def _reworded(text: str, way: int) -> str:
    if way == 1:
        return text.swapcase()
    kept = [word for word in text.split() if word.lower() not in SMALL] if way == 2 else []
    return " ".join(kept) or text


def reported(*, semantic: bool) -> Callable[[Sequence[PlantingCase]], list[frozenset[str]]]:
    """The ids of entities that are called invented."""

    def flags(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        subjects = [Subject(case.record, case.layer) for case in map(reworded, cases) if case.layer]
        rows = measure(subjects, _scope(semantic))
        return [frozenset(map(str, found)) for row in rows if isinstance(found := row["invented_entities"], list)]

    return flags


@lru_cache
def _scope(semantic: bool) -> Scope:
    settings = ValidationSettings.model_validate({"similarity": {"enabled": semantic}})
    return Scope(load_scheme(), settings)


KINDS: tuple[ErrorKind, ...] = (
    ErrorKind("invented entity", invented, reported(semantic=True), entities, recall=0.95, false_alarm=0.05),
)
