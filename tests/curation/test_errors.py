"""A name that there is not is refused with the nearest one and with all."""

from __future__ import annotations

import pytest

from curation.errors import no_such


@pytest.mark.parametrize(
    ("name", "known", "line"),
    [
        ("glod", ["rules", "gold"], "expected a layer, got 'glod'; did you mean gold? there are: rules, gold"),
        (
            "Human:Anna",
            ["human:anna"],
            "expected a layer, got 'Human:Anna'; did you mean human:anna? there are: human:anna",
        ),
        ("x", ["rules", "gold"], "expected a layer, got 'x'; there are: rules, gold"),
        ("gold", [], "expected a layer, got 'gold'; there are: none yet"),
    ],
)
def test_the_line_names_what_there_is(name: str, known: list[str], line: str) -> None:
    assert no_such("a layer", name, known) == line
