"""The YAML files of words and grammar, read in their shape."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from curation.errors import ConfigError
from curation.record import digest
from curation.yaml_file import read_yaml

FOLDER = Path(__file__).parent
Shape = TypeVar("Shape")


def read_word_list(path: Path, shape: type[Shape]) -> Shape:
    """The content of a file in its shape; ConfigError naming the file and the entry that does not fit."""
    try:
        return TypeAdapter(shape).validate_python(read_yaml(path))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error


@cache
def word_lists_digest(folder: Path = FOLDER) -> str:
    """A digest of all YAML files of a folder, by default of this one: what was made with others is made anew."""
    return digest([[path.name, path.read_text(encoding="utf-8")] for path in sorted(folder.glob("*.yaml"))])
