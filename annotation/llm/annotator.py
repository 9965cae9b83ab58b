"""A language model as an annotator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import JsonValue

from annotation.llm.align import AlignedQuote, align_quotes, shifted
from annotation.llm.apply import apply, score_notes
from annotation.llm.examples import Example, Examples, repeated_from
from annotation.llm.lead_ins import without_lead_in
from annotation.llm.merge import MergedQuotes, merge, merge_labels
from annotation.llm.questionnaire import Questionnaire
from annotation.llm.questions import Answered, Interview, OpenPoint
from annotation.llm.reading import Link, Reading
from annotation.llm.token_probabilities import with_probabilities
from annotation.llm.unread_part import UnreadPart
from annotation.settings import LlmSettings
from curation.author import AuthorKind, author_name, layer_name
from curation.errors import UsageError
from curation.models.asking_stage import INCOMPLETE, Conversation
from curation.models.contract import Answer, LanguageModel, Request, room_parameter
from curation.models.placed_json import decode_placed
from curation.record import Layer, Record, digest
from curation.scheme import Category, Scheme
from curation.stage import Item, Result
from curation.text.folding import Span

#: Raised when the same answers would become other layers.
VERSION = 4

#: Why a part of an answer says nothing, where the answer as a whole is whole.
UNREADABLE = "values that cannot be read"

#: Records whose examples are kept at most, until they are asked about.
PREPARED = 4_096

#: The settings that decide what is asked and what becomes of the answers.
OF_THE_LAYER = {"fuzzy", "repairs", "window", "overlap"}


class LlmAnnotator:
    """Writes what a language model extracts as a layer; what it gives no whole answer for is that record's error.

    Raises UsageError where there is not exactly one model.
    """

    kind = AuthorKind.LLM
    reads: Sequence[str] = ()

    def __init__(
        self,
        scheme: Scheme,
        settings: LlmSettings,
        models: Mapping[str, LanguageModel],
        *,
        layer: str = layer_name(kind),
        examples: Examples | None = None,
    ) -> None:
        if len(models) != 1:
            raise UsageError(f"expected one language model for a layer, got {', '.join(models) or 'none'}")
        self.models = models
        self._model = next(iter(models.values()))
        self._scheme = scheme
        self._settings = settings
        self.layer = layer
        self._examples = examples
        self._chosen: dict[str, Sequence[Example]] = {}
        # One stage per layer: results for one layer do not stand for another's.
        self.name = f"annotate:{layer}"
        # What a model takes at once, where it says so.
        self._context: int | None = getattr(self._model, "context", None)
        self._asking = Questionnaire(scheme, settings, context=self._context)
        self.prompt = self._asking.prompt
        #: The host that records' text is sent to, if it is not this machine.
        self.remote = self._model.remote

    @property
    def author(self) -> str:
        """The author of the layers: the model and the prompt's version."""
        return author_name(self.kind, self._model.name, revision=self.prompt.name)

    def load(self, languages: Sequence[str]) -> None:
        """Fill the prompt for a made-up record of each language, and read the words that answers are freed from.

        Raises ConfigError where the prompt cannot be filled.
        """
        for language in languages:
            self._asking.check(language)
            # Not at the first answer: the others that come then would wait.
            without_lead_in("", language)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of model, prompt, scheme and settings; the server's address may change."""
        settings = self._settings.model_dump(mode="json", include=OF_THE_LAYER) | {"context": self._context}
        identity = {name: dict(model.identity) for name, model in self.models.items()}
        examples = self._examples.digest if self._examples else None
        return digest(
            [VERSION, self.author, identity, self.prompt.digest, self._scheme.digest, settings, examples, self.layer]
        )

    def prepare(self, items: Sequence[Item]) -> None:
        """Choose the examples of records that are asked about next, which takes a look into each text, and find the
        sentences of texts that are cut into windows: both take long.
        """
        for item in items:
            self._asking.prepare(item.record)
        if self._examples is not None:
            if len(self._chosen) > PREPARED:
                self._chosen.clear()
            self._chosen |= {item.record.id: self._examples_for(item.record) for item in items}

    def _examples_for(self, record: Record) -> Sequence[Example]:
        return self._examples.for_record(record) if self._examples else ()

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions about one record; at the end its layer, or its error."""
        record = item.record
        if not record.text.strip():
            return Result(record.id, layers=(self._empty_layer(record),))
        examples = self._chosen.get(record.id) or self._examples_for(record)
        interview = Interview(
            self._read,
            lambda problem, names: self.prompt.repair(record.language, problem, names),
            self._settings.repairs,
            attempt,
            room_parameter(self._model.identity),
        )
        outcomes = yield from interview.rounds(self.questions(record, examples))
        return self._result(record, outcomes, interview, examples)

    def _read(self, answer: Answer, category: Category | None) -> Reading:
        """What an answer says; reading it with places takes longer."""
        read = self._asking.style.read
        if not answer.logprobs:
            return read(answer.text, self._scheme, category)
        return with_probabilities(read(answer.text, self._scheme, category, decode=decode_placed), answer)

    def questions(self, record: Record, examples: Sequence[Example] = ()) -> list[OpenPoint]:
        """The first requests about a record."""
        about = (record, *(example.record for example in examples))
        questions = []
        for asked in self._asking.about(record, examples):
            request = Request(self._model.name, asked.messages, asked.schema, about=about, purpose=self.name)
            questions.append(OpenPoint(asked.window, asked.category, request, request))
        return questions

    def _result(
        self,
        record: Record,
        outcomes: Sequence[Answered],
        interview: Interview,
        examples: Sequence[Example],
    ) -> Result:
        """The layer of all that was read; with an error where that is not all that was asked."""
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        may_pass = bool(failed) and all(outcome.may_pass for outcome in failed)
        unusable = {f"answers that could not be used: {kind}": count for kind, count in interview.unusable.items()}
        if len(failed) == len(outcomes):
            error = str(failed[0].error)
            return Result(record.id, error=error, may_pass=may_pass, kind=failed[0].kind, notes=unusable)
        layer = self._annotated(record, outcomes, interview.answers, examples)
        notes = _notes(layer.provenance) | unusable
        notes |= score_notes(layer, always=bool(self._model.identity.get("logprobs")))
        if self._examples is not None and not examples:
            notes["asked without an example: none fits"] = 1
        kinds = Counter(part.kind for part in _unread(outcomes, layer.labels))
        if not kinds:
            return Result(record.id, layers=(layer,), notes=notes)
        said = ", ".join(f"{count} without one ({kind})" for kind, count in sorted(kinds.items()))
        error = f"{INCOMPLETE}: expected answers to all questions, got {said}; the others are kept as a layer"
        return Result(record.id, layers=(layer,), notes=notes, error=error, may_pass=may_pass, kind=INCOMPLETE)

    def _annotated(
        self,
        record: Record,
        outcomes: Sequence[Answered],
        answers: Sequence[Answer],
        examples: Sequence[Example],
    ) -> Layer:
        read = [(outcome.question, outcome.reading) for outcome in outcomes if outcome.reading is not None]
        totals = Reading()
        placed: list[list[AlignedQuote]] = []
        for question, reading in read:
            _count(reading, totals)
            placed.append(self._placed(record, question.window, reading, examples, totals))
        merged = merge(placed, [question.window for question, _ in read])
        labels = merge_labels([reading.labels for _, reading in read], totals.dropped)
        links = list(_links(merged, [reading for _, reading in read], totals.dropped))
        provenance = self._provenance(answers, totals, merged, examples)
        provenance["unread"] = [part.as_json() for part in _unread(outcomes, labels)]
        provenance["windows"] = [list(span) for span in dict.fromkeys(outcome.question.window for outcome in outcomes)]
        return apply(
            merged.quotes,
            record,
            self._scheme,
            name=self.layer,
            author=self.author,
            links=links,
            labels=labels,
            provenance=provenance,
        )

    def _placed(
        self, record: Record, window: Span, reading: Reading, examples: Sequence[Example], totals: Reading
    ) -> list[AlignedQuote]:
        """The quotes of an answer where they stand in the record, without those that are taken from elsewhere."""
        text = record.text[slice(*window)]
        placed = align_quotes(
            reading.quotes, text, language=record.language, minimum=self._settings.fuzzy, counts=totals
        )
        foreign = {id(quote) for quote in repeated_from(examples, reading.quotes, record.text)} if examples else set()
        totals.dropped.update({"taken from an example": len(foreign)} if foreign else {})
        return [
            AlignedQuote(found.quote, shifted(found.at, window[0]), found.number)
            for found in placed
            if id(reading.quotes[found.number]) not in foreign
        ]

    def _empty_layer(self, record: Record) -> Layer:
        return Layer(record_id=record.id, name=self.layer, author=self.author, provenance={"asked": False})

    def _provenance(
        self, answers: Sequence[Answer], totals: Reading, merged: MergedQuotes, examples: Sequence[Example]
    ) -> dict[str, JsonValue]:
        tokens = {way: [getattr(answer, f"tokens_{way}") for answer in answers] for way in ("in", "out")}
        known = {way: sum(counts) if None not in counts else None for way, counts in tokens.items()}
        return {
            "model": self._model.name,
            "identity": dict(self._model.identity),
            "model_as_answered": answers[0].model,
            "prompt": self.prompt.name,
            "prompt_digest": self.prompt.digest,
            "scheme": self._scheme.digest,
            "sent_to": self.remote or "this machine",
            "answer_form": answers[0].form,
            "answers": len(answers),
            "repaired": list(dict.fromkeys(totals.repaired)),
            "dropped": dict(totals.dropped),
            "read_as": dict(totals.read_as),
            "doubles": merged.doubles,
            "alignments": dict(Counter(found.at.alignment.value for found in merged.quotes)),
            "examples": self._examples.provenance(examples) if self._examples else None,
            "tokens": dict(known),
        }


def _count(reading: Reading, totals: Reading) -> None:
    """Adds what was mended, read otherwise and left out in one answer to that of all."""
    totals.repaired += reading.repaired
    totals.dropped.update(reading.dropped)
    totals.read_as.update(reading.read_as)


def _links(merged: MergedQuotes, readings: Sequence[Reading], dropped: Counter[str]) -> Iterator[Link]:
    """The links between the quotes that stay, each once."""
    seen: set[Link] = set()
    for answer, reading in enumerate(readings):
        for link in reading.links:
            head, tail = (merged.places.get((answer, end)) for end in (link.head, link.tail))
            if head is None or tail is None or head == tail:
                dropped["relation of an entity that was left out"] += 1
            elif (found := Link(link.type, head, tail)) not in seen:
                seen.add(found)
                yield found


def _unread(outcomes: Sequence[Answered], labels: Mapping[str, str]) -> Iterator[UnreadPart]:
    """What was not answered; a document label that another window gives is not among it."""
    for outcome in outcomes:
        question = outcome.question
        asked = (question.category.name,) if question.category else ()
        if outcome.error is not None:
            yield UnreadPart(question.window, asked, outcome.error.kind)
        elif outcome.reading is not None:
            names = tuple(name for name in outcome.reading.unread if name not in labels)
            if names:
                yield UnreadPart(question.window, names, UNREADABLE)


def _notes(provenance: Mapping[str, Any]) -> dict[str, int]:
    """What was mended, read otherwise, left out or not answered about one record, in counts."""
    unread = Counter(part["kind"] for part in provenance["unread"])
    return {
        **{f"answers with {repair}": 1 for repair in provenance["repaired"]},
        **{f"read: {reading}": count for reading, count in provenance["read_as"].items()},
        **{f"left out: {reason}": count for reason, count in provenance["dropped"].items()},
        **{f"not answered: {kind}": count for kind, count in unread.items()},
        **({"texts in several windows": 1} if len(provenance["windows"]) > 1 else {}),
    }
