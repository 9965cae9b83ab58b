"""Examples for a prompt: reviewed records that show a model what is asked of it, and answers that repeat them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import JsonValue

from curation.record import Alignment, Layer, Record
from curation.text.alignment import MINIMUM, align


@dataclass(frozen=True, slots=True)
class Example:
    """A record with the layer that is right for it, and how near it is to the record that is asked about (-1 to 1; a
    fixed one to the middle of its set).

    All entities of the layer stand in the text, word for word.
    """

    record: Record
    layer: Layer
    score: float


class Examples(Protocol):
    """What gives each record its examples."""

    @property
    def digest(self) -> str:
        """What the choice depends on: the set, how it is searched and by what."""

    def for_record(self, record: Record) -> Sequence[Example]:
        """The examples for a record's prompt, the most fitting first; none of them gives its facts away."""

    def provenance(self, chosen: Sequence[Example]) -> dict[str, JsonValue]:
        """What a layer notes of its examples: the set, how they were found, and their ids."""


class Worded(Protocol):
    """Anything with a wording, such as a quote or an entity."""

    @property
    def text(self) -> str:
        """The wording."""


WordedT = TypeVar("WordedT", bound=Worded)


def repeated_from(
    examples: Sequence[Example], quotes: Iterable[WordedT], text: str, *, minimum: float = MINIMUM
) -> list[WordedT]:
    """The quotes that stand in an example and not in the text: the model has taken them from its prompt.

    In an example a wording counts as it is or folded; in the text also where it is similar enough (`minimum`, as for
    aligning), so that a slip of the pen is not taken for a foreign fact. A number, a side or a negation that differs
    is another fact.
    """
    shown = [example.record.text for example in examples]
    return [
        quote
        for quote in quotes
        if any(_stands(quote.text, other) for other in shown)
        and align(quote.text, text, minimum=minimum).alignment is Alignment.NONE
    ]


def _stands(wording: str, text: str) -> bool:
    # Above 1, similarity is off.
    return align(wording, text, minimum=1.01).alignment is not Alignment.NONE
