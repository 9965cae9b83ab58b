"""What a style of asking is: it goes with the prompt files that name it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from annotation.llm.reading import Reading
from curation.models.bounded_schema import Schema
from curation.models.tolerant_json import Decode, decode_plain
from curation.record import Layer
from curation.scheme import Category, Scheme

#: Texts of like size share a schema, since servers make a grammar of each new one.
SMALLEST = 256
LONGEST_QUOTE, LONGEST_VALUE = 512, 4_096
FEWEST_ITEMS, MOST_ITEMS = 16, 512


class Style(Protocol):
    """The form of answers to a prompt, and how they are read.

    category: the one that a question is about, where each is asked about by itself.
    """

    def parts(self, scheme: Scheme) -> Sequence[Category | None]:
        """What is asked apart: categories, and None for the document labels or for everything at once."""

    def schema(self, scheme: Scheme, category: Category | None, characters: int) -> Schema:
        """The form of an answer about a text of so many characters."""

    def read(self, text: str, scheme: Scheme, category: Category | None, *, decode: Decode = decode_plain) -> Reading:
        """What an answer says; quotes know where they stand in it where `decode` gives placed values.

        Raises NotReadError where nothing of it can be used.
        """

    def answer(self, layer: Layer, scheme: Scheme, category: Category | None) -> str:
        """The right answer about a record with that layer, as an example of a prompt."""


def size(characters: int) -> int:
    """A text's size in steps of two."""
    return max(SMALLEST, 1 << max(0, characters - 1).bit_length())


def longest_quote(characters: int) -> int:
    """So long a quote may be."""
    return min(LONGEST_QUOTE, size(characters))


def longest_value(characters: int) -> int:
    """So long all facts of a category together may be."""
    return min(LONGEST_VALUE, size(characters))


def most_items(characters: int) -> int:
    """So many facts there may be."""
    return max(FEWEST_ITEMS, min(MOST_ITEMS, size(characters) // 8))
