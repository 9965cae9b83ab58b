"""The same agreement figures by independent libraries, computed from the layers alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from annotation.agreement.study import ReviewedRecord
from curation.record import Layer

Sides = tuple[list[Layer], list[Layer]]
Label = tuple[str, ...]
Mark = tuple[str, tuple[tuple[int, int], ...]]


def sides(study: Iterable[ReviewedRecord], pair: str) -> Sides:
    """The layers of the two of a pair on the records that both have seen."""
    left, right = pair.split(" & ")
    both = [reviewed.layers for reviewed in study if left in reviewed.layers and right in reviewed.layers]
    return [layers[left] for layers in both], [layers[right] for layers in both]


def unambiguous(study: Iterable[ReviewedRecord], pair: str) -> list[ReviewedRecord]:
    """Every record of a pair with those marks alone on which nervaluate means the same by F1 as we do.

    They are of one piece and meet at most one mark of the other side, which meets no other either. Elsewhere
    nervaluate lets the first mark that comes take a partner away from a later one, even from its equal.
    """
    left, right = pair.split(" & ")
    both = [reviewed for reviewed in study if left in reviewed.layers and right in reviewed.layers]
    return [
        _without(reviewed, left, right, _ambiguous(reviewed.layers[left], reviewed.layers[right])) for reviewed in both
    ]


def nervaluate_f1(ours: list[Layer], theirs: list[Layer], categories: Sequence[str]) -> dict[str, float]:
    """Strict and lenient micro F1 by nervaluate; its name for lenient is ent_type."""
    from nervaluate import Evaluator

    found = Evaluator(*map(_as_dicts, (ours, theirs)), tags=list(categories), loader="dict").evaluate()
    return {mode: float(found["overall"][name].f1) for mode, name in (("strict", "strict"), ("lenient", "ent_type"))}


def sets_strict(ours: list[Layer], theirs: list[Layer]) -> float:
    """Strict micro F1 by Python's sets, on all records."""
    both = [(set(_distinct(left)), set(_distinct(right))) for left, right in zip(ours, theirs, strict=True)]
    return 2 * sum(len(left & right) for left, right in both) / sum(len(left) + len(right) for left, right in both)


def scipy_lenient(ours: list[Layer], theirs: list[Layer]) -> float:
    """Lenient micro F1 by scipy's maximum bipartite matching of overlapping marks of a category."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    matched = marks = 0
    for left, right in zip(ours, theirs, strict=True):
        left, right = _distinct(left), _distinct(right)
        marks += len(left) + len(right)
        edges = np.array([[int(_meet(a, b)) for b in right] for a in left]).reshape(len(left), len(right))
        if edges.size:
            matched += int((maximum_bipartite_matching(csr_matrix(edges)) >= 0).sum())
    return 2 * matched / marks


def token_labels(study: Iterable[ReviewedRecord], pair: str) -> tuple[list[Label], list[Label]]:
    """What each token is by either of a pair: the sorted categories of the marks that touch it."""
    left, right = pair.split(" & ")
    both = [reviewed for reviewed in study if left in reviewed.layers and right in reviewed.layers]
    found = [[label for each in both for label in labels_of(each, name)] for name in (left, right)]
    return found[0], found[1]


def labels_of(reviewed: ReviewedRecord, name: str) -> list[Label]:
    """What each token of a record is by one rater, character by character."""
    text = reviewed.record.text
    categories: list[set[str]] = [set() for _ in text]
    for entity in reviewed.layers[name].entities:
        for start, end in entity.spans:
            for offset in range(start, end):
                categories[offset].add(entity.category)
    tokens = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    return [tuple(sorted(set().union(*categories[start:end]))) for start, end in tokens]


def sklearn_kappa(left: Sequence[object], right: Sequence[object]) -> float:
    """Cohen's kappa by scikit-learn."""
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score([str(each) for each in left], [str(each) for each in right]))


def krippendorff_alpha(said: Sequence[Sequence[object]]) -> float:
    """Nominal alpha by krippendorff; a row for each rater."""
    import krippendorff

    numbers = {label: number for number, label in enumerate(sorted({str(value) for row in said for value in row}))}
    data = [[numbers[str(value)] for value in row] for row in said]
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))


