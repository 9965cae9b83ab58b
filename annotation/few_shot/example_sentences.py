"""Examples to learn from: sentences in which every entity is marked, and texts with their document labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import Field, ValidationError, model_validator

from curation.errors import ConfigError, ContradictionError, one_line
from curation.markup import parse_markup
from curation.record import Entity, Frozen, Layer, Record, digest
from curation.text.tokens import read
from curation.yaml_file import read_yaml

EXAMPLES = Path(__file__).with_name("examples")


class LabelledText(Frozen):
    """A whole text with the values of its document labels."""

    text: str = Field(min_length=1)
    labels: dict[str, str] = Field(min_length=1)


class ExampleFile(Frozen):
    """An example file: sentences with their entities marked as in [fever]{signs_symptoms}, or labelled texts."""

    sentences: tuple[str, ...] = ()
    documents: tuple[LabelledText, ...] = ()

    @model_validator(mode="after")
    def _has_examples(self) -> ExampleFile:
        if not self.sentences and not self.documents:
            raise ValueError("expected sentences or documents, found neither")
        return self


class ExampleSentence(Frozen):
    """A sentence and all its entities; what is not marked in it is an example of no category."""

    text: str
    entities: tuple[Entity, ...] = ()


class ExampleSentences(Frozen):
    """Sentences and labelled texts of one language."""

    language: str
    sentences: tuple[ExampleSentence, ...]
    documents: tuple[LabelledText, ...] = ()

    @cached_property
    def digest(self) -> str:
        """A hash of texts, spans, categories and labels."""
        return digest(
            [
                self.language,
                [
                    (sentence.text, [(entity.category, entity.spans) for entity in sentence.entities])
                    for sentence in self.sentences
                ],
                *([document.text, document.labels] for document in self.documents),
            ]
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many examples each category has."""
        return dict(Counter(entity.category for sentence in self.sentences for entity in sentence.entities))


def load_examples(language: str, *, folder: Path | None = None) -> ExampleSentences | None:
    """The examples of a language; none where the folder has no file for it."""
    path = (folder or EXAMPLES) / f"{language}.yaml"
    if not path.is_file():
        return None
    try:
        file = ExampleFile.model_validate(read_yaml(path))
        parsed = [parse_markup(marked) for marked in file.sentences]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError, ContradictionError) as error:
        raise ConfigError(f"{path}: {one_line(error)}") from error
    sentences = [ExampleSentence(text=text, entities=entities) for text, entities in parsed]
    return ExampleSentences(language=language, sentences=tuple(sentences), documents=file.documents)


def examples_from(
    annotated: Iterable[tuple[Record, Layer]], *, language: str, per_category: int = 16
) -> ExampleSentences:
    """Sentences of that language from gold layers until each category has `per_category` examples, and all texts with
    document labels.

    A sentence is taken when it adds to a category that still lacks some. The order is that of the
    sentences' digests, so that the choice does not depend on the order of the records.
    """
    spoken = [(record, layer) for record, layer in annotated if record.language == language]
    sentences = sorted(
        (sentence for record, layer in spoken for sentence in _sentences(record, layer)),
        key=lambda sentence: digest(sentence.text),
    )
    documents = sorted(
        (LabelledText(text=record.text, labels=layer.labels) for record, layer in spoken if layer.labels),
        key=lambda document: digest(document.text),
    )
    return ExampleSentences(
        language=language, sentences=tuple(_enough(sentences, per_category)), documents=tuple(documents)
    )


def _enough(sentences: Sequence[ExampleSentence], per_category: int) -> Iterable[ExampleSentence]:
    have: Counter[str] = Counter()
    for sentence in sentences:
        adds = Counter(entity.category for entity in sentence.entities)
        if any(have[category] < per_category for category in adds):
            have += adds
            yield sentence


def _sentences(record: Record, layer: Layer) -> Iterable[ExampleSentence]:
    """The sentences of a record that hold entities, each with its own."""
    words = read(record.text, record.language)
    for first, after in words.sentences:
        start, end = words.starts[first], words.ends[after - 1]
        inside = [
            entity for entity in layer.entities if entity.fragments and start <= entity.start and entity.end <= end
        ]
        if inside:
            text = record.text[start:end]
            yield ExampleSentence(text=text, entities=tuple(_moved(text, entity, -start) for entity in inside))


def _moved(text: str, entity: Entity, by: int) -> Entity:
    """The entity as one span of the sentence, from its first to its last fragment."""
    return Entity.at(
        text, entity.start + by, entity.end + by, entity.category, id=entity.id, assertion=entity.assertion
    )
