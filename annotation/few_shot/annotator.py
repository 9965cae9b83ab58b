"""Annotation from a few examples: candidates and whole texts classified by sentence embedding and a small head.

Frozen sentence embeddings and a logistic regression learn from a handful of examples a category
(SetFit: Tunstall et al. 2022, without its contrastive tuning).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from annotation.few_shot.calibrated_classifier import CalibratedClassifier, Matrix
from annotation.few_shot.candidates import Candidate, lexicon_of
from annotation.few_shot.document_classifier import DocumentClassifier, LabelValues, taught_labels
from annotation.few_shot.example_sentences import ExampleSentences, load_examples
from annotation.few_shot.few_shot_examples import NONE, CandidateText, candidate_texts, training_examples
from annotation.rules.assertion import assert_words
from annotation.rules.context import context_digest
from annotation.settings import FewShotSettings
from curation.address import remote_host
from curation.author import AuthorKind, author_name, layer_name
from curation.egress.gate import Gate
from curation.embeddings.address import EncoderAddress, is_address
from curation.embeddings.encoder import Encoder, load_encoder
from curation.errors import ConfigError, no_such
from curation.record import Entity, Layer, digest
from curation.scheme import Scheme
from curation.stage import Item, Result
from curation.text.tokens import Words, read
from curation.text.word_lists import word_lists_digest

#: Raised when the same examples give other results than before.
VERSION = 2


class FewShotClassifier:
    """What the examples of one language teach: a category and a score for each candidate, or none.

    Raises ConfigError where they show one kind only, such as entities without other phrases beside them.
    """

    def __init__(
        self, examples: ExampleSentences, encoder: Encoder, *, settings: FewShotSettings, scheme: Scheme
    ) -> None:
        self._encoder = encoder
        self._settings = settings
        self._once = frozenset(settings.once)
        self.language = examples.language
        shown, labels = training_examples(examples, scheme)
        _check_kinds(labels, examples, scheme)
        sentences = [text.context for text in shown]
        self._classifier = CalibratedClassifier(self._vectors(shown), labels, sentences, strength=settings.strength)
        self.digest = digest(
            [
                VERSION,
                examples.digest,
                encoder.name,
                encoder.revision,
                settings.model_dump(mode="json", exclude={"backend", "curated"}),
            ]
        )

    def annotate(self, texts: Sequence[str]) -> list[tuple[Entity, ...]]:
        """The entities of each text; the candidates of all texts are encoded together, each wording once."""
        read_texts = [read(text, self.language) for text in texts]
        shown = [candidate_texts(words, self.language) for words in read_texts]
        scored = iter(self._classified([text for several in shown for text in several]))
        return [
            self._entities(words, [(text.candidate, *next(scored)) for text in several])
            for words, several in zip(read_texts, shown, strict=True)
        ]

    def _classified(self, shown: Sequence[CandidateText]) -> Iterable[tuple[str, float]]:
        """Category and score of each text; the score counts the probability of no category against it."""
        if not shown:
            return
        probabilities = self._classifier(self._vectors(shown))
        for row, best in zip(probabilities, probabilities.argmax(axis=1), strict=True):
            yield self._classifier.classes[best], round(float(row[best]), 3)

    def _vectors(self, shown: Sequence[CandidateText]) -> Matrix:
        own = self._encoder.encode([text.text for text in shown])
        if not self._settings.context:
            return own
        around = self._encoder.encode([text.context for text in shown])
        return np.concatenate([own, np.float32(self._settings.context) * around], axis=1)

    def _entities(self, words: Words, scored: Iterable[tuple[Candidate, str, float]]) -> tuple[Entity, ...]:
        sure = [found for found in scored if found[1] != NONE and found[2] >= self._settings.threshold]
        chosen = _first_only(_apart(sure), self._once)
        entities = tuple(
            Entity.at(words.text, candidate.start, candidate.end, category, id=f"T{number}", score=score)
            for number, (candidate, category, score) in enumerate(chosen, 1)
        )
        return assert_words(words, self.language, entities)


def _check_kinds(labels: Sequence[str], examples: ExampleSentences, scheme: Scheme) -> None:
    if len(set(labels)) < 2:
        raise ConfigError(
            f"few-shot examples ({examples.language}): expected marked entities of the scheme {scheme.name} "
            f"and other phrases beside them, got {len(labels)} of one kind"
        )


def _apart(scored: Iterable[tuple[Candidate, str, float]]) -> list[tuple[Candidate, str, float]]:
    """Of overlapping candidates the surest, then the longest, then the first; in order."""
    taken: list[tuple[Candidate, str, float]] = []
    covered: set[int] = set()
    for found in sorted(scored, key=lambda found: (-found[2], found[0].start - found[0].end, found[0].start)):
        span = range(found[0].start, found[0].end)
        if not covered.intersection(span):
            covered.update(span)
            taken.append(found)
    return sorted(taken, key=lambda found: found[0].start)


def _first_only(
    scored: Iterable[tuple[Candidate, str, float]], once: frozenset[str]
) -> Iterable[tuple[Candidate, str, float]]:
    seen: set[str] = set()
    for found in scored:
        if found[1] not in once or found[1] not in seen:
            seen.add(found[1])
            yield found


class FewShotAnnotator:
    """The stage that writes the few-shot layer; a language without examples gets an empty one."""

    kind = AuthorKind.FEW_SHOT
    reads: Sequence[str] = ()

    def __init__(
        self,
        scheme: Scheme,
        settings: FewShotSettings | None = None,
        *,
        layer: str = layer_name(kind),
        examples: Mapping[str, ExampleSentences] | None = None,
        encoder: Encoder | None = None,
        gate: Gate | None = None,
        vectors: Path | None = None,
    ) -> None:
        """gate: the way out for an encoder at an address; vectors: the file that keeps what it gave, for later runs.

        Raises ConfigError for a category of `once` that the settings name and the scheme does not have."""
        self._scheme = scheme
        self._settings = settings or FewShotSettings()
        for name in self._settings.once if "once" in self._settings.model_fields_set else ():
            if name not in scheme.by_name:
                unknown = no_such("a category of the scheme", name, scheme.names)
                raise ConfigError(f"annotation.few_shot.once: {unknown}")
        self._layer = layer
        # One stage per layer: results for one layer do not stand for another's.
        self.name = f"annotate:{layer}"
        self._examples: dict[str, ExampleSentences | None] = dict(examples or {})
        self._languages = sorted({*scheme.languages, *self._examples})
        self._given, self._gate, self._kept_in = encoder, gate, vectors
        address = EncoderAddress.of(self._settings.encoder).url if is_address(self._settings.encoder) else None
        #: The host that texts are sent to, if the encoder is not on this machine.
        self.remote = remote_host(address)
        self._classifiers: dict[str, FewShotClassifier | None] = {}
        self._document_classifiers: dict[str, DocumentClassifier | None] = {}

    def load(self, languages: Sequence[str]) -> None:
        """Learn from the examples of these languages. Raises ConfigError where encoder or examples do not fit."""
        for language in languages:
            self._for(language)
            self._for_documents(language)

    def unserved(self, language: str) -> tuple[str, ...]:
        """The categories and document labels of the scheme that the examples of a language do not teach.

        Raises ConfigError where the examples do not fit the scheme.
        """
        examples = self._taught(language)
        if examples is None:
            return self._scheme.flat_keys
        labels = {label.name for label in taught_labels(examples, self._scheme)}
        if any(name in examples.counts for name in self._scheme.names):
            _check_kinds(training_examples(examples, self._scheme)[1], examples, self._scheme)
        return tuple(name for name in self._scheme.flat_keys if name not in labels and name not in examples.counts)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of examples, the lists that sentences are read by, encoder, scheme and settings."""
        contexts = [context_digest(language) for language in self._languages]
        lexicons = [lexicon_of(language).digest for language in self._languages]
        taught = [examples and examples.digest for examples in map(self._taught, self._languages)]
        settings = self._settings.model_dump(mode="json", exclude={"examples", "curated", "backend"})
        encoder = [self._encoder.name, self._encoder.revision]
        return digest(
            [
                self.name,
                VERSION,
                word_lists_digest(),
                taught,
                contexts,
                lexicons,
                encoder,
                self._scheme.digest,
                settings,
                self._layer,
            ]
        )

    def __call__(self, items: Sequence[Item]) -> Sequence[Result]:
        """One layer for each record."""
        by_language: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            by_language[item.record.language].append(item)
        return [result for language, several in by_language.items() for result in self._annotate(language, several)]

    def _annotate(self, language: str, items: Sequence[Item]) -> Iterable[Result]:
        classifier = self._for(language)
        documents = self._for_documents(language)
        texts = [item.record.text for item in items]
        found = classifier.annotate(texts) if classifier else [()] * len(items)
        labels = documents(texts) if documents else [{}] * len(items)
        for item, entities, values in zip(items, found, labels, strict=True):
            yield Result(item.record.id, layers=(self._written(item, entities, values),))

    def _written(self, item: Item, entities: tuple[Entity, ...], values: LabelValues) -> Layer:
        classifier = self._for(item.record.language)
        examples = self._taught(item.record.language)
        revision = classifier.digest if classifier else examples.digest if examples else "untaught"
        scores: dict[str, JsonValue] = {name: score for name, (_, score) in values.items()}
        return Layer(
            record_id=item.record.id,
            name=self._layer,
            author=author_name(self.kind, revision=revision),
            entities=entities,
            labels={name: value for name, (value, _) in values.items()},
            provenance={"encoder": self._encoder.name, "revision": revision, "scheme": self._scheme.digest}
            | ({"label_scores": scores} if scores else {}),
        )

    @cached_property
    def _encoder(self) -> Encoder:
        if self._given is not None:
            return self._given
        encoder = load_encoder(self._settings.encoder, self._settings.backend, self._gate)
        # Encoding here is soon done again; what a server gave was paid for, or took its time.
        keeps = self._kept_in if is_address(self._settings.encoder) else None
        return encoder.cached_in(keeps) if keeps else encoder

    def _taught(self, language: str) -> ExampleSentences | None:
        if language not in self._examples:
            self._examples[language] = load_examples(language, folder=self._settings.examples)
        return self._examples[language]

    def _for(self, language: str) -> FewShotClassifier | None:
        if language not in self._classifiers:
            examples = self._taught(language)
            self._classifiers[language] = (
                FewShotClassifier(examples, self._encoder, settings=self._settings, scheme=self._scheme)
                if examples and self._teaches_entities(examples)
                else None
            )
        return self._classifiers[language]

    def _teaches_entities(self, examples: ExampleSentences) -> bool:
        """Whether sentences are there to mark entities by; sentences of another scheme are, and are refused."""
        if not self._scheme.categories:
            return False
        return any(name in examples.counts for name in self._scheme.names) or not taught_labels(examples, self._scheme)

    def _for_documents(self, language: str) -> DocumentClassifier | None:
        if language not in self._document_classifiers:
            examples = self._taught(language)
            self._document_classifiers[language] = (
                DocumentClassifier(examples, self._encoder, settings=self._settings, scheme=self._scheme)
                if examples and taught_labels(examples, self._scheme)
                else None
            )
        return self._document_classifiers[language]
