"""Reviewed records by hand, and studies by scripted annotators."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from review_parts.scripted_annotators import AVERAGE, CAREFUL, HASTY, annotate, reports

from annotation.agreement.study import ReviewedRecord
from curation.markup import parse_markup
from curation.record import Layer, Record, record_id
from curation.scheme import Scheme


@pytest.fixture(scope="session")
def reviews() -> Callable[..., ReviewedRecord]:
    """Makes a reviewed record from the same text marked by several."""

    def make(**marked: str) -> ReviewedRecord:
        texts = {name: parse_markup(one) for name, one in marked.items()}
        (text,) = {text for text, _ in texts.values()}
        id = record_id(text, language="en")
        record = Record(id=id, group=id, source="test", language="en", text=text)
        layers = {
            f"human:{name}": Layer(record_id=id, name=f"human:{name}", author=f"human:{name}", entities=entities)
            for name, (_, entities) in texts.items()
        }
        return ReviewedRecord(record, layers)

    return make


@pytest.fixture(scope="session")
def simulated(scheme: Scheme) -> Callable[[int], list[ReviewedRecord]]:
    """So many cases of the shipped sample, marked by three scripted annotators."""
    habits = {"anna": CAREFUL, "ben": AVERAGE, "clara": HASTY}

    def study(cases: int) -> list[ReviewedRecord]:
        return [
            ReviewedRecord(
                record,
                {
                    f"human:{name}": annotate(record, gold, each, name=name, categories=scheme.names).layer
                    for name, each in habits.items()
                },
            )
            for record, gold in reports(cases, real=False)
        ]

    return study
