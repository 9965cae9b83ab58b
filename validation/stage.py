"""The stage that measures: what each record's text and layer look like, without judging."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from curation.author import VALIDATION_RANK
from curation.egress.gate import Gate
from curation.record import digest
from curation.scheme import Scheme
from curation.stage import Item, Result
from curation.store import Store
from validation.layers import ChosenLayers, checked_layer
from validation.measures.knowledge import knowledge_digest
from validation.measures.measure import Columns, Level, MeasureSpec, Scope, Subject
from validation.measures.table import MEASURES
from validation.settings import ValidationSettings

#: Records that are measured at once at least: of fewer, more of what the encoder takes is padding.
AT_ONCE = 128


class Measure:
    """The record-level measures of the table on each record, with the first of the layers it has."""

    name = "validate"

    def __init__(
        self,
        scheme: Scheme,
        settings: ValidationSettings,
        *,
        reads: Sequence[str],
        seconds: Sequence[str] = (),
        vectors: Path | None = None,
        gate: Gate | None = None,
    ) -> None:
        """The stage that checks the first of the layers `reads` and compares it with the layers `seconds`."""
        self._layers = ChosenLayers(tuple(reads), tuple(seconds))
        self.reads = self._layers.all
        # Without an encoder nothing goes out, and the stage may go to other processes, which a gate cannot.
        self._scope = Scope(scheme, settings, vectors, gate if settings.similarity.enabled else None)

    @classmethod
    def over(
        cls,
        store: Store,
        scheme: Scheme,
        settings: ValidationSettings,
        *,
        vectors: Path | None = None,
        gate: Gate | None = None,
    ) -> Measure:
        """The stage for what a store holds now: it reads the store's layers in order of preference.

        vectors: the file that keeps what was encoded for the next run. gate: the way out for an encoder elsewhere.
        """
        layers = ChosenLayers.among(store.layer_authors(), settings)
        return cls(scheme, settings, reads=layers.checked, seconds=layers.seconds, vectors=vectors, gate=gate)

    @property
    def can_go_apart(self) -> bool:
        """Whether it may run in several processes: where each of them would load a model, one does the work."""
        settings = self._scope.settings
        return not settings.similarity.enabled and not settings.privacy.recognisers

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the dependencies of the measures, the word lists that all of them read texts with, the
        scheme, and which layer is checked.
        """
        return digest(
            {
                "measures": [spec.depends_on(self._scope) for spec in MEASURES if spec.level is Level.RECORD],
                "words": knowledge_digest(),
                "scheme": self._scope.scheme.digest,
                "layer": self._scope.settings.layer or list(VALIDATION_RANK),
            }
        )

    def load(self, languages: Sequence[str]) -> None:
        """Load the sentence encoder, where it is used. Raises ConfigError where it cannot be."""
        if self._scope.settings.similarity.enabled:
            _ = self._scope.encoder

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One result for each item, with the columns that apply to it and found something."""
        subjects = [self._subject(item) for item in items]
        self._encode(subjects)
        rows: list[Columns] = [{} for _ in subjects]
        for spec in MEASURES:
            if spec.level is Level.RECORD:
                for row, columns in zip(rows, _measured(spec, subjects, self._scope), strict=True):
                    row.update({name: value for name, value in columns.items() if value not in (None, [])})
        return [Result(subject.record.id, measures=row) for subject, row in zip(subjects, rows, strict=True)]

    def _subject(self, item: Item) -> Subject:
        layer = checked_layer(item, self._layers.checked)
        return Subject(item.record, layer, self._layers.second_opinions(item, layer))

    def _encode(self, subjects: Sequence[Subject]) -> None:
        """Have the texts of all measures encoded at once: the larger the choice, the less of a batch is padding."""
        if not self._scope.settings.similarity.enabled:
            return
        asked = [text for spec in MEASURES if spec.texts for text in spec.texts(subjects)]
        self._scope.encoder.encode(list(dict.fromkeys(asked)))


def _measured(spec: MeasureSpec, subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """A row for each subject; those without a layer get an empty one from measures that need it."""
    if spec.measure is None:
        return [spec.nothing for _ in subjects]
    fit = [subject for subject in subjects if subject.layer is not None or not spec.needs_layer]
    measured = iter(spec.measure(fit, scope) if fit else [])
    return [
        next(measured) if subject.layer is not None or not spec.needs_layer else spec.nothing for subject in subjects
    ]
