"""What the text says about an entity: the ConText algorithm in English and German.

NegEx (Chapman et al. 2001) and ConText (Harkema et al. 2009): a trigger phrase opens a scope before
or after it, which ends with the sentence, at a terminator, at another trigger of the same assertion
or after a number of words; entities in the scope take the trigger's assertion. Pseudo-triggers
("no change", "nicht nur") look like triggers and are none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from annotation.rules.context import Context, Cue, Triggers, load_context
from curation.record import Assertion, Entity
from curation.text.tokens import Words, read

#: When several scopes cover an entity, the first of these counts.
PRECEDENCE = (
    Assertion.FAMILY,
    Assertion.NEGATED,
    Assertion.POSSIBLE,
    Assertion.CONDITIONAL,
    Assertion.HISTORICAL,
)
#: A wording that holds its own negation has it among its first words (no family history of ...).
HEAD = 4


@dataclass(frozen=True, slots=True)
class CueScope:
    """Words that one trigger gives its assertion to; `cue` is where the trigger itself stands."""

    first: int
    after: int
    triggers: Triggers
    cue: tuple[int, int]


def scopes(cues: Sequence[Cue], first: int, after: int) -> Iterator[CueScope]:
    """The scopes that the cues of the sentence from `first` to `after` open."""
    for index, cue in enumerate(cues):
        for triggers in cue.triggers:
            if triggers.direction != "backward":
                end = _first_stop(cues[index + 1 :], triggers, after)
                yield CueScope(cue.after, min(end, cue.after + triggers.reach), triggers, (cue.first, cue.after))
            if triggers.direction != "forward":
                start = _last_stop(cues[:index], triggers, first)
                yield CueScope(max(start, cue.first - triggers.reach), cue.first, triggers, (cue.first, cue.after))


def _stops(cue: Cue, triggers: Triggers) -> bool:
    """Whether a cue ends the scope of other triggers: a terminator, or the same assertion the same way."""
    return (
        cue.ends_scopes
        or (cue.is_comma and triggers.within_commas)
        or any(
            other.assertion is triggers.assertion and other.direction == triggers.direction for other in cue.triggers
        )
    )


def _first_stop(later: Sequence[Cue], triggers: Triggers, after: int) -> int:
    return next((cue.first for cue in later if _stops(cue, triggers)), after)


def _last_stop(earlier: Sequence[Cue], triggers: Triggers, first: int) -> int:
    return next((cue.after for cue in reversed(earlier) if _stops(cue, triggers)), first)


def assert_entities(text: str, language: str, entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """The entities with the assertion that their sentences give them.

    Entities that were not found in the text, and those of languages without triggers, come back as they are.
    """
    if not entities or load_context(language) is None:
        return tuple(entities)
    return assert_words(read(text, language), language, entities)


def assert_words(words: Words, language: str, entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """The same for a text that has been read already."""
    context = load_context(language)
    if context is None or not entities or not words:
        return tuple(entities)
    forms = [form.lower() for form in words.forms]
    begins = [first for first, _ in words.sentences]
    opened: dict[int, list[CueScope]] = {}
    asserted: list[Entity] = []
    for entity in entities:
        if not entity.fragments:
            asserted.append(entity)
            continue
        first, after = word_range(words, entity)
        number = bisect_right(begins, first) - 1
        if number not in opened:
            sentence = words.sentences[number]
            opened[number] = list(scopes(list(context.cues(forms, *sentence)), *sentence))
        assertion = _assertion(entity.category, first, after, forms, opened[number], context)
        asserted.append(entity.model_copy(update={"assertion": assertion}))
    return tuple(asserted)


def word_range(words: Words, entity: Entity) -> tuple[int, int]:
    """The words that an entity covers: from the first of them to after the last."""
    first = min(max(bisect_right(words.starts, entity.start) - 1, 0), len(words) - 1)
    return first, max(bisect_left(words.starts, entity.end), first + 1)


def _assertion(
    category: str, first: int, after: int, forms: Sequence[str], opened: Sequence[CueScope], context: Context
) -> Assertion:
    file = context.file
    own = category in file.inside
    given = {
        scope.triggers.assertion
        for scope in opened
        if category not in file.exempt.get(scope.triggers.assertion, ())
        and category not in scope.triggers.spares
        and (_covers(scope, first, after) or (own and _opens_within(scope, first, after)))
    }
    if own and context.is_negative(forms[first:after]):
        given.add(Assertion.NEGATED)
    if category in file.always:
        return Assertion.NEGATED if Assertion.NEGATED in given else file.always[category]
    return next((assertion for assertion in PRECEDENCE if assertion in given), Assertion.PRESENT)


def _covers(scope: CueScope, first: int, after: int) -> bool:
    """Whether the entity has a word in the scope and none in the trigger."""
    apart = after <= scope.cue[0] or first >= scope.cue[1]
    return apart and scope.first < after and first < scope.after


def _opens_within(scope: CueScope, first: int, after: int) -> bool:
    """Whether the trigger is among the entity's first words, with its scope after it."""
    return first <= scope.cue[0] < min(first + HEAD, after) and scope.first >= scope.cue[1]
