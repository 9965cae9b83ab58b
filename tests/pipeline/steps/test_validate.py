"""Which language the validation report is in."""

from __future__ import annotations

import pytest

from pipeline.config import Config, with_overrides
from pipeline.steps.validate import in_language_of_review


@pytest.mark.parametrize(
    ("changes", "language"),
    [
        ([], "en"),
        (["review.language=de"], "de"),
        (["validation.report.language=de"], "de"),
        (["review.language=de", "validation.report.language=en"], "en"),
    ],
)
def test_the_report_is_in_the_language_of_the_review_unless_it_has_its_own(changes: list[str], language: str) -> None:
    config = with_overrides(Config(), changes)
    settings = in_language_of_review(config)
    assert settings.report.language == language
    assert settings.model_dump(exclude={"report"}) == config.validation.model_dump(exclude={"report"})
