"""How varied generated texts are, beside the real ones of the store: rows of words, duplicates, what is covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from pydantic import JsonValue

from curation.record import Layer, Record
from curation.sets.copied_words import WORD, CopiedWordsIndex
from curation.sets.duplicates import THRESHOLD, find_duplicates
from curation.text.folding import composed

#: Rows of so many words are counted, and over so many words of each kind of text, at most: the share of different rows
#: falls with the length of what is looked at.
ROWS = (1, 2, 3)
MOST_WORDS = 50_000
REAL = "real"


@dataclass(frozen=True, slots=True)
class GroupDiversity:
    """The texts of one language by one author.

    distinct: the share of different rows of one, two and three words among all, over `compared` words, the same number
    for every author of the language. near, semantic: texts that repeat another. copied: texts with a row of words of a
    real one; longest_copied: the words of the longest such row. None: not measured. categories: records with such an
    entity.
    """

    language: str
    author: str
    records: int
    words: int
    compared: int
    distinct: dict[str, float]
    near: int
    semantic: int | None
    copied: int | None
    longest_copied: int | None
    conditions: dict[str, int]
    specialties: dict[str, int]
    categories: dict[str, int]

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        found: dict[str, JsonValue] = asdict(self)
        return found


@dataclass(slots=True)
class DiversityTexts:
    """What is compared: texts by language and author, with what they cover."""

    texts: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    conditions: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    specialties: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    categories: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    def add(self, record: Record, author: str, layers: Iterable[Layer] = ()) -> None:
        """One text more."""
        key = record.language, author
        self.texts.setdefault(key, []).append((record.id, record.text))
        for name, counts in (("condition", self.conditions), ("specialty", self.specialties)):
            if isinstance(value := record.meta.get(name), str):
                counts.setdefault(key, Counter())[value] += 1
        found = {entity.category for layer in layers for entity in layer.entities}
        self.categories.setdefault(key, Counter()).update(found)


def diversity(
    texts: DiversityTexts,
    *,
    copied_words: int,
    near: float = THRESHOLD,
    semantic: Mapping[str, frozenset[str]] | None = None,
) -> list[GroupDiversity]:
    """The figures by language and author, real texts last.

    semantic: by author, the ids of records that repeat another in other words.
    """
    keys = sorted(texts.texts, key=lambda key: (key[0], key[1] == REAL, key[1]))
    words = {key: _words(text for _, text in texts.texts[key]) for key in keys}
    found = []
    for language in dict.fromkeys(language for language, _ in keys):
        own = [key for key in keys if key[0] == language]
        compared = min(MOST_WORDS, *(len(words[key]) for key in own))
        real = [text for _, text in texts.texts.get((language, REAL), [])]
        index = CopiedWordsIndex(real, length=copied_words) if real else None
        found += [
            _group(texts, key, words[key], compared, near, index if key[1] != REAL else None, semantic) for key in own
        ]
    return found


def _group(
    texts: DiversityTexts,
    key: tuple[str, str],
    words: Sequence[str],
    compared: int,
    near: float,
    index: CopiedWordsIndex | None,
    semantic: Mapping[str, frozenset[str]] | None,
) -> GroupDiversity:
    own = texts.texts[key]
    repeats = find_duplicates(own, threshold=near).matches()
    rows = [index.longest(text) for _, text in own] if index else None
    alike = None if semantic is None else len({id for id, _ in own} & semantic.get(key[1], frozenset()))
    return GroupDiversity(
        language=key[0],
        author=key[1],
        records=len(own),
        words=len(words),
        compared=compared,
        distinct={str(length): _distinct(words[:compared], length) for length in ROWS},
        near=len(repeats),
        semantic=alike,
        copied=None if rows is None else sum(row > 0 for row in rows),
        longest_copied=None if rows is None else max(rows, default=0),
        conditions=_sorted(texts.conditions.get(key)),
        specialties=_sorted(texts.specialties.get(key)),
        categories=_sorted(texts.categories.get(key)),
    )


def _words(texts: Iterable[str]) -> list[str]:
    return [word for text in texts for word in WORD.findall(composed(text))]


def _distinct(words: Sequence[str], length: int) -> float:
    """The share of different rows among all rows of so many words."""
    rows = list(zip(*(words[first:] for first in range(length)), strict=False))
    return round(len(set(rows)) / len(rows), 4) if rows else 0.0


def _sorted(counts: Mapping[str, int] | None) -> dict[str, int]:
    return dict(sorted((counts or {}).items(), key=lambda count: (-count[1], count[0])))
