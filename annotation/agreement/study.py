"""What is compared: for each record, the marks and the coded units of everybody who has seen it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from annotation.agreement.settings import AgreementSettings
from curation.record import Layer, Record
from curation.scoring.marks import Marks, marks_of
from curation.scoring.units import Labels, codes_of, units_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How the layers of people are named, and those of a person who got a record a second time without knowing.
HUMAN, REPEAT = "human:", "repeat:"

#: The layer that a person was shown, by the name of the person's own.
SHOWN = "shown:"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A record with the layers that are compared, by the names of those who made them."""

    record: Record
    layers: Mapping[str, Layer]

    @property
    def people(self) -> list[str]:
        """The layers made by people, in order of their names."""
        return sorted(name for name in self.layers if name.startswith(HUMAN))


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as everybody has marked it, without its text."""

    record_id: str
    #: Characters of its text.
    length: int
    marks: Mapping[str, Marks]
    codes: Mapping[str, NDArray[np.int32]]
    at: Mapping[str, datetime]

    @property
    def people(self) -> list[str]:
        """The layers made by people, in order of their names."""
        return sorted(name for name in self.marks if name.startswith(HUMAN))


@dataclass(slots=True)
class Study:
    """Records as they were seen; the labels number what a unit was marked as."""

    settings: AgreementSettings
    known: Sequence[str]
    labels: Labels = field(default_factory=Labels)
    seen: list[Seen] = field(default_factory=list)

    @classmethod
    def of(
        cls, reviewed: Iterable[Reviewed], categories: Sequence[str], settings: AgreementSettings | None = None
    ) -> Study:
        """The study of reviewed records; ``categories`` are the scheme's, in order."""
        study = cls(settings or AgreementSettings(), categories)
        for one in reviewed:
            study.add(one)
        return study

    def add(self, reviewed: Reviewed) -> None:
        """Take one record in."""
        units = units_of(reviewed.record.text, self.settings.unit)
        marks = {name: marks_of(layer, assertion=self.settings.assertion) for name, layer in reviewed.layers.items()}
        self.seen.append(
            Seen(
                record_id=reviewed.record.id,
                length=len(reviewed.record.text),
                marks=marks,
                codes={name: codes_of(one, units, self.labels) for name, one in marks.items()},
                at={name: layer.created for name, layer in reviewed.layers.items()},
            )
        )

    @property
    def people(self) -> list[str]:
        """Everybody who has seen a record."""
        return sorted({name for seen in self.seen for name in seen.people})

    @property
    def categories(self) -> list[str]:
        """The categories that anybody used: the scheme's in their order, then any others."""
        used = {category for seen in self.seen for marks in seen.marks.values() for category, _ in marks}
        return [name for name in self.known if name in used] + sorted(used - set(self.known))
