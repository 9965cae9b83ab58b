"""The pattern files: what the rules mark in a language, by category of the scheme."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from annotation.rules.lexicon import Kind
from curation.errors import ConfigError, one_line
from curation.record import Frozen
from curation.yaml_file import read_yaml

PATTERNS = Path(__file__).with_name("patterns")


class Pattern(Frozen):
    """One pattern: over kinds of words, or in spaCy's form."""

    id: str
    score: float = Field(ge=0, le=1)
    match: str | None = None
    tokens: list[dict[str, Any]] | None = None

    @model_validator(mode="after")
    def _has_one_form(self) -> Pattern:
        if (self.match is None) == (self.tokens is None):
            raise ValueError(f"pattern {self.id}: expected either match or tokens")
        return self


class CategoryPatterns(Frozen):
    """The patterns of one category."""

    once: bool = False
    patterns: tuple[Pattern, ...]


class AssertionTurn(Frozen):
    """What a cue in a section or sentence makes of the categories found after it."""

    cue: str
    scope: Literal["sentence", "section"] = "sentence"
    #: Kinds of terms at which the sentence's scope ends.
    until: tuple[str, ...] = ()
    becomes: dict[str, str]


class PatternFile(Frozen):
    """A pattern file: what to mark in one language."""

    groups: dict[str, str] = Field(default_factory=dict)
    #: Kinds before those of the shipped lexicon, or in place of them.
    kinds: dict[str, Kind] = Field(default_factory=dict)
    categories: dict[str, CategoryPatterns]
    turns: tuple[AssertionTurn, ...] = ()


def load_patterns(language: str, *, folder: Path | None = None) -> PatternFile | None:
    """The patterns of a language; none where the folder has no file for it."""
    path = (folder or PATTERNS) / f"{language}.yaml"
    if not path.is_file():
        return None
    try:
        return PatternFile.model_validate(read_yaml(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path}: {one_line(error)}") from error
