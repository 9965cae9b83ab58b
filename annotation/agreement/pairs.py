"""Agreement of pairs: F1 of marks and Cohen's kappa of units, each with its interval."""

from __future__ import annotations

from collections.abc import Iterable

from annotation.agreement.comparisons import Comparisons, compare
from annotation.agreement.estimate import Figure, figure, mean
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import ReviewedRecord, Study
from curation.record import Frozen
from curation.scheme import Scheme
from curation.scoring.kappa import cohen, cohen_of_cells
from curation.scoring.marks import f1


class CategoryFigures(Frozen):
    """Agreement on one category: marks, strict and lenient, and whether each unit is in it."""

    strict: Figure
    lenient: Figure
    kappa: Figure


class PairFigures(Frozen):
    """Agreement over some comparisons.

    Micro: all marks together. Macro: the mean over the categories whose figure is given. Kappa: what each unit is
    marked as, all categories in one.
    """

    records: int
    strict: Figure
    lenient: Figure
    strict_macro: float | None
    lenient_macro: float | None
    kappa: Figure
    per_category: dict[str, CategoryFigures]


class Pairwise(Frozen):
    """Agreement of each two people, of each person with all others, and of all pairs together."""

    overall: PairFigures
    per_pair: dict[str, PairFigures]
    per_person: dict[str, PairFigures]


#: Between the two names of a pair.
WITH = " & "


def pairwise(reviewed: Iterable[ReviewedRecord], scheme: Scheme, settings: AgreementSettings | None = None) -> Pairwise:
    """Agreement between people on the records that two or more of them have marked."""
    study = Study.of(reviewed, scheme.names, settings)
    return pairwise_of(compare(study), study.settings)


def pairwise_of(rows: Comparisons, settings: AgreementSettings) -> Pairwise:
    """Agreement between people, from comparisons."""
    pairs = sorted({(min(pair), max(pair)) for pair in rows.pairs})
    people = sorted({name for pair in pairs for name in pair})
    return Pairwise(
        overall=figures(rows, settings),
        per_pair={
            f"{first}{WITH}{second}": figures(rows.of_pair((first, second)), settings) for first, second in pairs
        },
        per_person={person: figures(rows.of_person(person), settings) for person in people},
    )


def figures(rows: Comparisons, settings: AgreementSettings) -> PairFigures:
    """The figures over some rows."""
    per_category = {category: _category(rows, category, settings) for category in rows.categories}
    strict, lenient = (figure(rows.mark_tally(mode), f1, settings) for mode in ("strict", "lenient"))
    return PairFigures(
        records=strict.records,
        strict=strict,
        lenient=lenient,
        strict_macro=mean([category_figures.strict for category_figures in per_category.values()]),
        lenient_macro=mean([category_figures.lenient for category_figures in per_category.values()]),
        kappa=figure(rows.unit_tally(), cohen, settings),
        per_category=per_category,
    )


def _category(rows: Comparisons, category: str, settings: AgreementSettings) -> CategoryFigures:
    return CategoryFigures(
        strict=figure(rows.mark_tally("strict", category), f1, settings, sparse=True),
        lenient=figure(rows.mark_tally("lenient", category), f1, settings, sparse=True),
        kappa=figure(rows.cell_tally(category), cohen_of_cells, settings, sparse=True),
    )
