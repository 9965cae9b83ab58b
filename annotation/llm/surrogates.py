"""A language model elsewhere that is shown surrogates: what it says of them comes to stand over the true texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pydantic import JsonValue

from annotation.llm.annotator import LlmAnnotator
from annotation.llm.examples import Example, Examples
from annotation.llm.questions import OpenPoint
from annotation.settings import LlmSettings
from curation.deidentify.identifiers.surrogate_marks import stretch
from curation.deidentify.surrogate_records import SurrogateRecords
from curation.models.asking_stage import Conversation
from curation.models.contract import LanguageModel
from curation.record import Record, digest
from curation.scheme import Scheme
from curation.stage import Item


class SurrogateAnnotator(LlmAnnotator):
    """An annotator whose model is shown surrogates in place of identifiers."""

    def __init__(
        self,
        scheme: Scheme,
        settings: LlmSettings,
        models: Mapping[str, LanguageModel],
        *,
        surrogates: SurrogateRecords,
        layer: str,
        examples: Examples | None = None,
    ) -> None:
        shown = SurrogateExamples(examples, surrogates) if examples else None
        super().__init__(scheme, settings, models, layer=layer, examples=shown)
        self._surrogates = surrogates

    @cached_property
    def fingerprint(self) -> str:
        """As of an annotator, and of what the surrogates depend on."""
        return digest([super().fingerprint, self._surrogates.digest])

    def prepare(self, items: Sequence[Item]) -> None:
        """Look for the identifiers of records that are asked about next, and choose their examples."""
        super().prepare([replace(item, record=self._surrogates.of(item.record).record) for item in items])

    def questions(self, record: Record, examples: Sequence[Example] = ()) -> list[OpenPoint]:
        """The first requests about a record that is shown; each is about its window, by which surrogates are known."""
        points = []
        for point in super().questions(record, examples):
            about = (stretch(record, point.window), *point.request.about[1:])
            request = replace(point.request, about=about)
            points.append(replace(point, first=request, request=request))
        return points

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions about a record without its identifiers; at the end its layer over the true text."""
        made = self._surrogates.of(item.record)
        result = yield from super().conversation(replace(item, record=made.record), attempt=attempt)
        restored = [made.restored(layer) for layer in result.layers]
        notes = dict(result.notes)
        for _, done in restored:
            notes |= {f"surrogates: {what}": count for what, count in done.items()}
        return replace(result, layers=tuple(layer for layer, _ in restored), notes=notes)


@dataclass(frozen=True, slots=True)
class SurrogateExamples:
    """Examples with surrogates in place of their identifiers, chosen by the true text of a record."""

    examples: Examples
    surrogates: SurrogateRecords

    @property
    def digest(self) -> str:
        """As of examples."""
        return self.examples.digest

    def for_record(self, record: Record) -> Sequence[Example]:
        """The examples for a record that is shown."""
        return [self._shown(example) for example in self.examples.for_record(self.surrogates.original(record))]

    def provenance(self, chosen: Sequence[Example]) -> dict[str, JsonValue]:
        """As of examples."""
        return self.examples.provenance(chosen)

    def _shown(self, example: Example) -> Example:
        made = self.surrogates.of(example.record)
        return replace(example, record=made.record, layer=made.shown(example.layer))
