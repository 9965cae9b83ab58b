"""The words that adjudicators read, from one file for each language."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from curation.record import Frozen

FOLDER = Path(__file__).with_name("wording")


class AdjudicationWording(Frozen):
    """The words of one language; names in braces are filled in."""

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
def adjudication_wording(language: str) -> AdjudicationWording:
    """The words of the language, in English where there are none."""
    path = FOLDER / f"{language}.yaml"
    chosen = path if path in FOLDER.glob("*.yaml") else FOLDER / "en.yaml"
    return AdjudicationWording.model_validate(yaml.safe_load(chosen.read_text(encoding="utf-8")))
