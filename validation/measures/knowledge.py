"""What is known of values, doses and words: the YAML files beside this module, and a digest of all that is read."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

from curation.record import digest
from curation.text.word_lists import read_word_list, word_lists_digest

FOLDER = Path(__file__).with_name("plausible")
Shape = TypeVar("Shape")


def read_knowledge(name: str, shape: type[Shape], folder: Path = FOLDER) -> Shape:
    """The content of a file in its shape; ConfigError naming the file and the entry that does not fit."""
    return read_word_list(folder / f"{name}.yaml", shape)


@cache
def knowledge_digest() -> str:
    """A digest of these files and of those of `curation.text`: what was measured with others is measured anew."""
    return digest([word_lists_digest(FOLDER), word_lists_digest()])
