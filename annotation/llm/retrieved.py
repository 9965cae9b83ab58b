"""Examples from a frozen set: those of its training side that are nearest to a record, and never a relative of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from threading import RLock

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from annotation.llm.checked_examples import CheckedExamples
from annotation.llm.examples import Example
from annotation.llm.neighbours import (
    NGRAMS,
    NGRAMS_REVISION,
    EncodedNeighbours,
    Neighbours,
    NgramNeighbours,
    unlike,
)
from annotation.settings import ExamplesSettings
from curation.embeddings.encoder import Encoder
from curation.embeddings.vector_store import VectorStore
from curation.errors import UsageError
from curation.record import Layer, Record, digest, normal_group
from curation.sets.duplicates import SHINGLE_WORDS, THRESHOLD, WORD, normalised, sketch
from curation.store.sets import CuratedSet

#: Raised when the same set and settings give other examples.
VERSION = 1
#: Characters of a token, in English and in other languages, and those that an entity's JSON has around its words.
#: An estimate: the model's own tokenizer is not asked.
TOKEN_CHARACTERS, OTHER_TOKEN_CHARACTERS, AROUND_ENTITY = 4.0, 3.0, 45
#: Words from which a text that stands within another one is the same report, and not a phrase of it.
FEWEST_WORDS = SHINGLE_WORDS + 2

Rows = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float32]

#: The encoder for a language, None where none knows it.
EncoderFor = Callable[[str], Encoder | None]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The examples of one language, with what tells relatives and duplicates."""

    members: Sequence[tuple[Record, Layer]]
    neighbours: Neighbours
    signatures: npt.NDArray[np.uint32]
    texts: Sequence[str]
    tokens: Sequence[int]
    #: How near each is to the middle of all, and the order in which they are taken; for fixed ones only.
    central: Scores | None = None
    fixed: Sequence[int] = ()

    def strangers(self, record: Record, threshold: float) -> Rows:
        """Which rows may be shown: not the record, its group, its translations, nor a text that is nearly the same."""
        text, group, family = normalised(record.text), normal_group(record.group), _family(record)
        alike = (self.signatures == sketch([text])[0]).mean(axis=1) >= threshold
        related = [normal_group(member.group) == group or bool(_family(member) & family) for member, _ in self.members]
        within = [_contains(text, other) for other in self.texts]
        free: Rows = ~(alike | np.array(related, dtype=bool) | np.array(within, dtype=bool))
        return free


