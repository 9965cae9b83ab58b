"""The figures of a cell from the file of what each test document added to them: no text is needed for them again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from curation.errors import unknown_name
from curation.record import text_digest
from curation.scoring.bootstrap import Array, Value, bootstrap_interval
from curation.scoring.document_file import CountedDocument, read_documents
from curation.scoring.entities import Resampling
from curation.scoring.flat import PROBLEM
from curation.scoring.labels import LABEL
from curation.scoring.means import ratio
from curation.scoring.paired import PairedCounts, PairedTallies, figure_names, figures_of
from curation.scoring.tally import TOTAL, DocumentTally
from training.experiments.ledger import MeasuredFigure

#: The figure that is looked at where none is named, by the task; of labels, that of the first one.
STRICT = "strict"
HEADLINE = {"entities": STRICT, "relations": "relations strict"}
#: The share of answers that are exactly of the scheme's form.
VALIDITY = "validity"


class CellFigures(NamedTuple):
    """All figures over some documents, and the strict one of each category."""

    totals: dict[str, MeasuredFigure]
    categories: dict[str, MeasuredFigure]


def chosen_figure(figure: str | None, task: str, labels: Sequence[str], *, asked: Iterable[str] = ()) -> str:
    """The name of the figure that models of a task are compared by: the one that is given, else the task's own.

    asked: scores that need a model. Raises UsageError for a name that no figure has.
    """
    if figure is None:
        return HEADLINE.get(task) or f"{LABEL}{labels[0]} macro F1"
    if figure not in (known := [*figure_names(labels, asked), VALIDITY]):
        raise unknown_name("a figure", figure, known)
    return figure


def cell_tallies(documents: Iterator[CountedDocument]) -> tuple[DocumentTally, dict[str, DocumentTally], str]:
    """What was counted, over all documents and by language, and a digest of which documents these are."""
    whole, languages, names = DocumentTally(), dict[str, DocumentTally](), []
    for document in documents:
        for tally in (whole, languages.setdefault(document.language, DocumentTally())):
            tally.add(document.group, document.counts)
        names.append(document.document)
    return whole, languages, text_digest("\n".join(names), length=16)


def cell_figures(tally: DocumentTally, resampling: Resampling) -> CellFigures:
    """Each figure that was measured, with its interval where it rests on enough documents."""
    totals: dict[str, MeasuredFigure] = {}
    categories: dict[str, MeasuredFigure] = {}
    for counts in _counted(tally):
        if counts.row == TOTAL:
            totals[counts.table] = _figure(counts, resampling)
        elif counts.table == STRICT:
            categories[counts.row] = _figure(counts, resampling)
    return CellFigures(totals, categories)


def group_counts(file: Path, figure: str, *, without: frozenset[str] = frozenset()) -> tuple[Array, Value] | None:
    """What a figure rests on, by group, shape (groups, ...), and what is made of it; None where it was not measured.

    without: digests of documents that are left out.
    """
    tally, _, _ = cell_tallies(document for document in read_documents(file) if document.document not in without)
    found = next((counts for counts in _counted(tally) if (counts.table, counts.row) == (figure, TOTAL)), None)
    return (found.a, found.value) if found else None


def _counted(tally: DocumentTally) -> Iterator[PairedCounts]:
    both = PairedTallies()
    both.a = both.b = tally
    yield from figures_of(both)
    valid = tally.counts((PROBLEM, TOTAL), 1)
    problems = tally.table([(PROBLEM, row) for row in tally.rows(PROBLEM)], 1).sum(axis=1)
    if (valid + problems).any():
        import numpy as np

        shares = np.concatenate([valid, valid + problems], axis=-1)
        yield PairedCounts(VALIDITY, TOTAL, shares, shares, ratio)


def _figure(counts: PairedCounts, resampling: Resampling) -> MeasuredFigure:
    import numpy as np

    value = float(counts.value(counts.a.sum(axis=0)))
    axes = tuple(range(1, counts.a.ndim))
    enough = int(counts.a.any(axis=axes).sum()) >= max(2, resampling.minimum_records)
    return MeasuredFigure(
        value=None if np.isnan(value) else value,
        interval=bootstrap_interval(counts.a, counts.value, resamples=resampling.resamples, seed=resampling.seed)
        if enough and not np.isnan(value)
        else None,
    )
