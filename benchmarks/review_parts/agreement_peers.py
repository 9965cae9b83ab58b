"""The same agreement figures by other people's libraries, from the layers and nothing of ours between."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from annotation.agreement.study import Reviewed
from curation.record import Layer

Sides = tuple[list[Layer], list[Layer]]
Label = tuple[str, ...]
Mark = tuple[str, tuple[tuple[int, int], ...]]


def sides(study: Iterable[Reviewed], pair: str) -> Sides:
    """The layers of the two of a pair on the records that both have seen."""
    one, other = pair.split(" & ")
    both = [reviewed.layers for reviewed in study if one in reviewed.layers and other in reviewed.layers]
    return [layers[one] for layers in both], [layers[other] for layers in both]


def unambiguous(study: Iterable[Reviewed], pair: str) -> list[Reviewed]:
    """Every record of a pair with those marks alone on which nervaluate means the same by F1 as we do.

    They are of one piece and meet at most one mark of the other side, which meets no other either. Elsewhere
    nervaluate lets the first mark that comes take a partner away from a later one, even from its equal.
    """
    one, other = pair.split(" & ")
    both = [reviewed for reviewed in study if one in reviewed.layers and other in reviewed.layers]
    return [
        _without(reviewed, one, other, _ambiguous(reviewed.layers[one], reviewed.layers[other])) for reviewed in both
    ]


def nervaluate_f1(ours: list[Layer], theirs: list[Layer], categories: Sequence[str]) -> dict[str, float]:
    """Strict and lenient micro F1 by nervaluate; its name for lenient is ent_type."""
    from nervaluate import Evaluator

    found = Evaluator(*map(_as_dicts, (ours, theirs)), tags=list(categories), loader="dict").evaluate()
    return {mode: float(found["overall"][name].f1) for mode, name in (("strict", "strict"), ("lenient", "ent_type"))}


def sets_strict(ours: list[Layer], theirs: list[Layer]) -> float:
    """Strict micro F1 by Python's sets, on all records."""
    both = [(set(_distinct(one)), set(_distinct(other))) for one, other in zip(ours, theirs, strict=True)]
    return 2 * sum(len(one & other) for one, other in both) / sum(len(one) + len(other) for one, other in both)


def scipy_lenient(ours: list[Layer], theirs: list[Layer]) -> float:
    """Lenient micro F1 by scipy's maximum bipartite matching of overlapping marks of a category."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    matched = marks = 0
    for one, other in zip(ours, theirs, strict=True):
        left, right = _distinct(one), _distinct(other)
        marks += len(left) + len(right)
        edges = np.array([[int(_meet(a, b)) for b in right] for a in left]).reshape(len(left), len(right))
        if edges.size:
            matched += int((maximum_bipartite_matching(csr_matrix(edges)) >= 0).sum())
    return 2 * matched / marks


def token_labels(study: Iterable[Reviewed], pair: str) -> tuple[list[Label], list[Label]]:
    """What each token is by either of a pair: the sorted categories of the marks that touch it."""
    one, other = pair.split(" & ")
    both = [reviewed for reviewed in study if one in reviewed.layers and other in reviewed.layers]
    found = [[label for each in both for label in labels_of(each, name)] for name in (one, other)]
    return found[0], found[1]


def labels_of(reviewed: Reviewed, name: str) -> list[Label]:
    """What each token of a record is by one rater, character by character."""
    text = reviewed.record.text
    said: list[set[str]] = [set() for _ in text]
    for entity in reviewed.layers[name].entities:
        for start, end in entity.spans:
            for place in range(start, end):
                said[place].add(entity.category)
    tokens = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    return [tuple(sorted(set().union(*said[start:end]))) for start, end in tokens]


def sklearn_kappa(one: Sequence[object], other: Sequence[object]) -> float:
    """Cohen's kappa by scikit-learn."""
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score([str(each) for each in one], [str(each) for each in other]))


def _as_dicts(layers: list[Layer]) -> list[list[dict[str, object]]]:
    return [
        [
            {"label": label, "start": start, "end": end - 1}
            for label, start, end in dict.fromkeys((one.category, one.start, one.end) for one in layer.entities)
        ]
        for layer in layers
    ]


def _distinct(layer: Layer) -> list[Mark]:
    return sorted({(entity.category, entity.spans) for entity in layer.entities})


def _meet(one: Mark, other: Mark) -> bool:
    return one[0] == other[0] and any(set(range(*left)) & set(range(*right)) for left in one[1] for right in other[1])


def _ambiguous(one: Layer, other: Layer) -> set[Mark]:
    left, right = _distinct(one), _distinct(other)
    meetings = [(a, b) for a in left for b in right if a[1][0][0] < b[1][-1][1] and b[1][0][0] < a[1][-1][1]]
    met = Counter(a for a, _ in meetings), Counter(b for _, b in meetings)
    unclear = {mark for pair in meetings if met[0][pair[0]] > 1 or met[1][pair[1]] > 1 for mark in pair}
    return unclear | {mark for mark in (*left, *right) if len(mark[1]) > 1}


def _without(reviewed: Reviewed, one: str, other: str, marks: set[Mark]) -> Reviewed:
    layers = {
        name: reviewed.layers[name].model_copy(
            update={
                "entities": tuple(
                    entity for entity in reviewed.layers[name].entities if (entity.category, entity.spans) not in marks
                )
            }
        )
        for name in (one, other)
    }
    return Reviewed(reviewed.record, layers)
