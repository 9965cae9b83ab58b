"""Sentences with slots for facts, read from sentences.LANGUAGE.yaml and parsed once.

``{symptoms:dat:3}`` takes up to three symptoms that no other sentence has, in the dative,
``{verb:symptoms:war/waren}`` agrees with them, ``<er/sie>`` is by sex, ``{speaks}`` is not written and keeps a
sentence for patients who can speak.
The files' heads list the words that a slot may hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from curation.errors import SchemeError
from curation.generate.conditions import FOLDER, load_yaml
from curation.generate.phrase import Wording

SLOT = re.compile(r"\{([^{}]+)\}")
BY_SEX = re.compile(r"<([^<>/]*)/([^<>/]*)>")

#: Slots that are filled from the patient and take no fact.
PATIENT = ("person", "subject", "rel", "reldat")
#: What a sentence needs in which the patient reports, denies or complains.
SPEAKS = "speaks"
#: Findings stand with their test; what a sentence leaves out of them would stand with the next.
WHOLE = ("shows", "pathology")
CASES = ("nom", "acc", "dat", "gen")  # the genitive for persons only
ARTICLES = ("none", "def", "indef", "neg", "a", "the")
JOINS = ("and", "or", "comma", "semi", "lines")
STYLES = ("value", "state", "of", "pred", "inv", "short")


class Slot(NamedTuple):
    """Where facts go, and in which form."""

    key: str
    case: str = "nom"
    article: str = "none"
    join: str = "and"
    style: str = ""
    limit: int = 7


class Verb(NamedTuple):
    """A word that agrees in number with the items of a key: with all of them, or with the `nearest` beside or."""

    key: str
    one: str
    many: str
    nearest: int | None = None

    def agreeing(self, words: Sequence[Wording]) -> str:
        """The form that stands beside these."""
        if self.nearest is not None:
            words = [words[self.nearest]]
        return self.many if len(words) > 1 or words[0].plural else self.one


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence in its parts; `needs` are the keys of which a fact must be left."""

    parts: tuple[str | Slot | Verb, ...]
    slots: tuple[Slot, ...]
    needs: frozenset[str]

    @classmethod
    def parse(cls, sentence: str) -> Template:
        """The template in the notation of the files; SchemeError says what does not fit."""
        parts: list[str | Slot | Verb] = []
        for index, piece in enumerate(SLOT.split(sentence)):
            if piece == SPEAKS and index % 2:
                continue
            if index % 2:
                parts.append(_slot_or_verb(piece, sentence))
            elif piece:
                parts.append(piece)
        slots = tuple(part for part in parts if isinstance(part, Slot) and part.key not in PATIENT)
        needs = {slot.key for slot in slots} | ({SPEAKS} if f"{{{SPEAKS}}}" in sentence else set())
        if any(slot.style == "inv" for slot in slots):
            needs |= {f"{slot.key} led" for slot in slots if slot.style == "inv"}
        if unmet := {part.key for part in parts if isinstance(part, Verb)} - needs:
            raise SchemeError(f"expected the keys that verbs agree with in the sentence, got {unmet} in {sentence!r}")
        if any(slot.key in WHOLE and slot.limit < 3 for slot in slots):
            raise SchemeError(f"expected room for all findings of a test, got a limit in {sentence!r}")
        parts = [_beside_or(part, parts) if isinstance(part, Verb) else part for part in parts]
        return cls(tuple(parts), slots, frozenset(needs))

    def limited(self, limits: Mapping[str, int]) -> Template:
        """The same sentence with other limits of facts."""

        def bounded(slot: Slot) -> Slot:
            return slot._replace(limit=limits.get(slot.key, slot.limit))

        parts = tuple(bounded(part) if isinstance(part, Slot) else part for part in self.parts)
        return Template(parts, tuple(map(bounded, self.slots)), self.needs)


def _beside_or(verb: Verb, parts: Sequence[str | Slot | Verb]) -> Verb:
    """The verb, which agrees with the nearest item where the items are joined by or."""
    slot_index = next(index for index, part in enumerate(parts) if isinstance(part, Slot) and part.key == verb.key)
    slot = parts[slot_index]
    if not isinstance(slot, Slot) or slot.join != "or":
        return verb
    return verb._replace(nearest=0 if parts.index(verb) < slot_index else -1)


def _slot_or_verb(notation: str, sentence: str) -> Slot | Verb:
    key, *words = notation.split(":")
    if key == "verb":
        if len(words) != 2 or words[1].count("/") != 1:
            raise SchemeError(f"expected {{verb:key:one/many}}, got {notation!r} in {sentence!r}")
        one, many = words[1].split("/")
        return Verb(words[0], one, many)
    words_of = {"case": CASES, "article": ARTICLES, "join": JOINS, "style": STYLES}
    forms: dict[str, Any] = {}
    for word in words:
        field = next((field for field, allowed in words_of.items() if word in allowed), "")
        if not field and not word.isdigit():
            raise SchemeError(f"expected a form such as dat, indef or comma, got {word!r} in {sentence!r}")
        forms[field or "limit"] = word if field else int(word)
    return Slot(key, **forms)


class Sentences(NamedTuple):
    """The sentences of a language: templates by sex, block and register, headings, joining words."""

    templates: tuple[dict[str, dict[str, tuple[Template, ...]]], ...]
    headings: dict[str, tuple[str, ...]]
    salutation: tuple[str, ...]
    closing: tuple[str, ...]
    joins: dict[str, str]


@cache
def load_sentences(language: str) -> Sentences:
    """The sentences of a language; for each sex (0 male, 1 female) the templates are ready made."""
    content: dict[str, Any] = dict(load_yaml(FOLDER / f"sentences.{language}.yaml"))
    headings, joins = content.pop("headings"), content.pop("joins")
    salutation, closing = content.pop("salutation"), content.pop("closing")
    return Sentences(
        templates=tuple(
            {
                block: {
                    register: tuple(Template.parse(BY_SEX.sub(rf"\{sex + 1}", sentence)) for sentence in sentences)
                    for register, sentences in registers.items()
                }
                for block, registers in content.items()
            }
            for sex in (0, 1)
        ),
        headings={key: tuple(words) for key, words in headings.items()},
        salutation=tuple(salutation),
        closing=tuple(closing),
        joins=dict(joins),
    )
