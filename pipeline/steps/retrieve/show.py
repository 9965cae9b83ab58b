"""The examples that a record's prompt would get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from annotation.llm.examples import Example
from annotation.llm.retrieved import example_tokens
from annotation.settings import ExamplesSettings
from curation.errors import UsageError
from curation.record import Record, record_id
from curation.store import Store
from pipeline.egress import gate_of
from pipeline.retrieval import retrieved_examples
from pipeline.steps.freeze import chosen_set
from pipeline.workspace import Workspace

ASKED = "asked"


@dataclass(frozen=True, slots=True)
class ShownExamples:
    """A record, the examples that it would get, and how they were found."""

    record: Record
    examples: Sequence[Example]
    provenance: dict[str, JsonValue]

    @property
    def rows(self) -> list[tuple[str, float, int, int]]:
        """Each example's id, score, number of entities and estimated tokens."""
        return [
            (
                example.record.id,
                example.score,
                len(example.layer.entities),
                example_tokens(example.record, example.layer),
            )
            for example in self.examples
        ]

    def as_json(self, *, text: bool = False) -> dict[str, JsonValue]:
        """All of it; the examples' texts and wordings only where `text` is true."""
        examples: list[JsonValue] = []
        for (id, score, entities, tokens), example in zip(self.rows, self.examples, strict=True):
            shown: dict[str, JsonValue] = {"text": example.record.text, "marked": _marked(example)} if text else {}
            examples.append({"id": id, "score": score, "entities": entities, "tokens": tokens, **shown})
        return {"record": self.record.id, **self.provenance, "examples": examples}


def show_examples(
    workspace: Workspace,
    store: Store,
    *,
    record: str | None = None,
    text: str | None = None,
    language: str | None = None,
    curated: str | None = None,
    settings: ExamplesSettings | None = None,
) -> ShownExamples:
    """The examples of a record in the store, or of a text.

    curated: the set; unset, that of annotation.llm.examples, else the newest. Raises UsageError where the record, the
    set or the text is none.
    """
    if (record is None) == (text is None):
        raise UsageError("expected a record or --text-file FILE, one of the two")
    if record is not None and language is not None:
        raise UsageError("expected --language with --text-file only: a record has its own")
    chosen = set_name(workspace, store, curated)
    asked = (
        next(store.records([store.find_record(record)]))
        if record is not None
        else asked_record(store, text or "", language or workspace.scheme.languages[0])
    )
    gate = gate_of(workspace, store)
    examples = retrieved_examples(workspace, store, chosen, settings=settings, gate=gate)
    found = examples.for_record(asked)
    return ShownExamples(asked, found, examples.provenance(found))


def asked_record(store: Store, text: str, language: str) -> Record:
    """The store's record of a text, which knows its group, else one that is made for it."""
    if not text.strip() or "\x00" in text:
        raise UsageError("expected a text with words and without null bytes, got another")
    id = record_id(text, language=language)
    return store.with_text(text) or Record(id=id, group=id, source=ASKED, language=language, text=text)


def set_name(workspace: Workspace, store: Store, named: str | None) -> str:
    """The set that examples come from: the one that is named, by the settings or else the newest."""
    return chosen_set(store, named or workspace.config.annotation.llm.examples).digest


def _marked(example: Example) -> list[JsonValue]:
    return [{"text": entity.text, "category": entity.category} for entity in example.layer.entities]
