"""What a judge answers about claims, what that says of each entity, and how likely the entity is right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import Field

from curation.judge.claims import Claim, numbered
from curation.models.bounded_schema import Schema, closed_object, one_of
from curation.models.contract import Answer
from curation.models.located_tokens import LocatedTokens
from curation.models.placed_json import decode_placed, spans_of
from curation.models.tolerant_json import decode_plain, read_object
from curation.record import Assertion, Frozen
from curation.scheme import Scheme
from curation.text.assertion_words import assertion_of_word


class Says(StrEnum):
    """Whether the text says what an entity stands for."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


class JudgeOutcome(StrEnum):
    """What was found about an entity; of what is wrong in several ways, the first."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    OTHER_CATEGORY = "other_category"
    OTHER_ASSERTION = "other_assertion"
    UNCLEAR = "unclear"
    NOT_JUDGED = "not_judged"


#: The entity is wrong, or not in the right place of the scheme.
DOUBTS = frozenset({JudgeOutcome.REJECTED, JudgeOutcome.OTHER_CATEGORY, JudgeOutcome.OTHER_ASSERTION})
#: Why an entity was not judged that stands nowhere in the text.
NO_PLACE = "not found in the text"

#: The key of a list of verdicts that stands by itself.
LIST = "verdicts"
#: An id of a claim in a question.
ID = re.compile(r"e\d+")

#: Other words that models say yes and no in.
WORDS = {
    Says.YES: ("yes", "true", "ja", "wahr", "supported"),
    Says.NO: ("no", "false", "nein", "falsch", "not supported"),
    Says.UNCLEAR: ("unclear", "unklar", "unsure", "uncertain", "unknown", "unsicher"),
}


class EntityJudgement(Frozen):
    """What a judge says of an entity: no words of the text.

    probability: that the entity is right; of an answer without log-probabilities 1 or 0, None where it is not clear.
    why: for what is not judged, the kind of failure, or that it stands nowhere.
    """

    outcome: JudgeOutcome
    category: str | None = Field(None, description="The category that the judge gives.")
    assertion: Assertion | None = None
    probability: float | None = Field(None, ge=0, le=1)
    is_graded: bool = False  # by log-probabilities
    why: str | None = None


def not_judged(why: str) -> EntityJudgement:
    """An entity without a judgement."""
    return EntityJudgement(outcome=JudgeOutcome.NOT_JUDGED, why=why)


def verdict_schema(claims: Sequence[Claim], scheme: Scheme) -> Schema:
    """A verdict for each claim, under its id."""
    verdict = closed_object(
        {
            "says": one_of([says.value for says in Says]),
            "category": one_of(scheme.names),
            "assertion": one_of([assertion.value for assertion in Assertion]),
        }
    )
    return closed_object(dict.fromkeys(numbered(claims), verdict))


def read_verdicts(answer: Answer, claims: Sequence[Claim], scheme: Scheme) -> dict[str, EntityJudgement]:
    """The judgements by the entities' ids; a claim whose verdict cannot be read has none."""
    asked = numbered(claims)
    tokens = LocatedTokens.of(answer)
    content, _ = read_object(answer.text, _is_answer, list_key=LIST, decode=decode_placed if tokens else decode_plain)
    given = _by_id(content or {}, asked)
    judged = ((claim, _judgement(given.get(id), claim, scheme, tokens)) for id, claim in asked.items())
    return {claim.entity.id: judgement for claim, judgement in judged if judgement is not None}


def _is_answer(content: Mapping[str, Any]) -> bool:
    """Whether an object holds verdicts, or is one; also one about what was not asked, which is not read as another."""
    return "says" in content or any(ID.fullmatch(str(key)) for key in content)


def _by_id(content: Mapping[str, Any], asked: Mapping[str, Claim]) -> Mapping[str, Any]:
    """The verdicts by the claims' ids, also out of a list, and of the only claim without its id."""
    if "says" in content:
        is_its_own = len(asked) == 1 and content.get("id", next(iter(asked))) in asked
        return dict.fromkeys(asked, content) if is_its_own else {}
    listed = content.get(LIST)
    if isinstance(listed, list):
        return {str(verdict.get("id")): verdict for verdict in listed if isinstance(verdict, dict)}
    return content


def _judgement(verdict: Any, claim: Claim, scheme: Scheme, tokens: LocatedTokens | None) -> EntityJudgement | None:
    """None where a verdict cannot be read: nothing is guessed from half of one."""
    if not isinstance(verdict, dict) or (says := says_of(verdict.get("says"))) is None:
        return None
    category, entity = _category(verdict.get("category"), scheme), claim.entity
    assertion, _ = assertion_of_word(verdict.get("assertion"))
    if says is Says.YES and (category is None or assertion is None):
        return None
    fits = {"category": category == entity.category, "assertion": assertion is entity.assertion}
    outcome = _outcome(says, is_category=fits["category"], is_assertion=fits["assertion"])
    graded = _graded(tokens, verdict, outcome, fits=fits)
    certain = None if outcome is JudgeOutcome.UNCLEAR else float(outcome is JudgeOutcome.CONFIRMED)
    return EntityJudgement(
        outcome=outcome,
        category=category,
        assertion=assertion,
        probability=certain if graded is None else round(graded, 6),
        is_graded=graded is not None,
    )


def _outcome(says: Says, *, is_category: bool, is_assertion: bool) -> JudgeOutcome:
    if says is Says.NO:
        return JudgeOutcome.REJECTED
    if says is Says.UNCLEAR:
        return JudgeOutcome.UNCLEAR
    if not is_category:
        return JudgeOutcome.OTHER_CATEGORY
    return JudgeOutcome.CONFIRMED if is_assertion else JudgeOutcome.OTHER_ASSERTION


def says_of(value: object) -> Says | None:
    """What a word of an answer means; None where it is none of them."""
    word = str(value).strip().casefold() if isinstance(value, str | bool) else ""
    return next((says for says, words in WORDS.items() if word in words), None)


def _category(value: object, scheme: Scheme) -> str | None:
    """The category that a word means: its name or one of its labels, in any case."""
    word = value.strip().casefold() if isinstance(value, str) else ""
    meant = [
        category.name
        for category in scheme.categories
        if word in {category.name.casefold(), *(label.casefold() for label in category.label.values())}
    ]
    return meant[0] if len(meant) == 1 else None


def _graded(
    tokens: LocatedTokens | None, verdict: Mapping[str, Any], outcome: JudgeOutcome, *, fits: Mapping[str, bool]
) -> float | None:
    """The probability that the entity is right, by the tokens of the verdict; None where they are not known.

    It is right when the text says so, in the category and with the assertion: the product of the three. A word that
    differs leaves what its own probability leaves over, which is the most that the right one can have.
    """
    if outcome is JudgeOutcome.UNCLEAR or tokens is None:
        return None
    probability = 1.0
    for name in ("says",) if outcome is JudgeOutcome.REJECTED else ("says", *fits):
        (span,) = spans_of(verdict.get(name), [str(verdict.get(name))])
        part = tokens.product(span) if span else None
        if part is None:
            return None
        is_right = outcome is not JudgeOutcome.REJECTED if name == "says" else fits[name]
        probability *= part if is_right else 1 - part
    return probability
