"""The guidelines of a workspace as one page, with examples from its settled records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotation.adjudication.consensus import adjudication_cases
from annotation.guidelines.page import WORDED, guidelines
from annotation.guidelines.settled_examples import SettledExamples
from curation.atomic_file import replaced
from curation.errors import unknown_name
from curation.path_name import folder_name
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
    """The written page, by default in `reports/` and in the language of the review; 0 examples quote no record.

    Raises UsageError for a language that neither the scheme nor the page has words in.
    """
    review = workspace.config.review
    language = language or review.language
    known = dict.fromkeys((*workspace.scheme.languages, *WORDED))
    if language not in known:
        raise unknown_name("a language of the scheme or of the page", language, known)
    found = SettledExamples(adjudication_cases(store, review.adjudication), language=language, examples=examples)
    path = to or workspace.subfolder("reports") / f"{folder_name(f'guidelines-{language}')}.html"
    page = guidelines(workspace.scheme, found, language=language)
    with replaced(path, tell=workspace.notify) as unfinished:
        unfinished.write_text(page, encoding="utf-8")
    return GuidelinesPage(path, found.records, found.adjudicated)
