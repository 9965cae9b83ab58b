"""Sentences of PHEE with drug, effect and patient, and for each the nearest sentences of the training side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotation.llm.examples import Example
from curation.record import Entity, Fragment, Layer, Record, wording
from curation.scheme import Scheme, load_scheme

DATA = Path(__file__).parents[3] / "shared" / "data" / "phee"
GOLD = "gold"
#: Sentences that are this similar say the same; of one article, all are left out.
SAME = 0.9

Annotated = tuple[Record, Layer]


def scheme() -> Scheme:
    """Drug, effect, patient."""
    return load_scheme(Path(__file__).with_name("phee.yaml"))


def sentences(split: str) -> list[Annotated]:
    """The sentences of a split with their gold, each once."""
    lines = (DATA / f"{split}.json").read_text(encoding="utf-8").splitlines()
    found = {row["id"]: _annotated(row) for row in map(json.loads, lines)}
    return list(found.values())


def _annotated(row: Mapping[str, Any]) -> Annotated:
    text = row["context"]
    record = Record(id=row["id"], group=row["id"].split("_")[0], source="phee", language="en", text=text)
    spans = {
        (category, fragments)
        for annotation in row["annotations"]
        for event in annotation["events"]
        for category, argument in _arguments(event)
        for fragments in _places(argument)
    }
    ordered = sorted(spans, key=lambda span: (span[1], span[0]))
    entities = tuple(
        Entity(
            id=f"T{number}",
            category=category,
            text=wording(text, places),
            fragments=tuple(Fragment(start=start, end=end) for start, end in places),
        )
        for number, (category, places) in enumerate(ordered, 1)
    )
    return record, Layer(record_id=record.id, name=GOLD, author="gold", entities=entities)


def _arguments(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for category, argument in (
        ("drug", event.get("Treatment", {}).get("Drug")),
        ("effect", event.get("Effect")),
        ("patient", event.get("Subject")),
    ):
        if argument:
            yield category, argument


def _places(argument: Mapping[str, Any]) -> Iterator[tuple[tuple[int, int], ...]]:
    """The fragments of each mention, in the order of the text."""
    for texts, starts in zip(argument["text"], argument["start"], strict=True):
        yield tuple(sorted((start, start + len(text)) for text, start in zip(texts, starts, strict=True)))


class Neighbours:
    """The most similar sentences of the training side by the n-grams of their characters; none of the same article,
    none that is nearly the same."""

    def __init__(self, training: Sequence[Annotated], count: int) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._training = [pair for pair in training if pair[1].entities]
        self._count = count
        self._vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
        self._vectors = self._vectorizer.fit_transform([record.text for record, _ in self._training])

    @property
    def digest(self) -> str:
        """What the choice depends on."""
        return f"train-{len(self._training)}-char-{self._count}"

    def for_record(self, record: Record) -> list[Example]:
        """The examples for a record, the nearest last: what stands before the question counts most."""
        scores = (self._vectors @ self._vectorizer.transform([record.text]).T).toarray()[:, 0]
        chosen: list[Example] = []
        for number in scores.argsort()[::-1]:
            example, layer = self._training[number]
            if example.group != record.group and scores[number] < SAME and example.text != record.text:
                chosen.append(Example(example, layer, float(scores[number])))
            if len(chosen) == self._count:
                break
        return chosen[::-1]

    def provenance(self, chosen: Sequence[Example]) -> dict[str, Any]:
        """What a layer notes of its examples."""
        return {"from": self.digest, "examples": [example.record.id for example in chosen]}
