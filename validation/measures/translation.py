"""Translation: whether a record that translates another says what that one says.

Looks at two records, so it is measured when verdicts are made, and kept in the store under the digest of all that it
looked at: a pair is measured again when the original comes, when either layer changes, or another encoder is named,
and never without need.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from curation.batches import batched
from curation.embeddings.encoder import Encoder
from curation.record import Layer, digest
from curation.stage import Item
from validation.layers import preferred_layers
from validation.measures.known import known_digest
from validation.measures.measure import Columns, MeasureSpec, Whole

if TYPE_CHECKING:
    from validation.translation.pair import Pair

#: What is known of words of two languages: when it changes, everything is measured again.
FOLDER = Path(__file__).parents[1] / "translation"

#: Under this name the store keeps what was found, and under this key what it was found on.
KEPT, KEY = "translation", "measured on"
#: Pairs that are read at once.
PAIRS = 200


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The columns of each measured record that translates another."""
    pairs = [(id, original) for id, original in whole.store.translations() if id in whole.measured]
    if not pairs:
        return {}
    work = _Work(whole)
    found: dict[str, Columns] = {}
    for some in batched(pairs, PAIRS):
        found |= work.columns(some)
    return found


class _Work:
    """Pairs looked up where they were measured before, and measured where not."""

    def __init__(self, whole: Whole) -> None:
        self._store, self._scope = whole.store, whole.scope
        self._reads = preferred_layers(whole.store.layer_names(), whole.scope.settings)
        self._version = _version()

    def columns(self, pairs: Sequence[tuple[str, str]]) -> dict[str, Columns]:
        """The columns of each pair, by the translation's id."""
        ids = list(dict.fromkeys(id for pair in pairs for id in pair))
        keys = self._keys(pairs, ids)
        kept = dict(self._store.measures([id for id, _ in pairs], stage=KEPT))
        known = {id: columns for id, columns in kept.items() if columns.get(KEY) == keys[id]}
        unknown = [pair for pair in pairs if pair[0] not in known]
        fresh = {id: columns | {KEY: keys[id]} for id, columns in self._measured(unknown)}
        if fresh:
            self._store.put_measures(KEPT, fresh)
        # What says nothing takes no room: all pairs of a set are held at once.
        return {
            id: {name: value for name, value in columns.items() if name != KEY and value not in (None, [])}
            for id, columns in {**known, **fresh}.items()
        }

    def _keys(self, pairs: Sequence[tuple[str, str]], ids: Sequence[str]) -> dict[str, str]:
        """By translation, a digest of what its columns depend on. A record's id stands for its text."""
        layers = self._store.layer_digests(ids, self._reads)
        there = self._store.known_ids(original for _, original in pairs)
        said = {id: [layers.get((id, name)) for name in self._reads] for id in ids}
        encoder = self._encoder
        depends = [self._version, self._reads, [encoder.name, encoder.revision] if encoder else None]
        settings = self._scope.settings.translation.aligned
        return {
            id: digest([depends, settings, self._refused, id, said[id], original, original in there, said[original]])
            for id, original in pairs
        }

    def _measured(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Columns]]:
        if not pairs:
            return
        from validation.translation.pair import measured

        wanted = dict.fromkeys(id for pair in pairs for id in pair)
        items = {item.record.id: item for item in self._store.items(self._reads, ids=wanted)}
        for id, original in pairs:
            if original not in items:
                yield id, {"original_missing": 1}
                continue
            pair = paired(items[original], items[id], self._reads)
            columns = measured(pair, aligned=self._scope.settings.translation.aligned, encoder=self._encoder)
            yield id, {"original_missing": 0, "translation_encoder": self._named, **columns}

    @cached_property
    def _languages(self) -> frozenset[str]:
        return frozenset(self._scope.scheme.languages)

    @cached_property
    def _refused(self) -> bool:
        """Whether there is an encoder, and it does not know the languages."""
        from validation.translation.multilingual import knows

        settings = self._scope.settings
        told = settings.translation.multilingual
        return settings.similarity.enabled and not knows(settings.similarity.encoder, self._languages, told=told)

    @cached_property
    def _encoder(self) -> Encoder | None:
        """The encoder, if it knows the languages; one that does not is not loaded."""
        usable = self._scope.settings.similarity.enabled and not self._refused
        return self._scope.encoder if usable else None

    @property
    def _named(self) -> JsonValue:
        name = self._scope.settings.similarity.encoder
        return f"{name}: not multilingual, no verdict" if self._refused else name if self._encoder else None


