"""A curated set with every kind of thing in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from export_parts.stumbling import stumbling

from curation.record import Alignment, Assertion, Entity, Fragment, Layer, Record, Relation
from curation.scheme import Scheme
from curation.store.sets import CuratedSet
from exports.writer import ExportedSet

MANIFEST = {
    "layer": "gold",
    "splits": {"train": 2, "validation": 0, "test": 1},
    "languages": {"de": 1, "en": 2},
    "licences": {"CC BY 4.0": 2, "not stated": 1},
    "categories": {"age": 2, "signs_symptoms": 3},
    "dropped": {"quarantined": 4},
}


@pytest.fixture(scope="session")
def members(annotated) -> dict[str, list[tuple[Record, Layer]]]:
    plain = annotated("A [54-year-old]{age} 👩 without [fever]{signs_symptoms negated}.")
    german = annotated("[54-jährige]{age} Frau ohne Fieber.", language="de", translation_of=plain[0].id)
    text = "Pain in the left and right knee."
    record = Record(
        id="r3",
        group="g3",
        source="test",
        language="en",
        text=text,
        licence="CC BY 4.0",
        meta={"source_id": "7", "nested": {"a": [1, None]}},
    )
    entities = (
        Entity(
            id="T1",
            category="signs_symptoms",
            text="Pain in the left knee",
            fragments=(Fragment(start=0, end=16), Fragment(start=27, end=31)),
            attributes={"severity": "mild"},
            codes=("UMLS:C0030193",),
            score=0.25,
        ),
        Entity(id="T2", category="age", text="old", alignment=Alignment.NONE, alignment_score=0.0),
        Entity(
            id="T3",
            category="signs_symptoms",
            text="rigth knee",
            fragments=(Fragment(start=21, end=31),),
            alignment=Alignment.FUZZY,
            alignment_score=0.9,
            assertion=Assertion.POSSIBLE,
        ),
    )
    relations = (Relation(id="R1", type="related_to", head="T1", tail="T3"),)
    layer = Layer(
        record_id="r3", name="gold", author="gold", entities=entities, relations=relations, labels={"smoker": "never"}
    )
    return {"train": [plain, german], "validation": [], "test": [(record, layer)]}


@pytest.fixture(scope="session")
def view(members: dict[str, list[tuple[Record, Layer]]], scheme: Scheme) -> ExportedSet:
    def stream(split: str) -> Iterator[tuple[Record, Layer]]:
        return iter(members[split])

    return ExportedSet(CuratedSet(digest="abc123", name="cases", version=2, manifest=MANIFEST), scheme, stream)


@pytest.fixture(scope="session")
def hard(members: dict[str, list[tuple[Record, Layer]]]) -> dict[str, list[tuple[Record, Layer]]]:
    """The members, and texts that formats stumble over, with entities that overlap and that several fragments make."""
    return {**members, "train": [*members["train"], *stumbling()]}


@pytest.fixture(scope="session")
def hard_view(hard: dict[str, list[tuple[Record, Layer]]], scheme: Scheme) -> ExportedSet:
    splits = {split: len(rows) for split, rows in hard.items()}
    curated = CuratedSet(digest="abc124", name="hard", version=1, manifest=MANIFEST | {"splits": splits})
    return ExportedSet(curated, scheme, lambda split: iter(hard[split]))