class RetrievedExamples:
    """Nearest, unlike or fixed examples for a record, within a budget of tokens; the same for the same set."""

    def __init__(
        self,
        curated: CuratedSet,
        checked: CheckedExamples,
        settings: ExamplesSettings,
        *,
        encoder_for: EncoderFor = lambda language: None,
        vectors: VectorStore | None = None,
        near_duplicates: float = THRESHOLD,
    ) -> None:
        """Raises UsageError where no member can be an example, or a fixed one is none of them."""
        self.curated, self.settings = curated, settings
        self.left_out = checked.left_out
        self._members = {record.id: (record, layer) for record, layer in checked.members}
        self._encoder_for, self._vectors, self._near_duplicates = encoder_for, vectors, near_duplicates
        self._shelves: dict[str, _Shelf | None] = {}
        self._lock = RLock()
        if not self._members:
            raise UsageError(
                f"expected records on the training side of {self.name} that can be examples, found none"
                + (f": {_counts(self.left_out)}" if self.left_out else "")
            )
        if unknown := [id for id in settings.ids if id not in self._members]:
            raise UsageError(
                f"annotation.examples.ids: expected records of the training side of {self.name} whose entities stand "
                f"in their texts, got {', '.join(unknown[:10])}"
            )

    @property
    def name(self) -> str:
        """The set, with its version."""
        return f"{self.curated.name}@{self.curated.version}"

    @cached_property
    def languages(self) -> dict[str, int]:
        """How many examples there are in each language."""
        counts = Counter(record.language for record, _ in self._members.values())
        return dict(sorted(counts.items()))

    @cached_property
    def digest(self) -> str:
        """What the choice depends on: the set's digest, how it is searched, and by which encoder in each language."""
        settings = self.settings.model_dump(mode="json", include={"number", "strategy", "ids", "diversity", "tokens"})
        by = {language: self._identity(language) for language in self.languages}
        return digest([VERSION, self.curated.digest, settings, by, self._near_duplicates], length=32)

    def for_record(self, record: Record, *, number: int | None = None) -> list[Example]:
        """The examples for a record's prompt, the most fitting first; fewer than asked for where no others fit.

        number: so many at most, where that is less than in the settings.
        """
        shelf = self._shelf(record.language)
        if shelf is None or not record.text.strip():
            return []
        # Fixed ones are near the middle, whatever the record is: its text need not be encoded.
        scores = shelf.neighbours.near(record) if shelf.central is None else shelf.central
        chosen: list[Example] = []
        left = self.settings.tokens
        for row in self._ranked(shelf, scores, shelf.strangers(record, self._near_duplicates)):
            if len(chosen) == min(number or self.settings.number, self.settings.number):
                break
            if shelf.tokens[row] <= left:
                left -= shelf.tokens[row]
                chosen.append(Example(*shelf.members[row], score=round(float(scores[row]), 4)))
        return chosen

    def by(self, language: str) -> str | None:
        """What texts of a language are compared by; None where there are no examples in it."""
        shelf = self._shelf(language)
        return shelf.neighbours.by if shelf else None

    def provenance(self, chosen: Sequence[Example]) -> dict[str, JsonValue]:
        """What a layer notes of its examples: the set, how they were found, and their ids."""
        return {
            "set": self.name,
            "set_digest": self.curated.digest,
            "strategy": self.settings.strategy,
            "by": self.by(chosen[0].record.language) if chosen else None,
            "ids": [example.record.id for example in chosen],
        }

    def described(self) -> Iterator[str]:
        """Lines for people: how many examples there are, what they are found by, and how many were left out."""
        parts = [f"{count} in {language} by {self.by(language)}" for language, count in self.languages.items()]
        yield f"examples: {self.name}, training side, {self.settings.strategy}: {', '.join(parts)}"
        without = [language for language in self.languages if self.by(language) == NGRAMS]
        if without:
            yield (
                f"examples in {', '.join(without)} are found by {NGRAMS}, since no encoder that knows the language is "
                "there: pip install 'clincurate[multilingual]', or name one in annotation.examples.encoder"
            )
        if self.left_out:
            yield f"left out as examples: {_counts(self.left_out)}"

    def _ranked(self, shelf: _Shelf, scores: Scores, free: Rows) -> list[int]:
        """The rows that may be shown, in the order in which they are taken."""
        if self.settings.strategy == "fixed":
            return [row for row in shelf.fixed if free[row]]
        # Of equally near ones the first of the set.
        nearest = [int(row) for row in np.argsort(-scores, kind="stable") if free[row]]
        if self.settings.strategy == "nearest":
            return nearest
        affordable = [row for row in nearest if shelf.tokens[row] <= self.settings.tokens]
        return unlike(
            shelf.neighbours, scores, affordable, diversity=self.settings.diversity, number=4 * self.settings.number
        )

    def _fixed(self, members: Sequence[tuple[Record, Layer]], neighbours: Neighbours) -> tuple[Scores, list[int]]:
        """The rows of the named records; without names the most typical ones that are unlike each other."""
        central = neighbours.central()
        if self.settings.ids:
            rows = {record.id: row for row, (record, _) in enumerate(members)}
            return central, [rows[id] for id in self.settings.ids if id in rows]
        by_middle = [int(row) for row in np.argsort(-central, kind="stable")]
        diversity, number = self.settings.diversity, 10 * self.settings.number
        return central, unlike(neighbours, central, by_middle, diversity=diversity, number=number)

    def _identity(self, language: str) -> list[str]:
        encoder = self._encoder_for(language)
        return [encoder.name, encoder.revision] if encoder else [NGRAMS, NGRAMS_REVISION]

    def _shelf(self, language: str) -> _Shelf | None:
        with self._lock:
            if language not in self._shelves:
                members = [pair for pair in self._members.values() if pair[0].language == language]
                self._shelves[language] = self._filled(members, language) if members else None
            return self._shelves[language]

    def _filled(self, members: Sequence[tuple[Record, Layer]], language: str) -> _Shelf:
        records = [record for record, _ in members]
        encoder = self._encoder_for(language)
        neighbours: Neighbours = (
            EncodedNeighbours(records, encoder, vectors=self._vectors) if encoder else NgramNeighbours(records)
        )
        central, fixed = self._fixed(members, neighbours) if self.settings.strategy == "fixed" else (None, [])
        texts = [normalised(record.text) for record in records]
        tokens = [example_tokens(record, layer) for record, layer in members]
        return _Shelf(members, neighbours, sketch(texts), texts, tokens, central, fixed)


def example_tokens(record: Record, layer: Layer) -> int:
    """About how many tokens an example takes in a prompt: its text, and its entities as JSON."""
    entities = sum(len(entity.text) + len(entity.category) + AROUND_ENTITY for entity in layer.entities)
    each = TOKEN_CHARACTERS if record.language == "en" else OTHER_TOKEN_CHARACTERS
    return ceil((len(record.text) + entities) / each)


def _family(record: Record) -> set[str]:
    """The ids that a record shares with its translations."""
    return {record.id, record.translation_of or record.id}


def _contains(left: str, right: str) -> bool:
    """Whether one of two normalised texts stands within the other as a whole."""
    shorter, longer = sorted((left, right), key=len)
    return shorter in longer and len(WORD.findall(shorter)) >= FEWEST_WORDS


def _counts(left_out: Counter[str]) -> str:
    return ", ".join(f"{count} with {reason}" for reason, count in sorted(left_out.items()))