def paired(original: Item, translation: Item, reads: Sequence[str]) -> Pair:
    """The two records with the layers to compare: of one making if there are such, else the preferred ones."""
    from validation.translation.pair import Pair
    from validation.translation.parity import of_one_making

    both = [(original.layers.get(name), translation.layers.get(name)) for name in reads]
    first: tuple[Layer | None, Layer | None] = (
        next((one for one, _ in both if one), None),
        next((one for _, one in both if one), None),
    )
    chosen = next((two for two in [first, *both] if of_one_making(*two)), first)
    return Pair(original.record, translation.record, *chosen)


@cache
def _version() -> str:
    """A digest of the measure's version and of the files that it reads."""
    files = sorted(FOLDER.glob("*.yaml"))
    return digest([TRANSLATION.version, known_digest(), [[path.name, path.read_text("utf-8")] for path in files]])


TRANSLATION = MeasureSpec(
    name="translation",
    version=2,
    over=measure,
    words=frozenset({"translation_encoder"}),
    lists=frozenset(
        {
            "numbers_changed_places",
            "numbers_lost_in_original",
            "units_changed_places",
            "drugs_changed_places",
            "drugs_lost_in_original",
            "doses_swapped_places",
            "untranslated_places",
            "dropped_in_original",
            "added_places",
            "categories_untranslated",
            "projected_inexact_entities",
            "least_similar_places",
        }
    ),
    columns={
        "original_missing": "whether the record that this one translates is not in the store (1)",
        "translated_ratio": "share of the original's sentences that the translation says, in its own language",
        "dropped_sentences": "sentences of the original that the translation does not say",
        "dropped_in_original": "where they stand in the original",
        "untranslated_sentences": "sentences that are still in the language of the original",
        "untranslated_places": "where they stand",
        "added_sentences": "sentences that the original does not say",
        "added_places": "where they stand",
        "aligned_share": "share of the sentences of both texts that have exactly one counterpart",
        "translation_length": "length of the text, in lengths of the original",
        "numbers_changed": "numbers that only one of the two texts has",
        "numbers_changed_places": "where they stand, or the sentence that lacks them",
        "numbers_lost_in_original": "where those that the translation lacks stand in the original",
        "units_changed": "numbers that have another unit than in the original",
        "units_changed_places": "where they stand",
        "drugs_changed": "drugs that only one of the two texts names",
        "drugs_changed_places": "where those stand that the original does not name",
        "drugs_lost_in_original": "where those that the translation lacks stand in the original",
        "doses_swapped": "drugs that stand beside another dose than in the original",
        "doses_swapped_places": "where they stand",
        "entity_parity": "share of the original's entities that the translation has in the same category",
        "entities_lost": "entities that the translation lacks, of layers that must say the same",
        "entities_gained": "entities that the original does not have, of such layers",
        "entities_untranslated": "both together",
        "categories_untranslated": "their categories",
        "projected_inexact": "entities of the translation whose wording is not the text at their place",
        "projected_inexact_entities": "their ids",
        "translation_encoder": "the model that compared meanings, or why none did",
        "translation_similarity_least": "least cosine of a sentence and its translation",
        "translation_similarity_mean": "mean cosine of the sentences and their translations",
        "least_similar_places": "where the translation of the least similar sentence stands",
    },
)
