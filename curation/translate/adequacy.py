"""What a judge says of a translation, segment by segment: no words of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import Field

from curation.judge.verdicts import Says, says_of
from curation.models.bounded_schema import Schema, closed_object, one_of
from curation.models.contract import Answer
from curation.models.tolerant_json import read_object
from curation.record import Frozen
from curation.text.folding import Span

#: The name of the stage; what it found is stored under it.
ADEQUACY = "judge-translation"


class Fault(StrEnum):
    """What is wrong with a segment of a translation."""

    NONE = "none"
    OMISSION = "omission"
    ADDITION = "addition"
    NEGATION = "negation"
    NUMBER = "number"
    SIDE = "side"
    ANATOMY = "anatomy"
    DRUG = "drug"
    UNTRANSLATED = "untranslated"
    MEANING = "meaning"


class SegmentVerdict(Frozen):
    """Whether a segment of a translation says what the original says. span: where it stands in the translation."""

    span: Span
    says: Says
    fault: Fault = Fault.NONE


class JudgedTranslation(Frozen):
    """What was judged about a translation. by: the model and the prompt's version; translated_by: who is judged, None
    where the translation was not made here. not_judged: segments without a verdict, by why.
    """

    by: str
    translated_by: str | None = None
    verdicts: tuple[SegmentVerdict, ...] = ()
    not_judged: dict[str, int] = Field(default_factory=dict)

    @property
    def wrong(self) -> list[SegmentVerdict]:
        """The segments that do not say what the original says."""
        return [verdict for verdict in self.verdicts if verdict.says is Says.NO]

    @property
    def unclear(self) -> int:
        """How many segments are not clear."""
        return sum(verdict.says is Says.UNCLEAR for verdict in self.verdicts)

    @property
    def judges_itself(self) -> bool:
        """Whether the model judges its own translation."""
        return self.translated_by is not None and _model(self.by) == _model(self.translated_by)


def _model(author: str) -> str:
    return author.partition("@")[0]


def adequacy_schema(keys: Sequence[str]) -> Schema:
    """A verdict for each pair, under its number."""
    verdict = closed_object(
        {"says": one_of([says.value for says in Says]), "fault": one_of([fault.value for fault in Fault])}
    )
    return closed_object(dict.fromkeys(keys, verdict))


def read_adequacy(answer: Answer, spans: Mapping[str, Span]) -> dict[str, SegmentVerdict]:
    """The verdicts by the pairs' numbers; a pair whose verdict cannot be read has none: nothing is guessed."""
    content, _ = read_object(answer.text, lambda found: any(key in found for key in spans))
    read = {key: _verdict((content or {}).get(key), span) for key, span in spans.items()}
    return {key: verdict for key, verdict in read.items() if verdict is not None}


def _verdict(given: Any, span: Span) -> SegmentVerdict | None:
    if not isinstance(given, dict) or (says := says_of(given.get("says"))) is None:
        return None
    word = str(given.get("fault") or "").strip().casefold()
    named = Fault(word) if word in list(Fault) else Fault.NONE
    if says is not Says.NO:
        return SegmentVerdict(span=span, says=says)
    return SegmentVerdict(span=span, says=says, fault=Fault.MEANING if named is Fault.NONE else named)
