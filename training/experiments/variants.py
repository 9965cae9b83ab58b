"""A file with the variants of a comparison, in YAML or TOML: a name for each, and what is other with it.

baseline: lora
variants:
  lora: {}
  full: {training: {tuning: full}}
  rules: {with: rules}
  naive: {with: "llm:small", prompt: naive.v1}
  retrieved: {with: "llm:small", prompt: advanced.v1, examples: true}
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from curation.author import AuthorKind, kind_of
from curation.errors import UsageError, unknown_name
from curation.path_name import path_name
from curation.printable import printable
from curation.record import Frozen
from curation.yaml_file import load_yaml, yaml_problem

MOST_CHARACTERS = 1 << 20


class ComparedVariant(Frozen):
    """One variant: an adapter that is trained with other settings, or an annotator that is there already."""

    #: The annotator; None trains an adapter.
    spoken: str | None = Field(None, alias="with")
    training: dict[str, Any] = Field(default_factory=dict)
    annotation: dict[str, Any] = Field(default_factory=dict)
    #: Of a language model: the prompt, and whether it has examples from the training side of the set.
    prompt: str | None = None
    examples: bool = False

    @model_validator(mode="after")
    def _fits(self) -> ComparedVariant:
        if self.spoken is not None and self.training:
            raise ValueError("expected settings of training without `with`: what it names is not trained")
        asks = self.spoken is not None and kind_of(self.spoken) is AuthorKind.LLM
        if not asks and (self.prompt is not None or self.examples):
            raise ValueError("expected `prompt` and `examples` beside a language model, such as with: llm:NAME")
        return self

    @property
    def sections(self) -> dict[str, Any]:
        """The sections of the settings that are other."""
        annotation = self.annotation
        if self.prompt is not None:
            annotation = annotation | {"llm": {**annotation.get("llm", {}), "prompt": self.prompt}}
        return {"training": self.training, "annotation": annotation}


class ComparedVariants(Frozen):
    """The variants by their names, and the one that the others are compared with; None: each with each."""

    variants: dict[str, ComparedVariant] = Field(min_length=1)
    baseline: str | None = None


def read_variants(path: Path) -> ComparedVariants:
    """The variants in a file. Raises UsageError in one line: the variant, what was expected, and what came."""
    try:
        with path.open(encoding="utf-8") as stream:
            text = stream.read(MOST_CHARACTERS + 1)
        content = tomllib.loads(text) if path.suffix.lower() == ".toml" else load_yaml(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise UsageError(
            f"expected a file of variants in YAML or TOML at {path}, it cannot be read ({yaml_problem(error)})"
        ) from error
    try:
        found = ComparedVariants.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"{path}: {_first(error)}") from error
    for name in found.variants:
        path_name(name, "a variant")
    if found.baseline is not None and found.baseline not in found.variants:
        raise unknown_name("a variant as the baseline", found.baseline, found.variants)
    return found


def _first(error: ValidationError) -> str:
    problem, *others = error.errors()
    location = ".".join(map(str, problem["loc"])) or "the file"
    known = ", ".join(field.alias or name for name, field in ComparedVariant.model_fields.items())
    hint = f"; known are: {known}" if problem["type"] == "extra_forbidden" and len(problem["loc"]) > 1 else ""
    more = f" (and {len(others)} more)" if others else ""
    return printable(f"{location}: {problem['msg'].removeprefix('Value error, ')}{hint}{more}")
