"""The guidelines of a workspace as one page, with examples from its settled records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotation.adjudication.consensus import adjudication_cases
from annotation.guidelines.page import guidelines
from annotation.guidelines.settled_examples import SettledExamples
from curation.store import Store
from pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class GuidelinesPage:
    """The page, the settled records that it quotes, and how many of these were adjudicated."""

    path: Path
    records: int
    adjudicated: int


def write_guidelines(
    workspace: Workspace, store: Store, *, to: Path | None = None, language: str | None = None, examples: int = 5
) -> GuidelinesPage:
    """The written page, by default in `reports/` and in the language of the review; 0 examples quote no record."""
    review = workspace.config.review
    language = language or review.language
    found = SettledExamples(adjudication_cases(store, review.adjudication), language=language, examples=examples)
    path = to or workspace.subfolder("reports") / f"guidelines-{language}.html"
    path.write_text(guidelines(workspace.scheme, found, language=language), encoding="utf-8")
    return GuidelinesPage(path, found.records, found.adjudicated)
