"""A record as it goes to a machine elsewhere, with surrogates for its identifiers, and the way back of what is said.

What is said about the surrogates' text comes to stand over the true one. What can be told from a surrogate only is no
fact of the record, and is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from curation.deidentify.edits import Edits, Span
from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind
from curation.deidentify.identifiers.surrogate_marks import MARK, SurrogateMark, surrogate_identifiers
from curation.deidentify.key import Key
from curation.deidentify.rewrite import Replacement, projected, replaced
from curation.deidentify.scope import DeidentifyScope
from curation.deidentify.surrogates import Patient
from curation.record import (
    Alignment,
    Entity,
    Fragment,
    Layer,
    Record,
    Relation,
    check_layer,
    normal_group,
    wording,
)
from curation.text.dates import month_of

#: Words and numbers: a number says the same with a unit or an ending at it.
WORD = re.compile(r"\d+|[^\W\d]+")
#: Categories whose values can be concluded from what stands for identifiers of a kind, without a quote of it.
CONCLUDED = {"age": IdentifierKind.AGE, "gender": IdentifierKind.NAME}
#: What a layer's provenance calls the identifiers that surrogates stood for, by kind.
REPLACED = "replaced"
#: What a layer's provenance and its notes call what has become of answers about surrogates.
OVER, WIDENED = "over an identifier", "widened to a whole identifier"
DOUBLE, RELATION = "left out: the same identifier again", "left out: relation of what was left out"
LEFT_OUT, DOUBTFUL = "left out: told by a surrogate", "without a place, may be told by a surrogate"


@dataclass(frozen=True)
class SurrogateRecord:
    """A record, and the same with surrogates for its identifiers: its id, group and source stay, they are not shown."""

    original: Record
    replacement: Replacement

    @classmethod
    def of(cls, record: Record, key: Key, scope: DeidentifyScope) -> SurrogateRecord:
        """The same surrogates for the same record under the same key."""
        patient = Patient(key, normal_group(record.group), record.language)
        there = surrogate_identifiers(record)
        return cls(record, replaced(record.text, record.language, patient, scope, surrogates=there))

    @cached_property
    def record(self) -> Record:
        """The record that is shown, marked with where its surrogates stand."""
        if not self.replacement.rounds:
            return self.original
        mark = SurrogateMark("surrogate", self.replacement.surrogates).as_json()
        meta = {**self.original.meta, MARK: mark}
        return self.original.model_copy(update={"text": self.replacement.text, "meta": meta})

    def shown(self, layer: Layer) -> Layer:
        """A layer of the original over the text that is shown; words beside the text are those of surrogates there."""
        if not self.replacement.rounds:
            return layer
        entities = tuple(self._shown(entity) for entity in projected(layer.entities, self.replacement))
        return layer.model_copy(update={"entities": entities})

    def restored(self, layer: Layer) -> tuple[Layer, Counter[str]]:
        """A layer over the shown text as one over the true text, and what was done to its entities, in counts."""
        done: Counter[str] = Counter()
        if not self.replacement.rounds:
            return layer, done
        every = [found for entity in layer.entities if (found := self._restored(entity, done))]
        entities, stands_for = _single(every, {entity.id for entity in layer.entities if self._is_cut(entity)})
        done[DOUBLE] += len(every) - len(entities)
        relations = list(_between(layer.relations, stands_for))
        done[RELATION] += len(layer.relations) - len(relations)
        done = +done
        provenance = {**layer.provenance, "surrogates": {**self._replaced, **done}}
        if "windows" in provenance:
            provenance["windows"] = [list(self.back(window)) for window in _spans(provenance["windows"])]
        if "unread" in provenance:
            provenance["unread"] = [self._unread(part) for part in _objects(provenance["unread"])]
        made = layer.model_copy(
            update={"entities": tuple(entities), "relations": tuple(relations), "provenance": provenance}
        )
        return check_layer(self.original, made), done

    def back(self, span: Span) -> Span:
        """Where a stretch of the shown text stands in the true one; what cuts a surrogate gets the whole identifier."""
        for edits in self._back:
            span = edits.span(span)
        return span

    def _restored(self, entity: Entity, done: Counter[str]) -> Entity | None:
        """The entity over the true text; None where it stands nowhere, and a surrogate is all that can have told it."""
        attributes = self._attributes(entity.attributes, done)
        if not entity.fragments:
            said = None if self._is_concluded(entity, IdentifierKind.AGE) else self._true_words(entity.text)
            done[LEFT_OUT] += said is None
            done[DOUBTFUL] += said is not None and self._is_concluded(entity, IdentifierKind.NAME)
            return None if said is None else entity.model_copy(update={"text": said, "attributes": attributes})
        spans = apart(map(self.back, entity.spans))
        over = any(self._touches(span) for span in entity.spans)
        done[OVER] += over
        done[WIDENED] += self._is_cut(entity)
        true = wording(self.original.text, spans)
        # What is worded otherwise than the text may quote a surrogate beside the place: then the text is quoted.
        said = None if over or entity.alignment is Alignment.EXACT else self._true_words(entity.text)
        fragments = tuple(Fragment(start=start, end=end) for start, end in spans)
        return entity.model_copy(update={"text": said or true, "fragments": fragments, "attributes": attributes})

    def _attributes(self, attributes: Mapping[str, str], done: Counter[str]) -> dict[str, str]:
        true = {name: self._true_words(value) for name, value in attributes.items()}
        done[f"attribute {LEFT_OUT}"] += sum(value is None for value in true.values())
        return {name: value for name, value in true.items() if value is not None}

    def _is_concluded(self, entity: Entity, kind: IdentifierKind) -> bool:
        """Whether its value can be concluded from surrogates of a kind without a quote of them."""
        return kind in self.replacement.counts and CONCLUDED.get(entity.category) is kind

    def _true_words(self, said: str) -> str | None:
        """Words of an answer with true wordings in place of surrogates; None where they tell of one in another way."""
        true: list[str] = []
        rest: list[str] = []
        at = 0
        for match in self._surrogates.finditer(said):
            stands_for = self._true_wordings.get(match[0].casefold())
            if stands_for is None:
                return None
            rest.append(said[at : match.start()])
            true += (rest[-1], stands_for)
            at = match.end()
        rest.append(said[at:])
        return None if any(map(self._tells, rest)) else "".join([*true, rest[-1]])

    def _tells(self, words: str) -> bool:
        """Whether words have one of a surrogate, or of a date where dates were moved, that the true text has not."""
        strange = {word.casefold() for word in WORD.findall(words)} - self._true_tokens
        moves = {IdentifierKind.DATE, IdentifierKind.YEAR} & self.replacement.counts.keys()
        language = "de" if self.original.language == "de" else "en"
        return any(
            word in self._surrogate_tokens or (moves and month_of(word, language) is not None) for word in strange
        )

    @cached_property
    def _back(self) -> list[Edits]:
        return [edits.undone(text) for text, edits in reversed(self.replacement.rounds)]

    @cached_property
    def _edited(self) -> list[Identifier]:
        """Where the shown text is another one than the true text: surrogates, or the parts of them that differ."""
        found: list[Identifier] = []
        for _, edits in self.replacement.rounds:
            made = [Identifier(edit.start, edit.end, edit.kind, 1.0) for edit in edits.edits]
            found = [Identifier(*edits.span(each.span), each.kind, 1.0) for each in (*found, *made)]
        return sorted(found)

    @cached_property
    def _true_wordings(self) -> dict[str, str | None]:
        """What each surrogate stands for, by its wording without case; None where it stands for several."""
        found: dict[str, set[str]] = {}
        for span in self._stretches:
            surrogate = self.replacement.text[slice(*span)].casefold()
            found.setdefault(surrogate, set()).add(self.original.text[slice(*self.back(span))])
        return {surrogate: next(iter(true)) if len(true) == 1 else None for surrogate, true in found.items()}

    @property
    def _stretches(self) -> Iterator[Span]:
        """Whole surrogates, and the parts of names, which are said by themselves."""
        yield from (surrogate.span for surrogate in self.replacement.surrogates)
        yield from (part.span for part in self._edited if part.kind is IdentifierKind.NAME)

    @cached_property
    def _surrogates(self) -> re.Pattern[str]:
        longest_first = sorted(self._true_wordings, key=len, reverse=True)
        joined = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<!\w)(?:{joined})(?!\w)" if joined else "(?!)", re.IGNORECASE)

    @cached_property
    def _true_tokens(self) -> frozenset[str]:
        return frozenset(word.casefold() for word in WORD.findall(self.original.text))

    @cached_property
    def _surrogate_tokens(self) -> frozenset[str]:
        words = " ".join(self.replacement.text[slice(*span)] for span in self._stretches)
        return frozenset(word.casefold() for word in WORD.findall(words))

    @property
    def _replaced(self) -> dict[str, JsonValue]:
        return {REPLACED: {kind.value: count for kind, count in sorted(self.replacement.counts.items())}}

    def _shown(self, entity: Entity) -> Entity:
        """An entity without identifiers in what it says beside the text."""
        known = self.replacement.surrogate_of

        def hidden(words: str) -> str:
            for true in sorted(known, key=len, reverse=True):
                words = words.replace(true, known[true])
            return words

        text = entity.text if entity.fragments and entity.alignment is Alignment.EXACT else hidden(entity.text)
        attributes = {name: hidden(value) for name, value in entity.attributes.items()}
        return entity.model_copy(update={"text": text, "attributes": attributes})

    def _touches(self, span: Span) -> bool:
        return any(edited.start < span[1] and span[0] < edited.end for edited in self._edited)

    def _is_cut(self, entity: Entity) -> bool:
        """Whether it has a part of a surrogate only."""
        return any(
            edited.start < edge < edited.end for edited in self._edited for span in entity.spans for edge in span
        )

    def _unread(self, part: dict[str, JsonValue]) -> dict[str, JsonValue]:
        start, end = self.back(next(_spans([part["window"]])))
        return {**part, "window": [start, end]}


def apart(spans: Iterable[Span]) -> list[Span]:
    """The spans, those that overlap as one."""
    found: list[Span] = []
    for start, end in spans:
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _single(entities: Iterable[Entity], widened: Container[str]) -> tuple[list[Entity], dict[str, str]]:
    """The entities without those that were widened to what another of the category has; and which stands for which."""
    found: dict[object, Entity] = {}
    stands_for: dict[str, str] = {}
    for entity in entities:
        same = found.setdefault((entity.category, entity.assertion, entity.spans or entity.id), entity)
        is_double = same is not entity and (entity.id in widened or same.id in widened)
        if not is_double and same is not entity:
            found[entity.id] = entity
        stands_for[entity.id] = same.id if is_double else entity.id
    return list(found.values()), stands_for


def _between(relations: Iterable[Relation], stands_for: Mapping[str, str]) -> Iterator[Relation]:
    """The relations of what is there still, each once."""
    seen: set[tuple[str, str, str]] = set()
    for relation in relations:
        head, tail = (stands_for.get(end) for end in (relation.head, relation.tail))
        if head and tail and head != tail and (key := (relation.type, head, tail)) not in seen:
            seen.add(key)
            yield relation.model_copy(update={"head": head, "tail": tail})


def _spans(value: JsonValue) -> Iterator[Span]:
    for part in value if isinstance(value, list) else ():
        assert isinstance(part, list)
        yield part[0], part[1]  # type: ignore[misc]


def _objects(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    yield from (part for part in (value if isinstance(value, list) else ()) if isinstance(part, dict))
