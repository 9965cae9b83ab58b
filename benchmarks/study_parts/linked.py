"""Real sets of relations, sentence by sentence, under a scheme made of what their training side has."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from curation.scheme import RelationType, Scheme
from curation.scheme_file import scheme_content
from curation.sources import Read, read
from study_parts.sentences import sentences
from study_parts.sets import APART, DATA, StudySet, shuffled
from study_parts.sizes import Annotated

#: Sets whose records are no sentences, but have many.
DOCUMENTS = ("biored", "maccrobat")


@cache
def linked_set(name: str) -> StudySet:
    """A set by its name; what crosses a border of sentences is left out."""
    train, test = (tuple(sentences(side) if name in DOCUMENTS else side) for side in LINKED[name](name))
    return StudySet(name, _scheme(name, train), train, test)


def _pairs(path: str, mapping: str | None) -> Iterator[Annotated]:
    for found in read(DATA / path, mapping=mapping):
        if isinstance(found, Read) and found.layers:
            yield found.record, found.layers[0].model_copy(update={"name": "gold", "author": "gold"})


def _scheme(name: str, pairs: Iterable[Annotated]) -> Scheme:
    """The categories and the relations with their ends that some records have."""
    ends: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    categories: set[str] = set()
    for _, layer in pairs:
        by_id = {entity.id: entity.category for entity in layer.entities}
        categories |= {*by_id.values()}
        for link in layer.relations:
            for side, end in zip(ends[link.type], (link.head, link.tail), strict=True):
                side.add(by_id[end])
    lines = [f"name: {name}", "languages: [en]", "categories:", *(f"  - name: {found}" for found in sorted(categories))]
    scheme = Scheme.model_validate(scheme_content("\n".join(lines)).content)
    relations = tuple(
        RelationType(name=found, heads=tuple(sorted(heads)), tails=tuple(sorted(tails)))
        for found, (heads, tails) in sorted(ends.items())
    )
    return scheme.model_copy(update={"relations": relations})


def _chemprot(name: str) -> Iterable[Iterable[Annotated]]:
    return (_pairs(f"chemprot/{part}.txt", "chemprot") for part in ("train", "test"))


def _biored(name: str) -> Iterable[Iterable[Annotated]]:
    """Without the abstracts that other corpora have too."""
    with (DATA / "overlaps" / "biored_overlap_pmids.tsv").open(encoding="utf-8") as file:
        shared = {row["pmid"] for row in csv.DictReader(file, delimiter="\t")}
    for part in ("Train", "Test"):
        found = _pairs(f"biored/{part}.PubTator", "biored")
        yield (pair for pair in found if not {pair[0].id, pair[0].group} & shared)


def _maccrobat(name: str) -> Iterable[Iterable[Annotated]]:
    return shuffled(_pairs("maccrobat", None), APART[name])


def _phee(name: str) -> Iterable[Iterable[Annotated]]:
    return (_pairs(f"phee/{part}.json", "phee") for part in ("train", "test"))


LINKED: Mapping[str, Callable[[str], Iterable[Iterable[Annotated]]]] = {
    "chemprot": _chemprot,
    "biored": _biored,
    "maccrobat": _maccrobat,
    "phee": _phee,
}
