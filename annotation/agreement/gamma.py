"""The gamma measure: agreement on where marks are and what they are at once, by the best alignment of all.

Y. Mathet, A. Widlöcher, J.-P. Métivier: The unified and holistic method gamma, Computational Linguistics 41 (2015).
The only module that knows pygamma-agreement.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from annotation.agreement.estimate import Figure, Tally, figure
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import Seen, Study
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
    able = [(number, seen) for number, seen in enumerate(study.seen) if _is_able(seen)]
    drawn = sorted(Random(settings.seed).sample(able, min(settings.gamma_records, len(able))), key=lambda one: one[0])
    found = [gamma_of([seen.marks[name] for name in seen.people], settings) for _, seen in drawn]
    counts = np.array([[value, 1] for value in found], dtype=np.float64).reshape(len(found), 2)
    marks = sum(len(places) for _, seen in drawn for name in seen.people for places in seen.marks[name].values())
    return figure(Tally(counts, np.array([number for number, _ in drawn], dtype=np.int64), marks), _mean, settings)


def gamma_of(people: Sequence[Marks], settings: AgreementSettings) -> float:
    """Gamma of what several people marked on one record; each must have marked something."""
    continuum, dissimilarity = _continuum(people)
    with _seeded(settings.seed), _quiet():
        # Without a precision the number of samples, and with it the time, would depend on luck.
        found = continuum.compute_gamma(dissimilarity, n_samples=settings.gamma_samples, fast=len(people) > EXACT)
    return float(found.gamma)


def _is_able(seen: Seen) -> bool:
    return len(seen.people) > 1 and all(seen.marks[name] for name in seen.people)


def _continuum(people: Sequence[Marks]) -> tuple[Any, Any]:
    try:
        from pyannote.core import Segment
        from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum
    except ImportError as error:
        raise MissingExtraError("pygamma-agreement", "gamma") from error
    continuum = Continuum()
    for number, marks in enumerate(people):
        for (category, assertion), places in marks.items():
            for start, end in (fragment for spans in places for fragment in spans):
                continuum.add(f"{number:03}", Segment(start, end), f"{category} {assertion}".strip())
    return continuum, CombinedCategoricalDissimilarity(alpha=1, beta=1, delta_empty=1)


def _mean(counts: Array) -> Array:
    import numpy as np

    return np.where(counts[..., 1] > 0, counts[..., 0] / np.where(counts[..., 1] > 0, counts[..., 1], 1), np.nan)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The library draws from numpy's global generator, which is given back as it was."""
    import numpy as np

    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """The library warns at every alignment that one solver is not there, and the other one prints its progress."""
    root = logging.getLogger()
    root.addFilter(_not_the_solver)
    try:
        from cvxopt import glpk

        # Set for good: the library solves in threads, which give each other's settings back.
        glpk.options["msg_lev"] = "GLP_MSG_OFF"
        yield
    except ImportError as error:
        raise MissingExtraError("pygamma-agreement", "gamma") from error
    finally:
        root.removeFilter(_not_the_solver)


def _not_the_solver(record: logging.LogRecord) -> bool:
    return "CBC solver" not in record.getMessage()
