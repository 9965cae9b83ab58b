"""Which layers reviewers are shown as pre-annotations."""

from __future__ import annotations

from annotation.label_studio.settings import LabelStudioSettings
from curation.author import REVIEW_RANK, AuthorKind, kind_of, ranked
from curation.errors import UsageError, no_such
from curation.store import Store


def shown_layers(store: Store, settings: LabelStudioSettings) -> tuple[str, ...]:
    """The names of the layers, the best first: those of the settings, else the store's by the kind of their authors.

    Raises UsageError for one of the settings that no record has, and that no annotator or person writes by itself.
    """
    known = store.layer_authors()
    for name in settings.layers or ():
        if name not in known and kind_of(name) is AuthorKind.OTHER:
            raise UsageError(f"review.layers: {no_such('a layer of the store', name, known)}")
    return ranked(known, REVIEW_RANK) if settings.layers is None else settings.layers
