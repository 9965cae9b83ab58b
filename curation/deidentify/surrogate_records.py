"""Records as they go to a machine elsewhere: the surrogates of each are drawn once, and the same ones the next time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from curation.deidentify.key import Key
from curation.deidentify.scope import DeidentifyScope
from curation.deidentify.surrogate_record import SurrogateRecord
from curation.record import Record, digest

#: Raised when the same record would be shown with other surrogates.
VERSION = 1
#: So many records are kept as they were made, and as many of before.
MADE = 4_096


@dataclass(slots=True)
class SurrogateRecords:
    """Records as they go elsewhere, each made once; may be used by several threads.

    releases: whether a person has released a record with its identifiers, by its id: then it goes as it is.
    """

    key: Key
    scope: DeidentifyScope
    releases: Callable[[str], bool] = lambda record_id: False
    _made: dict[str, SurrogateRecord] = field(default_factory=dict)
    _made_before: dict[str, SurrogateRecord] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What the surrogates depend on besides the records; the key cannot be told from it."""
        kinds = sorted(self.scope.kinds)
        recognisers = [recogniser.model_dump(mode="json") for recogniser in self.scope.recognisers]
        return digest([VERSION, kinds, recognisers, self.key.pseudonym("surrogates")])

    def of(self, record: Record) -> SurrogateRecord:
        """A record as it goes elsewhere."""
        made = self._known(record.id)
        if made is None or made.original != record:
            if len(self._made) >= MADE:
                self._made, self._made_before = {}, self._made
            scope = replace(self.scope, kinds=frozenset()) if self.releases(record.id) else self.scope
            made = self._made[record.id] = SurrogateRecord.of(record, self.key, scope)
        return made

    def original(self, record: Record) -> Record:
        """The true record of one that is shown."""
        made = self._known(record.id)
        return made.original if made and made.record == record else record

    def _known(self, id: str) -> SurrogateRecord | None:
        return self._made.get(id) or self._made_before.get(id)
