"""The words of the report, from one file for each language."""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path

import yaml
from pydantic import Field

from curation.record import Frozen

FOLDER = Path(__file__).with_name("wording")
#: The language that measures, rules and findings are written in.
ENGLISH = "en"
#: What is filled into a phrase.
GAP = re.compile(r"\\\{(\w+)\\\}")


class ReportWording(Frozen):
    """The words of one language; names in braces are filled in."""

    language: str
    #: What the page itself says; HTML may stand in it.
    page: dict[str, str]
    #: What each rule expects, by its name; in English the rule says it.
    rules: dict[str, str] = Field(default_factory=dict)
    #: What is written in English elsewhere and shown on the page: bounds, reasons, titles, names of kinds.
    phrases: dict[str, str] = Field(default_factory=dict)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        gaps = ((GAP.sub(r"(?P<\1>.*)", re.escape(english)), own) for english, own in self.phrases.items())
        return [(re.compile(pattern), own) for pattern, own in gaps]

    def phrase(self, english: str) -> str:
        """The phrase in this language, what fills it too; as it stands where there are no words for it."""
        if english in self.phrases:
            return self.phrases[english]
        for pattern, own in self._patterns:
            if found := pattern.fullmatch(english):
                return own.format(**{name: self.phrase(filled) for name, filled in found.groupdict().items()})
        return english


@cache
def report_wording(language: str) -> ReportWording:
    """The words of the language, in English where there are none."""
    path = FOLDER / f"{language}.yaml"
    chosen = path if path in FOLDER.glob("*.yaml") else FOLDER / f"{ENGLISH}.yaml"
    return ReportWording.model_validate(yaml.safe_load(chosen.read_text(encoding="utf-8")))
