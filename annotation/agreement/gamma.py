"""The gamma measure: agreement on where marks are and what they are at once, by the best alignment of all.

Y. Mathet, A. Widlöcher, J.-P. Métivier: The unified and holistic method gamma, Computational Linguistics 41 (2015).
The only module that imports pygamma-agreement.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from annotation.agreement.estimate import Figure, Tally, figure
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import CodedRecord, Study
from curation.errors import MissingExtraError
from curation.scoring.bootstrap import Array
from curation.scoring.marks import Marks

#: With more people than these, the exact alignment takes too long, and the library's fast one is taken.
EXACT = 3


def gamma(study: Study) -> Figure:
    """The mean of gamma over a random sample of the records on which all who saw it marked something.

    Gamma is of one record; it takes seconds for each, which is why there is a sample. Raises MissingExtraError
    when pygamma-agreement is not installed.
    """
    import numpy as np

    settings = study.settings
    usable = [(number, record) for number, record in enumerate(study.records) if _is_usable(record)]
    drawn = sorted(
        Random(settings.seed).sample(usable, min(settings.gamma_records, len(usable))), key=lambda numbered: numbered[0]
    )
    found = [gamma_of([record.marks[name] for name in record.people], settings) for _, record in drawn]
    counts = np.array([[value, 1] for value in found], dtype=np.float64).reshape(len(found), 2)
    marks = sum(len(spans) for _, record in drawn for name in record.people for spans in record.marks[name].values())
    return figure(Tally(counts, np.array([number for number, _ in drawn], dtype=np.int64), marks), _mean, settings)


def gamma_of(people: Sequence[Marks], settings: AgreementSettings) -> float:
    """Gamma of what several people marked on one record; each must have marked something."""
    continuum, dissimilarity = _continuum(people)
    with _seeded(settings.seed), _quiet():
        # A precision instead of a number of samples would make the time unpredictable.
        found = continuum.compute_gamma(dissimilarity, n_samples=settings.gamma_samples, fast=len(people) > EXACT)
    return float(found.gamma)


def _is_usable(record: CodedRecord) -> bool:
    return len(record.people) > 1 and all(record.marks[name] for name in record.people)


def _continuum(people: Sequence[Marks]) -> tuple[Any, Any]:
    try:
        from pyannote.core import Segment
        from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum
    except ImportError as error:
        raise MissingExtraError("pygamma-agreement", "gamma") from error
    continuum = Continuum()
    for number, marks in enumerate(people):
        for (category, assertion), entities in marks.items():
            for start, end in (fragment for spans in entities for fragment in spans):
                continuum.add(f"{number:03}", Segment(start, end), f"{category} {assertion}".strip())
    return continuum, CombinedCategoricalDissimilarity(alpha=1, beta=1, delta_empty=1)


def _mean(counts: Array) -> Array:
    import numpy as np

    return np.where(counts[..., 1] > 0, counts[..., 0] / np.where(counts[..., 1] > 0, counts[..., 1], 1), np.nan)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The library draws from numpy's global generator, whose state is restored."""
    import numpy as np

    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the library, which warns of a missing solver at each alignment, and a solver that prints its progress."""
    root = logging.getLogger()
    root.addFilter(_not_the_solver)
    try:
        from cvxopt import glpk

        # Not restored: the library solves in threads, which would restore each other's settings.
        glpk.options["msg_lev"] = "GLP_MSG_OFF"
        yield
    except ImportError as error:
        raise MissingExtraError("pygamma-agreement", "gamma") from error
    finally:
        root.removeFilter(_not_the_solver)


def _not_the_solver(record: logging.LogRecord) -> bool:
    return "CBC solver" not in record.getMessage()
