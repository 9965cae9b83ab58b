"""The data of an agreement study: the marks and the coded units of all annotators of each record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from annotation.agreement.settings import AgreementSettings
from curation.author import is_human
from curation.record import Layer, Record
from curation.scoring.marks import Marks, marks_of
from curation.scoring.units import Labels, codes_of, units_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Prefix of the layer that a person was shown, before the name of the person's own layer.
SHOWN = "shown:"


@dataclass(frozen=True, slots=True)
class ReviewedRecord:
    """A record with the layers that are compared, by the names of those who made them."""

    record: Record
    layers: Mapping[str, Layer]

    @property
    def people(self) -> list[str]:
        """The layers made by people, in order of their names."""
        return sorted(name for name in self.layers if is_human(name))


@dataclass(frozen=True, slots=True)
class CodedRecord:
    """One record as all annotators have marked it, without its text."""

    record_id: str
    #: Characters of its text.
    length: int
    marks: Mapping[str, Marks]
    codes: Mapping[str, NDArray[np.int32]]
    at: Mapping[str, datetime]

    @property
    def people(self) -> list[str]:
        """The layers made by people, in order of their names."""
        return sorted(name for name in self.marks if is_human(name))


@dataclass(slots=True)
class Study:
    """The annotated records; ``labels`` gives each combination of categories of a unit its number."""

    settings: AgreementSettings
    scheme_categories: Sequence[str]
    labels: Labels = field(default_factory=Labels)
    records: list[CodedRecord] = field(default_factory=list)

    @classmethod
    def of(
        cls, reviewed: Iterable[ReviewedRecord], categories: Sequence[str], settings: AgreementSettings | None = None
    ) -> Study:
        """The study of reviewed records; ``categories`` are the scheme's, in order."""
        study = cls(settings or AgreementSettings(), categories)
        for record in reviewed:
            study.add(record)
        return study

    def add(self, reviewed: ReviewedRecord) -> None:
        """Add one record."""
        units = units_of(reviewed.record.text, self.settings.unit)
        marks = {name: marks_of(layer, assertion=self.settings.assertion) for name, layer in reviewed.layers.items()}
        self.records.append(
            CodedRecord(
                record_id=reviewed.record.id,
                length=len(reviewed.record.text),
                marks=marks,
                codes={name: codes_of(record_marks, units, self.labels) for name, record_marks in marks.items()},
                at={name: layer.created for name, layer in reviewed.layers.items()},
            )
        )

    @property
    def people(self) -> list[str]:
        """The layers of all people with an annotated record."""
        return sorted({name for record in self.records for name in record.people})

    @property
    def categories(self) -> list[str]:
        """The categories that were used: the scheme's in their order, then any others."""
        used = {category for record in self.records for marks in record.marks.values() for category, _ in marks}
        return [name for name in self.scheme_categories if name in used] + sorted(used - set(self.scheme_categories))
