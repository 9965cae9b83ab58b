"""Reviews written as marked texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from curation.markup import parse_markup
from curation.record import Layer, Record, record_id

Reviews = tuple[Record, dict[str, Layer]]


@pytest.fixture(scope="session")
def reviews() -> Callable[..., Reviews]:
    """Makes a record and each reviewer's layer from the same text marked by several."""

    def make(*, verdicts: dict[str, str] | None = None, **marked: str) -> Reviews:
        texts = {name: parse_markup(one) for name, one in marked.items()}
        (text,) = {text for text, _ in texts.values()}
        id = record_id(text, language="en")
        record = Record(id=id, group=id, source="test", language="en", text=text)
        layers = {
            f"human:{name}": Layer(
                record_id=id,
                name=f"human:{name}",
                author=f"human:{name}",
                entities=entities,
                provenance={"verdict": (verdicts or {}).get(name, "fix")},
            )
            for name, (_, entities) in texts.items()
        }
        return record, layers

    return make
