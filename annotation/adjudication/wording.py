"""What adjudicators read, in their language; the words are in files, one for each language."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from curation.record import Frozen

FOLDER = Path(__file__).with_name("wording")


class Words(Frozen):
    """The words of one language; what stands in braces is filled in."""

    reviewer: str
    start: str
    heading: str
    agreed: str
    summary: str
    legend: str
    columns: dict[str, str]
    kinds: dict[str, str]
    nobody: str
    vote: str
    reject: str
    keep: str
    no_value: str
    instruction: tuple[str, ...]


@cache
def words(language: str) -> Words:
    """The words of the language, in English where there are none."""
    path = FOLDER / f"{language}.yaml"
    chosen = path if path in FOLDER.glob("*.yaml") else FOLDER / "en.yaml"
    return Words.model_validate(yaml.safe_load(chosen.read_text(encoding="utf-8")))
