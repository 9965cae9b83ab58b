"""What is known of words, values and doses: the YAML files beside this module."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from curation.errors import ConfigError
from curation.record import digest

FOLDER = Path(__file__).with_name("plausible")
Shape = TypeVar("Shape")


def read_known(name: str, shape: type[Shape]) -> Shape:
    """The content of a file in its shape; ConfigError naming the file and the entry that does not fit."""
    path = FOLDER / f"{name}.yaml"
    try:
        return TypeAdapter(shape).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error


@cache
def known_digest() -> str:
    """A digest of all files: what was measured with others is measured anew."""
    return digest([[path.name, path.read_text(encoding="utf-8")] for path in sorted(FOLDER.glob("*.yaml"))])


def listed(words: str) -> tuple[str, ...]:
    """The terms of a list with commas."""
    return tuple(term for part in words.split(",") if (term := part.strip()))


def any_of(terms: Iterable[str]) -> str:
    """A pattern for any of the terms, the longest first; an asterisk stands for any letters."""
    ordered = sorted(terms, key=len, reverse=True)
    return "|".join(re.escape(term).replace(r"\*", r"\w*") for term in ordered)
