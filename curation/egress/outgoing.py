"""What leaves this machine in one piece, and what in it identifies a person."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from curation.deidentify.identifiers.analyzer import find_identifiers
from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind, outside, parted
from curation.deidentify.identifiers.recognisers import RecogniserSettings
from curation.deidentify.identifiers.surrogate_marks import MARK, surrogates_within
from curation.record import Layer, Record


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The whole of what is sent at once: all its texts, and the records that they are about.

    The texts are read in the language of the first record; those about no record in each of the languages that they may
    be in.
    """

    texts: tuple[str, ...]
    records: tuple[Record, ...] = ()
    languages: tuple[str, ...] = ("en",)

    @classmethod
    def of(cls, record: Record, layer: Layer | None = None) -> Outgoing:
        """A record with what is said beside its text: group, meta, and a layer's words that do not stand in it."""
        beside = [record.group, *_words({name: value for name, value in record.meta.items() if name != MARK})]
        for entity in layer.entities if layer else ():
            beside += [entity.text, *entity.attributes.values()]
        return cls(
            (record.text, *(wording for wording in dict.fromkeys(beside) if wording not in record.text)), (record,)
        )

    @property
    def characters(self) -> int:
        """How long all texts are together, in code points."""
        return sum(map(len, self.texts))

    def identifiers(
        self, kinds: Container[IdentifierKind], recognisers: Sequence[RecogniserSettings] = ()
    ) -> Iterator[Identifier]:
        """The identifiers of some kinds in the texts; surrogates of the records are none."""
        languages = (self.records[0].language,) if self.records else self.languages
        for text in self.texts:
            every = [
                identifier
                for language in languages
                for identifier in find_identifiers(text, language=language, recognisers=recognisers)
            ]
            found = parted([identifier for identifier in every if identifier.kind in kinds])
            yield from outside(text, found, surrogates_within(text, self.records)) if found else ()


def _words(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _words(part)
