"""What is known of words, values and doses: the YAML files beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from curation.errors import ConfigError
from curation.record import digest

FOLDER = Path(__file__).with_name("plausible")
Shape = TypeVar("Shape")


def read_known(name: str, shape: type[Shape], folder: Path = FOLDER) -> Shape:
    """The content of a file in its shape; ConfigError naming the file and the entry that does not fit."""
    path = folder / f"{name}.yaml"
    try:
        return TypeAdapter(shape).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error


@cache
def known_digest() -> str:
    """A digest of all files: what was measured with others is measured anew."""
    return digest([[path.name, path.read_text(encoding="utf-8")] for path in sorted(FOLDER.glob("*.yaml"))])
