"""Document labels from a few labelled texts: sentence embeddings of a whole text, pooled, and a small head for each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annotation.few_shot.calibrated_classifier import CalibratedClassifier, Matrix
from annotation.few_shot.example_sentences import ExampleSentences
from annotation.settings import FewShotSettings
from curation.embeddings.encoder import Encoder
from curation.errors import ConfigError
from curation.scheme import DocumentLabel, Scheme
from curation.text.sentences import sentence_texts

#: A value by the label's name, with its calibrated probability.
LabelValues = dict[str, tuple[str, float]]


class DocumentClassifier:
    """What the labelled texts of one language teach: a value for each document label that has examples of two."""

    def __init__(
        self, examples: ExampleSentences, encoder: Encoder, *, settings: FewShotSettings, scheme: Scheme
    ) -> None:
        self._encoder = encoder
        self._language = examples.language
        self._heads: dict[str, CalibratedClassifier] = {}
        for label in taught_labels(examples, scheme):
            labelled = [document for document in examples.documents if label.name in document.labels]
            self._heads[label.name] = CalibratedClassifier(
                self._vectors([document.text for document in labelled]),
                [document.labels[label.name] for document in labelled],
                [document.text for document in labelled],
                strength=settings.strength,
            )

    def __call__(self, texts: Sequence[str]) -> list[LabelValues]:
        """The surest value of each label for each text, however sure: every text has one."""
        found: list[LabelValues] = [{} for _ in texts]
        if not self._heads:
            return found
        vectors = self._vectors(texts)
        for name, head in self._heads.items():
            probabilities = head(vectors)
            for values, row in zip(found, probabilities, strict=True):
                best = int(row.argmax())
                values[name] = (head.classes[best], round(float(row[best]), 3))
        return found

    def _vectors(self, texts: Sequence[str]) -> Matrix:
        """A row for each text: the mean of its sentences' vectors beside their maximum, of unit length each.

        One sentence often decides (the smoking status in a long letter): the mean alone would drown it.
        """
        sentences = [sentence_texts(text, self._language) or [text[:1] or " "] for text in texts]
        vectors = iter(self._encoder.encode([sentence for several in sentences for sentence in several]))
        rows = [np.stack([next(vectors) for _ in several]) for several in sentences]
        pooled = [(_unit(row.mean(axis=0)), _unit(row.max(axis=0))) for row in rows]
        return np.stack([np.concatenate(pair) for pair in pooled]).astype(np.float32)


def taught_labels(examples: ExampleSentences, scheme: Scheme) -> list[DocumentLabel]:
    """The document labels of a scheme of which the examples show two values or more.

    Raises ConfigError when an example has a value that the scheme does not have.
    """
    taught = []
    for label in scheme.labels:
        values = {document.labels[label.name] for document in examples.documents if label.name in document.labels}
        if unknown := sorted(values - set(label.values)):
            raise ConfigError(
                f"few-shot examples ({examples.language}): expected values of {label.name} "
                f"({', '.join(label.values)}), got {', '.join(unknown)}"
            )
        if len(values) > 1:
            taught.append(label)
    return taught


def _unit(vector: Matrix) -> Matrix:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector
