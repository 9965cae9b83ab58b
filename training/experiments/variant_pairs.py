"""Variants against each other on the same test documents: pooled over their seeds, differences paired by patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from curation.errors import UsageError
from curation.scoring.document_file import CountedDocument, read_documents
from curation.scoring.entities import Resampling
from curation.scoring.paired import PairedDifference, PairedTallies, adjusted, compare
from curation.scoring.tally import DocumentTally
from training.experiments.document_figures import CellFigures, cell_figures


@dataclass(frozen=True, slots=True)
class PairOfVariants:
    """Two variants and their differences, by the figure: b minus a."""

    a: str
    b: str
    differences: Mapping[str, PairedDifference]


def pooled_figures(files: Sequence[Path], without: frozenset[str], resampling: Resampling) -> CellFigures:
    """The figures of a variant from the counts of all its seeds together."""
    tally = DocumentTally()
    for file in files:
        for document in _documents(file, without):
            tally.add(document.group, document.counts)
    return cell_figures(tally, resampling)


def variant_pairs(
    files: Mapping[str, Sequence[Path]],
    figure: str,
    *,
    baseline: str | None,
    without: frozenset[str],
    resampling: Resampling,
) -> list[PairOfVariants]:
    """Each variant against the baseline, or each against each; p of the figure is adjusted for the number of pairs.

    A variant with fewer seeds counts as often as the other one. Raises UsageError where the documents are not the same.
    """
    names = list(files)
    pairs = [(baseline, name) for name in names if name != baseline] if baseline else list(combinations(names, 2))
    found = []
    for a, b in pairs:
        tallies = PairedTallies()
        for first, second in _paired(files[a], files[b], without):
            tallies.add(first.group, first.counts, second.counts)
        totals = compare(tallies, resampling=resampling).totals
        found.append(PairOfVariants(a, b, {difference.table: difference for difference in totals}))
    there = [pair for pair in found if figure in pair.differences]
    for pair, difference in zip(there, adjusted([pair.differences[figure] for pair in there]), strict=True):
        found[found.index(pair)] = PairOfVariants(pair.a, pair.b, {**pair.differences, figure: difference})
    return found


def _paired(
    a: Sequence[Path], b: Sequence[Path], without: frozenset[str]
) -> Iterator[tuple[CountedDocument, CountedDocument]]:
    for number in range(max(len(a), len(b))):
        sides = (_documents(side[number % len(side)], without) for side in (a, b))
        for first, second in zip(*sides, strict=True):
            if first.document != second.document:
                raise UsageError("expected all variants on the same test documents, they have others")
            yield first, second


def _documents(file: Path, without: frozenset[str]) -> Iterator[CountedDocument]:
    return (document for document in read_documents(file) if document.document not in without)
