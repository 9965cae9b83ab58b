"""A record as a reader found it, before anything is checked: text, annotations by the source's own names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from curation.record import Alignment, Assertion

Span = tuple[int, int]


@dataclass(slots=True)
class DraftEntity:
    """An annotation as it stands in the source."""

    id: str
    type: str
    #: In the order of the wording, which may not be the text's; None: to be found by the wording.
    spans: tuple[Span, ...] | None = None
    wording: str | None = None  #: what the source says stands there
    where: str = ""  #: "file:line", when finer than the record's
    attributes: dict[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    assertion: Assertion = Assertion.PRESENT
    score: float | None = None
    joined: bool = False  #: made of several annotations of the source
    annotator: str = ""  #: who made it, where the source names somebody for each annotation
    alignment: Alignment = Alignment.EXACT  #: how it was found, where that is settled
    alignment_score: float = 1.0
    moved: bool = False  #: put where its wording is
    refused: str = ""  #: why it does not come in, where that is settled

    @property
    def extent(self) -> Span:
        """From its first to its last offset; an empty span at the start when it has none."""
        spans = self.spans or ((0, 0),)
        return min(start for start, _ in spans), max(end for _, end in spans)


@dataclass(slots=True)
class DraftRelation:
    """A relation as it stands in the source."""

    id: str
    type: str
    head: str
    tail: str
    where: str = ""


@dataclass(slots=True)
class Draft:
    """One record as it stands in the source."""

    where: str  #: "file:line"
    text: str
    source_id: str = ""
    language: str | None = None
    group: str | None = None
    source: str | None = None
    licence: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    entities: list[DraftEntity] = field(default_factory=list)
    relations: list[DraftRelation] = field(default_factory=list)
    normalised: bool = False  #: wordings may be other than the text's: offsets that fit words count
    annotated: bool = False  #: the source lists annotations, which may be none
    annotator: str = ""  #: who made the annotations, where the source says so
    refused: str = ""  #: why it does not come in, where that is settled
    partial: bool = False  #: the row holds one annotation of a text; others stand in other rows
    left_out: int = 0  #: annotations that the source itself marks as not valid
    notes: dict[str, Any] = field(default_factory=dict)  #: what the layer's provenance is to keep
