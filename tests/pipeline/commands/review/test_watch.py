"""The words of `curate review watch` for people."""

from __future__ import annotations

import pytest

from pipeline.commands.review.watch import _for_people


def test_what_came_is_counted_and_what_is_odd_about_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    odd = {
        "refused": [("annotation 3", "no such category")],
        "in_doubt": [("annotation 4 of task 2", "an import names anna")],
        "deleted": ["task 7"],
        "overwritten": ["annotation 5 of human:anna was changed by human:ben before it was pulled"],
    }
    _for_people("pulled", {"project": "P", "layers": 1, **odd})
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "pulled: project P, layers 1",
        "  refused: annotation 3: no such category",
        "  in_doubt: annotation 4 of task 2: an import names anna",
        "  deleted: task 7",
        "  overwritten: annotation 5 of human:anna was changed by human:ben before it was pulled",
    ]