def plain_fleiss(said: Sequence[Sequence[object]]) -> float:
    """Fleiss' kappa as his paper of 1971 writes it, unit by unit; no library at hand has it."""
    units, raters = list(zip(*said, strict=True)), len(said)
    shares = [count / (len(units) * raters) for count in Counter(value for unit in units for value in unit).values()]
    agreed = [(sum(n**2 for n in Counter(unit).values()) - raters) / (raters * (raters - 1)) for unit in units]
    observed, expected = sum(agreed) / len(units), sum(share**2 for share in shares)
    return (observed - expected) / (1 - expected)


def plain_unitised(study: Iterable[ReviewedRecord], people: Sequence[str], categories: Sequence[str]) -> float:
    """Alpha for unitising as Krippendorff writes it (2004), every pair of sections, gaps among them."""
    observed = expected = 0.0
    for reviewed in study:
        length = len(reviewed.record.text)
        for category in categories:
            sections = [_sections(reviewed.layers[name], category, length) for name in people]
            observed += _observed_of(sections)
            expected += _expected_of(sections, length)
    return 1 - observed / expected


#: Start, end, and whether it is marked.
Section = tuple[int, int, bool]


def _sections(layer: Layer, category: str, length: int) -> list[Section]:
    """A text cut into marked and unmarked sections; marks that share a character are one."""
    spans = sorted(span for entity in layer.entities if entity.category == category for span in entity.spans)
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            start, end = merged[-1][0], max(end, merged.pop()[1])
        merged.append((start, end))
    found: list[Section] = []
    at = 0
    for start, end in merged:
        found += [(at, start, False)] if at < start else []
        found.append((start, end, True))
        at = end
    return found + ([(at, length, False)] if at < length else [])


def _observed_of(sections: Sequence[list[Section]]) -> float:
    total = sum(
        _distance(left, right)
        for i, section in enumerate(sections)
        for j, other in enumerate(sections)
        if i != j
        for left in section
        for right in other
    )
    return total / (len(sections) * (len(sections) - 1))


def _distance(left: Section, right: Section) -> int:
    (b, e, marked), (c, f, also) = left, right
    if marked and also:
        return (b - c) ** 2 + (e - f) ** 2 if b < f and c < e else 0
    if marked:
        return (e - b) ** 2 if c <= b and e <= f else 0
    return (f - c) ** 2 if also and b <= c and f <= e else 0


def _expected_of(sections: Sequence[list[Section]], length: int) -> float:
    every = [section for part in sections for section in part]
    widths = [end - start for start, end, marked in every if marked]
    total = 0.0
    for width in widths:
        free = sum(end - start - width + 1 for start, end, marked in every if not marked and end - start >= width)
        total += (len(widths) - 1) / 3 * (2 * width**3 - 3 * width**2 + width) + width**2 * free
    room = len(sections) * length
    return 2 * length * total / (room * (room - 1) - sum(width * (width - 1) for width in widths))


def _as_dicts(layers: list[Layer]) -> list[list[dict[str, object]]]:
    return [
        [
            {"label": label, "start": start, "end": end - 1}
            for label, start, end in dict.fromkeys(
                (entity.category, entity.start, entity.end) for entity in layer.entities
            )
        ]
        for layer in layers
    ]


def _distinct(layer: Layer) -> list[Mark]:
    return sorted({(entity.category, entity.spans) for entity in layer.entities})


def _meet(first: Mark, second: Mark) -> bool:
    return first[0] == second[0] and any(
        set(range(*left)) & set(range(*right)) for left in first[1] for right in second[1]
    )


def _ambiguous(first: Layer, second: Layer) -> set[Mark]:
    left, right = _distinct(first), _distinct(second)
    meetings = [(a, b) for a in left for b in right if a[1][0][0] < b[1][-1][1] and b[1][0][0] < a[1][-1][1]]
    met = Counter(a for a, _ in meetings), Counter(b for _, b in meetings)
    unclear = {mark for pair in meetings if met[0][pair[0]] > 1 or met[1][pair[1]] > 1 for mark in pair}
    return unclear | {mark for mark in (*left, *right) if len(mark[1]) > 1}


def _without(reviewed: ReviewedRecord, first: str, second: str, marks: set[Mark]) -> ReviewedRecord:
    layers = {
        name: reviewed.layers[name].model_copy(
            update={
                "entities": tuple(
                    entity for entity in reviewed.layers[name].entities if (entity.category, entity.spans) not in marks
                )
            }
        )
        for name in (first, second)
    }
    return ReviewedRecord(reviewed.record, layers)
