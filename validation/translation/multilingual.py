"""Which encoder compares the meanings of sentences in two languages: one that is named, or the packaged one."""

from __future__ import annotations

from curation.embeddings.encoder import Encoder, load_encoder
from curation.embeddings.languages import covers
from curation.embeddings.multilingual import MULTILINGUAL_ENCODER, has_multilingual
from curation.scheme import Scheme
from validation.measures.measure import Scope, Whole, embeddings_off
from validation.settings import ValidationSettings

#: What the setting says instead of a name: meanings are not compared.
OFF = "off"
#: The cosine of unrelated sentences where it is far from 0; those of an encoder are shown from there on.
UNRELATED = {MULTILINGUAL_ENCODER: 0.7}


def encoder_name(settings: ValidationSettings, scheme: Scheme) -> str | None:
    """The encoder that compares meanings: the one named for it, else that of the similarity if it covers the scheme's
    languages, else the packaged multilingual one where it is installed; None where none is to, or none can.
    """
    similarity, translation, languages = settings.similarity, settings.translation, frozenset(scheme.languages)
    if not similarity.enabled or translation.encoder == OFF:
        return None
    named = translation.encoder or similarity.encoder
    if covers(named, languages, declared=translation.multilingual):
        return named
    return MULTILINGUAL_ENCODER if translation.encoder is None and has_multilingual() else None


def encoder_refused(scope: Scope) -> str:
    """The encoder that is named and does not cover the languages, where no other compares; "" otherwise."""
    settings = scope.settings
    off = not settings.similarity.enabled or settings.translation.encoder == OFF
    if off or encoder_name(settings, scope.scheme):
        return ""
    return settings.translation.encoder or settings.similarity.encoder


def meaning_encoder(scope: Scope) -> Encoder | None:
    """The encoder that compares meanings, with the vectors of earlier runs; None where none does."""
    name = encoder_name(scope.settings, scope.scheme)
    if name is None or name == scope.settings.similarity.encoder:
        return scope.encoder if name else None
    encoder = load_encoder(name, scope.settings.similarity.backend, scope.gate)
    return encoder.cached_in(scope.vectors) if scope.vectors else encoder


def no_encoder(whole: Whole) -> str:
    """Why no meanings are compared, "" when they are."""
    if off := embeddings_off(whole):
        return off
    if whole.scope.settings.translation.encoder == OFF:
        return "meanings are not compared (validation.translation.encoder)"
    refused = encoder_refused(whole.scope)
    if not refused:
        return ""
    if whole.scope.settings.translation.encoder:
        return f"the encoder {refused} is not multilingual"
    return f"the encoder {refused} is not multilingual; to get one that is: pip install 'clincurate[multilingual]'"
