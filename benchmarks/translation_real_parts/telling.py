"""How well checks tell bad translations from the others, each by itself and together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from curation.scheme import Scheme
from validation.measures.translation import TRANSLATION
from validation.settings import ValidationSettings
from validation.translation import columns

Row = Mapping[str, JsonValue]
#: Folds by which the joint score of a translation is learnt from the others.
FOLDS = 10


@dataclass(frozen=True, slots=True)
class TellingScore:
    """A number that a check gives a translation, higher for worse ones; None where it says nothing."""

    name: str
    of: Callable[[Row], float | None]


def suspicions() -> list[TellingScore]:
    """One for each rule on texts of `translation`, and one for the pairing of sentences, which rules stand on."""
    rules = [rule for rule in TRANSLATION.rules if rule.column.of is TRANSLATION.of]
    found = [TellingScore(rule.name, _suspicion(rule.column)) for rule in rules if rule.name != "original_present"]
    return [*found, TellingScore("sentences paired", _negative(columns.ALIGNED_SHARE))]


def _suspicion(column: str) -> Callable[[Row], float | None]:
    if column == columns.TRANSLATION_LENGTH:
        return lambda row: abs(math.log(float(row[column]))) if row.get(column) else None  # type: ignore[arg-type]
    if column in (columns.TRANSLATED_RATIO, columns.TRANSLATION_SIMILARITY_LEAST):
        return _negative(column)
    return lambda row: _number(row.get(column))


def _negative(column: str) -> Callable[[Row], float | None]:
    def suspicion(row: Row) -> float | None:
        number = _number(row.get(column))
        return None if number is None else -number

    return suspicion


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def findings(row: Row, settings: ValidationSettings, scheme: Scheme) -> list[str]:
    """The rules on texts that a translation fails at the limits of the settings."""
    failed = []
    for rule in TRANSLATION.rules:
        value = _number(row.get(rule.column))
        if rule.column.of is TRANSLATION.of and value is not None:
            limits = rule.parameters(settings, scheme)
            if not limits.get("min_value", -math.inf) <= value <= limits.get("max_value", math.inf):
                failed.append(rule.name)
    return failed


def area(scores: Sequence[float | None], bad: Sequence[bool]) -> float | None:
    """The chance that a bad one has a higher score than another; what says nothing counts as the middle one."""
    from sklearn.metrics import roc_auc_score

    filled = _filled(scores)
    return float(roc_auc_score(bad, filled)) if len({*bad}) == 2 and len({*filled}) > 1 else None


def together(table: Sequence[Sequence[float | None]], bad: Sequence[bool]) -> float | None:
    """The area of all scores in one, shape (checks, translations): a logistic regression that never saw the
    translation, by which it was learnt from the others.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = min(FOLDS, sum(bad), len(bad) - sum(bad))
    if folds < 2:
        return None
    features = np.array([_filled(scores) for scores in table]).T
    model: Any = make_pipeline(StandardScaler(), LogisticRegression())
    chances = cross_val_predict(
        model, features, bad, cv=StratifiedKFold(folds, shuffle=True, random_state=0), method="predict_proba"
    )
    return area([float(chance) for chance in chances[:, 1]], bad)


def _filled(scores: Sequence[float | None]) -> list[float]:
    known = sorted(score for score in scores if score is not None)
    middle = known[len(known) // 2] if known else 0.0
    return [middle if score is None else score for score in scores]
