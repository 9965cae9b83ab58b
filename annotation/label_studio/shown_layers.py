"""Which layers reviewers are shown as pre-annotations."""

from __future__ import annotations

from annotation.label_studio.settings import LabelStudioSettings
from curation.author import REVIEW_RANK, ranked
from curation.store import Store


def shown_layers(store: Store, settings: LabelStudioSettings) -> tuple[str, ...]:
    """The names of the layers, the best first: those of the settings, else the store's by the kind of their authors."""
    return ranked(store.layer_authors(), REVIEW_RANK) if settings.layers is None else settings.layers
