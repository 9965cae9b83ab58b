"""Examples out of a workspace's curated sets: for prompts, by `annotation.examples`, and for few-shot."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from annotation.few_shot.example_sentences import ExampleSentences, examples_from
from annotation.llm.checked_examples import checked_examples
from annotation.llm.retrieved import EncoderFor, RetrievedExamples
from annotation.settings import ExamplesSettings
from curation.author import AuthorKind, kind_of
from curation.egress.gate import Gate
from curation.embeddings.cached_encoder import CachedEncoder
from curation.embeddings.encoder import PACKAGED_ENCODER, PACKAGED_IN, load_encoder
from curation.embeddings.languages import covers
from curation.embeddings.multilingual import MULTILINGUAL_ENCODER, has_multilingual
from curation.embeddings.vector_store import VectorStore
from curation.errors import UsageError
from curation.record import without_lost
from curation.store import Store
from pipeline.workspace import Workspace
from validation.measures.measure import VECTORS

#: The side of a set that examples are taken from: the others measure.
TRAINING_SIDE = "train"
ENGLISH = "en"


def retrieved_examples(
    workspace: Workspace, store: Store, reference: str, *, settings: ExamplesSettings | None = None, gate: Gate
) -> RetrievedExamples:
    """The examples of a curated set, named by NAME@VERSION, NAME for its latest version, or its digest.

    Lines for people say what they are found by, and what was left out. Raises UsageError where there is no such set or
    nothing on its training side can be an example, ConfigError where the encoder cannot be loaded.
    """
    chosen = settings or workspace.config.annotation.examples
    curated = store.curated_set(reference)
    members = (
        (record, without_lost(layer)) for _, record, layer in store.set_members(curated.digest, split=TRAINING_SIDE)
    )
    vectors = workspace.folder / VECTORS
    examples = RetrievedExamples(
        curated,
        checked_examples(members, workspace.scheme),
        chosen,
        encoder_for=_encoders(workspace, chosen, gate),
        vectors=VectorStore(vectors),
        near_duplicates=workspace.config.curation.split.near_duplicates,
    )
    for line in examples.described():
        workspace.notify(line)
    return examples


def examples_for(
    workspace: Workspace, store: Store, name: str, reference: str | None = None, *, gate: Gate
) -> RetrievedExamples | None:
    """The examples that an annotator's prompts have, by the reference given or by annotation.llm.examples.

    Raises UsageError where a reference is given for an annotator that has no prompts.
    """
    if kind_of(name) is not AuthorKind.LLM:
        if reference is not None:
            raise UsageError(f"expected a language model (llm:NAME) with --examples, got {name}")
        return None
    chosen = reference or workspace.config.annotation.llm.examples
    return retrieved_examples(workspace, store, chosen, gate=gate) if chosen else None


def taught_sentences(workspace: Workspace, store: Store) -> dict[str, ExampleSentences]:
    """The examples of the few-shot annotator by language, where annotation.few_shot.curated names a set.

    Raises UsageError where there is no such set, or nothing on its training side is an example.
    """
    reference = workspace.config.annotation.few_shot.curated
    if reference is None:
        return {}
    curated = store.curated_set(reference)
    members = [
        (record, without_lost(layer)) for _, record, layer in store.set_members(curated.digest, split=TRAINING_SIDE)
    ]
    languages = sorted({record.language for record, _ in members})
    found = {language: examples_from(members, language=language) for language in languages}
    taught = {language: examples for language, examples in found.items() if examples.sentences or examples.documents}
    if not taught:
        raise UsageError(f"expected marked records on the training side of {curated.name}@{curated.version}, got none")
    return taught


def _encoders(workspace: Workspace, settings: ExamplesSettings, gate: Gate) -> EncoderFor:
    """The encoder for each language, loaded when it is first asked for; None where none knows the language."""

    @cache
    def loaded(name: str) -> CachedEncoder:
        return load_encoder(name, settings.backend, gate).cached_in(workspace.folder / VECTORS)

    def encoder_for(language: str) -> CachedEncoder | None:
        name = _encoder_name(settings, language)
        return loaded(name) if name else None

    return encoder_for


def _encoder_name(settings: ExamplesSettings, language: str) -> str | None:
    """Which encoder compares texts of a language, by the settings or by what is installed."""
    if settings.encoder is not None:
        knows = language == ENGLISH or language in settings.languages
        return settings.encoder if knows or covers(settings.encoder, frozenset({language})) else None
    if language == ENGLISH and find_spec(PACKAGED_IN) and find_spec("sentence_transformers"):
        return PACKAGED_ENCODER
    return MULTILINGUAL_ENCODER if has_multilingual() else None
