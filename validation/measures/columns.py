"""The columns of a measure: each with its name, what it holds, and its words for people, written once."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from curation.decision import DecisionKind

if TYPE_CHECKING:
    from validation.measures.measure import Whole


class Holds(StrEnum):
    """What the values of a column are. Lists only explain a row: no expectation reads them."""

    NUMBER = "a number"
    WORD = "a word"
    RECORD_ID = "the id of another record"
    ENTITY_ID = "the id of an entity"
    ENTITY_IDS = "ids of entities"
    SPANS = "spans of the text"  # [start, end], or "start-end:KIND"
    SPANS_OF_ORIGINAL = "spans of the original's text"
    WORDS = "a list of words"


#: What an expectation sees as words, and what it does not see.
AS_WORDS = frozenset({Holds.WORD, Holds.RECORD_ID, Holds.ENTITY_ID})
AS_LISTS = frozenset({Holds.ENTITY_IDS, Holds.SPANS, Holds.SPANS_OF_ORIGINAL, Holds.WORDS})


class MeasureColumn(str):
    """The name of a column, which a row has as its key, with all that is known of the column."""

    says: str
    holds: Holds
    #: What a span without a kind of its own is called in reports.
    kind: str
    #: Whether reports draw its distribution.
    plotted: bool
    #: Why no record can have a value, "" when some can.
    lacks: Callable[[Whole], str] | None
    #: What the verdict of a rule on this column is of: given here, or by the measure.
    of: DecisionKind

    def __new__(
        cls,
        name: str,
        says: str,
        holds: Holds = Holds.NUMBER,
        *,
        kind: str = "",
        plotted: bool = False,
        lacks: Callable[[Whole], str] | None = None,
        of: DecisionKind | None = None,
    ) -> MeasureColumn:
        """A column that says this of a record."""
        column = super().__new__(cls, name)
        column.says, column.holds, column.kind, column.plotted, column.lacks = says, holds, kind, plotted, lacks
        if of is not None:
            column.of = of
        return column

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy is the plain name."""
        return str, (str(self),)

    def belongs_to(self, of: DecisionKind) -> None:
        """Take over what the verdicts of a measure are of, unless the column sets its own."""
        self.of = getattr(self, "of", of)


#: What names a row, in every table of rows.
RECORD_ID = MeasureColumn("record_id", "the record", Holds.WORD, of=DecisionKind.TEXT)
