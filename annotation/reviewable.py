"""Which records people may see in a review: those that validation has judged and no person has rejected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from curation.decision import TURNED_AWAY, Verdict, on_layer, on_privacy
from curation.record import Layer
from curation.stage import Item
from curation.store import Store

Verdicts = Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class Reviewable:
    """The verdicts, by record, that decide what may be shown."""

    texts: Verdicts = field(default_factory=dict)
    privacy: Verdicts = field(default_factory=dict)
    #: By the layer's name.
    layers: Mapping[str, Verdicts] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, layers: Iterable[str], *, ids: Sequence[str] | None = None) -> Reviewable:
        """The verdicts of a store on all records, or on some, and on the layers of these names."""
        return cls(
            texts=store.verdicts(ids),
            privacy=store.verdicts(ids, subject=on_privacy()),
            layers={name: store.verdicts(ids, subject=on_layer(name)) for name in layers},
        )

    def is_judged(self, record_id: str) -> bool:
        """Whether validation or a person has said anything about the text."""
        return record_id in self.texts

    def pre_annotations(self, item: Item, names: Iterable[str]) -> list[Layer]:
        """The layers of these names that the item has and no person has rejected, in order."""
        there = [name for name in names if name in item.layers]
        return [item.layers[name] for name in there if not _is_in(self.layers.get(name), item.record.id)]

    def is_away(self, item: Item, names: Iterable[str]) -> bool:
        """Whether the text, the identifiers in it, or every layer that would be shown is rejected."""
        id = item.record.id
        there = [name for name in names if name in item.layers]
        is_bare = bool(there) and not self.pre_annotations(item, there)
        return _is_in(self.texts, id) or _is_in(self.privacy, id) or is_bare


def _is_in(verdicts: Verdicts | None, record_id: str) -> bool:
    return verdicts is not None and verdicts.get(record_id) in TURNED_AWAY
