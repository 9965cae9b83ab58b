"""Tables that the results of all grids have: each cell with its figures and what it took, and figures by language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from curation.errors import UsageError, unknown_name
from training.experiments.ledger import FinishedCell
from training.experiments.result import ResultTable, Value

NOT_MEASURED = "not measured"


def figures_of_cells(cells: Sequence[FinishedCell], figure: str) -> list[str]:
    """The names of the figures that any cell has, in order. Raises UsageError where this one is not among them."""
    scores = chain.from_iterable(cell.scores.items() for cell in cells)
    known = list(dict.fromkeys(name for name, found in scores if found.value is not None))
    if not known:
        reasons = (cell.left_out for cell in cells if cell.left_out)
        why = next(reasons, "no test record has anything to measure")
        raise UsageError(f"expected figures of at least one cell, there are none: {why}")
    if figure not in known:
        raise unknown_name("a figure that was measured", figure, known)
    return known


def cells_table(cells: Sequence[FinishedCell], parameters: Sequence[str], figures: Sequence[str]) -> ResultTable:
    """A row for each cell."""
    head = (*parameters, *figures, "seconds", "processor s", "peak MB", "tokens/s", "energy J", "failed", "left out")
    rows = [
        (
            *(_plain(cell.parameters.get(word)) for word in parameters),
            *(cell.score(name) for name in figures),
            *_spent(cell),
            cell.failed,
            cell.left_out or "",
        )
        for cell in cells
    ]
    return ResultTable("cells", "Cells", head, rows)


def languages_table(
    cells: Sequence[FinishedCell], figure: str, *, by: Callable[[FinishedCell], str], head: str
) -> ResultTable:
    """The mean of a figure over the cells of each kind, by language."""
    languages = list(dict.fromkeys(language for cell in cells for language in cell.languages))
    kinds: dict[str, list[FinishedCell]] = {}
    for cell in cells:
        if cell.left_out is None:
            kinds.setdefault(by(cell), []).append(cell)
    rows = [(kind, *(_mean(members, figure, language) for language in languages)) for kind, members in kinds.items()]
    return ResultTable("languages", f"{figure} by language, mean over the seeds", (head, *languages), rows)


def spent_total(cells: Sequence[FinishedCell]) -> str:
    """How many cells there are, and what they took together, in words."""
    seconds = sum(cell.spent.seconds for cell in cells)
    known = [joules for cell in cells if (joules := _joules(cell)) is not None]
    energy = f"{sum(known):,.0f} J" if len(known) == len(cells) and known else NOT_MEASURED
    number = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
    return f"{number}; {seconds:,.0f} s in all, energy {energy}"


def _mean(cells: Sequence[FinishedCell], figure: str, language: str) -> float | None:
    found = [cell.languages[language].get(figure) for cell in cells if language in cell.languages]
    values = [figure.value for figure in found if figure is not None and figure.value is not None]
    return sum(values) / len(values) if values else None


def _spent(cell: FinishedCell) -> tuple[Value, ...]:
    spent = cell.spent
    memory = NOT_MEASURED if spent.peak_memory is None else round(spent.peak_memory / 1e6)
    energy = _joules(cell)
    return (
        round(spent.seconds, 1),
        round(spent.processor_seconds, 1),
        memory,
        round(spent.tokens_per_second) if spent.tokens_per_second else NOT_MEASURED,
        NOT_MEASURED if energy is None else round(energy),
    )


def _joules(cell: FinishedCell) -> float | None:
    """Of processor and cards, as far as either was measured."""
    parts = [part for part in (cell.spent.joules, cell.spent.gpu_joules) if part is not None]
    return sum(parts) if parts else None


def _plain(value: object) -> Value:
    return value if isinstance(value, str | int | float) or value is None else str(value)
