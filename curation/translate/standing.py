"""The translations that a store has: which stand, which were made by whom, and how their layers were carried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from curation.record import Record
from curation.store import Store
from curation.translate.projection.layers import counts as tallies
from curation.translate.projection.layers import is_carried
from curation.translate.translated import MADE, MadeTranslation, StandingTranslation

#: How translating signs where it sets a record aside, and why.
SIGNED = "policy:translate@1"
ANEW = "translated anew, with another model, prompt or glossary"
#: Why a translation that was set aside waits for a person.
AGAIN = "stands again: translated as before"


@dataclass(frozen=True)
class StoredTranslations:
    """The translations into a language, by the record that they translate; those that were made here apart.

    made: by the original's id, the id of each translation with the digest of its translator.
    """

    store: Store
    made: Mapping[str, Mapping[str, str]]
    others: frozenset[str]
    rejected: frozenset[str]

    @classmethod
    def into(cls, store: Store, language: str) -> StoredTranslations:
        """Those of a store."""
        rejected = {id for id, decision in store.decisions().items() if decision.verdict is Verdict.REJECTED}
        made: dict[str, dict[str, str]] = {}
        others: set[str] = set()
        for record in store.records(language=language):
            if record.translation_of is None:
                continue
            if found := MadeTranslation.of(record):
                made.setdefault(record.translation_of, {})[record.id] = found.by
            elif record.id not in rejected:
                others.add(record.translation_of)
        return cls(store, made, frozenset(others), frozenset(rejected))

    @property
    def left_out(self) -> dict[str, str]:
        """Records that are not translated, and why."""
        elsewhere = dict.fromkeys(self.others, "have a translation that was not made here")
        return elsewhere | dict.fromkeys(self.rejected, "are set aside or rejected")

    def of(self, by: str, record: Record) -> StandingTranslation | None:
        """The translation of a record by the translator of a digest."""
        id = next((id for id, made_by in self.made.get(record.id, {}).items() if made_by == by), None)
        found = next(self.store.records([id]), None) if id else None
        if found is None:
            return None
        latest = {layer.name: layer for layer in self.store.layer_history(found.id)}
        return StandingTranslation(found, frozenset(name for name, layer in latest.items() if not is_carried(layer)))


def set_older_aside(store: Store, language: str, by: str) -> int:
    """How many translations were set aside, since the translator of this digest has made others in their place."""
    found = StoredTranslations.into(store, language)
    current = {id for made in found.made.values() for id, maker in made.items() if maker == by}
    older = {id for made in found.made.values() if current & made.keys() for id in made.keys() - current}
    if not older | current:
        return 0
    before = {id: (decision.by, decision.verdict) for id, decision in store.decisions([*older, *current]).items()}
    away = (SIGNED, Verdict.REJECTED)
    aside = [id for id in sorted(older) if before.get(id, ("", None))[1] is not Verdict.REJECTED]
    again = [id for id in sorted(current) if before.get(id) == away]

    def decisions() -> Iterator[Decision]:
        for id in aside:
            yield Decision(record_id=id, verdict=Verdict.REJECTED, by=SIGNED, reason=ANEW)
        for id in again:
            yield Decision(record_id=id, verdict=Verdict.NEEDS_REVIEW, by=SIGNED, reason=AGAIN)

    if aside or again:
        store.decide_on([*aside, *again], decisions)
    return len(aside)


@dataclass
class CarriedCounts:
    """What became of the entities of layers in translations, by category, in counts."""

    records: int = 0
    layers: int = 0
    translators: Counter[str] = field(default_factory=Counter)
    by_category: dict[str, Counter[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {
            "records": self.records,
            "layers": self.layers,
            "translators": dict(sorted(self.translators.items())),
            "by_category": {name: dict(sorted(counts.items())) for name, counts in sorted(self.by_category.items())},
        }


def count_carried(store: Store, language: str, names: Iterable[str] = ()) -> CarriedCounts:
    """The counts over all translations that were made here and stand. names: only of these layers."""
    rejected = {id for id, decision in store.decisions().items() if decision.verdict is Verdict.REJECTED}
    counts = CarriedCounts()
    for item in store.items(list(names) or list(store.layer_names()), language=language):
        made = item.record.meta.get(MADE)
        if not isinstance(made, dict) or item.record.id in rejected:
            continue
        counts.records += 1
        counts.translators[str(made.get("author"))] += 1
        for layer in item.layers.values():
            if is_carried(layer):
                counts.layers += 1
                for category, tally in tallies(layer).items():
                    counts.by_category.setdefault(category, Counter()).update(tally)
    return counts
