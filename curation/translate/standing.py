"""The translations that a store has: which stand, which were made by whom, and how their layers were carried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from curation.author import is_human
from curation.decision import Decision, Verdict
from curation.record import Record
from curation.store import Store
from curation.translate.corrected import CorrectionNote, carried_from
from curation.translate.projection.layers import ENTITIES, is_carried
from curation.translate.projection.layers import counts as tallies
from curation.translate.projection.projected import ProjectionState
from curation.translate.translated import MADE, MadeTranslation, StandingTranslation

#: How translating signs where it sets a record aside, and why.
SIGNED = "policy:translate@1"
ANEW = "translated anew, with another model, prompt or glossary"
BETTER = "translated again, and the better one stands in its place"
CORRECTED_BESIDE = "a person has corrected another translation of its record, which stands in its place"
#: Why a translation that was set aside waits for a person.
AGAIN = "stands again: translated as before"


@dataclass(frozen=True)
class StoredTranslations:
    """The translations into a language, by the record that they translate; those that were made here apart, and those
    that a person corrected.

    made: by the original's id, the id of each translation with the digest of its translator, or of the one in whose
    place it stands. replaced: those in whose place better ones were chosen. settled: originals with a corrected
    translation that is accepted.
    """

    store: Store
    language: str
    made: Mapping[str, Mapping[str, str]]
    others: frozenset[str]
    rejected: frozenset[str]
    corrected: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()

    @classmethod
    def into(cls, store: Store, language: str) -> StoredTranslations:
        """Those of a store."""
        verdicts = {id: decision.verdict for id, decision in store.decisions().items()}
        rejected = {id for id, verdict in verdicts.items() if verdict is Verdict.REJECTED}
        made: dict[str, dict[str, str]] = {}
        others: set[str] = set()
        corrected: set[str] = set()
        replaced: set[str] = set()
        settled: set[str] = set()
        for record in store.records(language=language):
            if record.translation_of is None:
                continue
            if found := MadeTranslation.of(record):
                made.setdefault(record.translation_of, {})[record.id] = found.stands_for or found.by
                replaced |= {found.replaces} if found.replaces else set()
            elif record.id not in rejected:
                is_corrected = CorrectionNote.on(record) is not None
                (corrected if is_corrected else others).add(record.translation_of)
                if is_corrected and verdicts.get(record.id) is Verdict.ACCEPTED:
                    settled.add(record.translation_of)
        return cls(
            store,
            language,
            made,
            frozenset(others),
            frozenset(rejected),
            corrected=frozenset(corrected),
            replaced=frozenset(replaced),
            settled=frozenset(settled),
        )

    @property
    def left_out(self) -> dict[str, str]:
        """Records that are not translated, and why."""
        elsewhere = dict.fromkeys(self.others, "have a translation that was not made here")
        elsewhere |= dict.fromkeys(self.corrected, "have a translation that a person corrected")
        return elsewhere | dict.fromkeys(self.rejected, "are set aside or rejected")

    def count_left_out(self) -> Counter[str]:
        """How many records would be translated if it were not for this, by why."""
        why = self.left_out
        candidates = (record for record in self.store.records(sorted(why)) if record.translation_of is None)
        return Counter(why[record.id] for record in candidates if record.language != self.language)

    def of(self, by: str, record: Record) -> StandingTranslation | None:
        """The translation of a record by the translator of a digest, or that which stands in its place."""
        made = self.made.get(record.id, {}).items()
        id = next((id for id, made_by in made if made_by == by and id not in self.replaced), None)
        found = next(self.store.records([id]), None) if id else None
        if found is None:
            return None
        latest = {layer.name: layer for layer in self.store.layer_history(found.id)}
        return StandingTranslation(found, frozenset(name for name, layer in latest.items() if not is_carried(layer)))


def set_older_aside(store: Store, language: str, by: str | None = None) -> int:
    """How many translations were set aside: since a better one was chosen in their place, since the translator of this
    digest has made others, or since a person has corrected another one of the same record.

    Beside a corrected one nothing comes back; where people correct otherwise, nothing is set aside until one decides.
    """
    found = StoredTranslations.into(store, language)
    current = {id for made in found.made.values() for id, maker in made.items() if maker == by} - found.replaced
    older = {id for made in found.made.values() if current & made.keys() for id in made.keys() - current}
    older |= {id for made in found.made.values() for id in found.replaced & made.keys()}
    beside = {id for original in found.corrected for id in found.made.get(original, {})}
    settled = {id for original in found.settled for id in found.made.get(original, {})}
    current, older = current - beside, (older - beside) | settled
    if not older | current:
        return 0
    before = {id: (decision.by, decision.verdict) for id, decision in store.decisions([*older, *current]).items()}
    # What another person has decided about is theirs.
    older -= {id for id in settled if is_human(before.get(id, ("", None))[0])}
    away = (SIGNED, Verdict.REJECTED)
    aside = [id for id in sorted(older) if before.get(id, ("", None))[1] is not Verdict.REJECTED]
    again = [id for id in sorted(current) if before.get(id) == away]

    def decisions() -> Iterator[Decision]:
        for id in aside:
            reason = CORRECTED_BESIDE if id in settled else BETTER if id in found.replaced else ANEW
            yield Decision(record_id=id, verdict=Verdict.REJECTED, by=SIGNED, reason=reason)
        for id in again:
            yield Decision(record_id=id, verdict=Verdict.NEEDS_REVIEW, by=SIGNED, reason=AGAIN)

    if aside or again:
        store.decide_on([*aside, *again], decisions)
    return len(aside)


def doubled(store: Store, languages: Iterable[str]) -> int:
    """How many records have several translations into one of these languages that stand, all made here: a run that the
    system killed could not set the older ones aside."""
    several = 0
    for language in languages:
        found = StoredTranslations.into(store, language)
        away = found.rejected | found.replaced
        several += sum(len(made.keys() - away) > 1 for made in found.made.values())
    return several


def carried_to(store: Store, languages: Iterable[str], name: str) -> frozenset[str]:
    """The translations into these languages that were made here, also those that a person has corrected since, with a
    layer of this name from the original.
    """
    return frozenset(
        item.record.id
        for language in languages
        for item in store.items([name], language=language)
        if (MADE in item.record.meta or CorrectionNote.on(item.record))
        and name in item.layers
        and is_carried(item.layers[name])
    )


@dataclass
class CarriedCounts:
    """What became of the entities of layers in translations, by category, in counts."""

    records: int = 0
    layers: int = 0
    translators: Counter[str] = field(default_factory=Counter)
    by_category: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def entities(self) -> int:
        """All of them."""
        return sum(tally[ENTITIES] for tally in self.by_category.values())

    @property
    def lost(self) -> int:
        """Those that were not found."""
        return sum(tally[ProjectionState.LOST] for tally in self.by_category.values())

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {
            "records": self.records,
            "layers": self.layers,
            "translators": dict(sorted(self.translators.items())),
            "by_category": {name: dict(sorted(counts.items())) for name, counts in sorted(self.by_category.items())},
        }


def count_carried(store: Store, language: str, names: Iterable[str] = ()) -> CarriedCounts:
    """The counts over all translations that stand and were made here, also those whose text a person has corrected.

    names: only of these layers.
    """
    rejected = {id for id, decision in store.decisions().items() if decision.verdict is Verdict.REJECTED}
    counts = CarriedCounts()
    for item in store.items(list(names) or list(store.layer_names()), language=language):
        made, note = item.record.meta.get(MADE), CorrectionNote.on(item.record)
        corrector = note.by if note and note.translated_by else None
        author = str(made.get("author")) if isinstance(made, dict) else corrector
        if author is None or item.record.id in rejected:
            continue
        counts.records += 1
        counts.translators[author] += 1
        for layer in item.layers.values():
            # What a person marked was moved to the corrected text too, and came from no original.
            if is_carried(layer) and (note is None or carried_from(layer)):
                counts.layers += 1
                for category, tally in tallies(layer).items():
                    counts.by_category.setdefault(category, Counter()).update(tally)
    return counts
