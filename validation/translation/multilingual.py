"""Whether the encoder of the settings tells what sentences mean in the languages of a scheme."""

from __future__ import annotations

from curation.embeddings.languages import covers
from validation.measures.measure import Scope, Whole, embeddings_off


def encoder_refused(scope: Scope) -> bool:
    """Whether there is an encoder, and it does not cover the languages of the scheme."""
    encoder, declared = scope.settings.similarity, scope.settings.translation.multilingual
    return encoder.enabled and not covers(encoder.encoder, frozenset(scope.scheme.languages), declared=declared)


def no_encoder(whole: Whole) -> str:
    """Why no meanings are compared, "" when they are."""
    name = whole.scope.settings.similarity.encoder
    return embeddings_off(whole) or (f"the encoder {name} is not multilingual" if encoder_refused(whole.scope) else "")
