"""Several samples, or several language models, as one annotator: what enough of them say becomes the layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from pydantic import JsonValue

from annotation.llm.agreed import AgreedAnnotations, agreed
from annotation.llm.annotator import LlmAnnotator
from annotation.llm.apply import score_notes
from annotation.llm.poll import Poll, Voter
from annotation.llm.unread_part import UnreadPart
from annotation.settings import LlmSettings
from curation.author import AuthorKind, author_name
from curation.deidentify.surrogate_record import REPLACED
from curation.models.asking_stage import INCOMPLETE, Conversation
from curation.models.contract import LanguageModel, Request, own_temperature
from curation.models.conversations import altered, beside
from curation.record import Layer, Record, check_layer, digest
from curation.scheme import Scheme
from curation.stage import SCORED_FROM, Item, Result

#: Raised when the same answers would become other layers.
VERSION = 1
#: What the numbers of two samples of a question differ by: more than the attempts at one, and than those of `--again`.
APART = 10_000

Missing = Sequence[tuple[str, UnreadPart]]


class VotingAnnotator:
    """Holds the conversations of a language model several times, or those of several models, and writes one layer of
    what they say together. A sample that could not be read has no vote; a model of which half of the samples or more
    could not be read makes the record incomplete.
    """

    kind = AuthorKind.LLM
    reads: Sequence[str] = ()

    def __init__(self, annotators: Sequence[LlmAnnotator], scheme: Scheme, settings: LlmSettings) -> None:
        self.annotators, self._scheme, self._settings = annotators, scheme, settings
        self.models = {name: model for annotator in annotators for name, model in annotator.models.items()}
        self.name = annotators[0].name
        #: The hosts that records' text is sent to, if they are not this machine.
        self.remote = ", ".join(dict.fromkeys(filter(None, (each.remote for each in annotators)))) or None
        self._drawn = [drawn(model, settings) for model in self.models.values()]

    @property
    def author(self) -> str:
        """The author of the layers: all models, and the prompt's version."""
        return author_name(self.kind, ",".join(self.models), revision=self.annotators[0].prompt.name)

    @property
    def remarks(self) -> Iterator[str]:
        """Lines for people: what is asked how often and at which temperature, and what is kept."""
        samples = self._settings.samples
        if samples > 1:
            yield f"{samples} samples of each question: {'; '.join(words for _, words in self._drawn)}"
        if len(self.models) > 1:
            rule = {
                "vote": f"{self._enough} of the models say",
                "union": "any of the models says",
                "intersection": "all models say",
            }
            yield f"of {', '.join(self.models)} is kept what {rule[self._settings.merge]}"

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all models with prompt, scheme and settings, the number of samples, and the rules of the vote."""
        settings = self._settings.model_dump(mode="json", include={"samples", "agreement", "merge"})
        parts = [annotator.fingerprint for annotator in self.annotators]
        return digest([VERSION, parts, [sampling for sampling, _ in self._drawn], settings])

    def load(self, languages: Sequence[str]) -> None:
        """Raises ConfigError where a prompt cannot be filled."""
        for annotator in self.annotators:
            annotator.load(languages)

    def prepare(self, items: Sequence[Item]) -> None:
        """Choose the examples of records that are asked about next."""
        for annotator in self.annotators:
            annotator.prepare(items)

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions of all samples and models about one record; at the end the layer, or the error."""
        samples = [
            (name, number, sampling, annotator)
            for name, annotator, (sampling, _) in zip(self.models, self.annotators, self._drawn, strict=True)
            for number in range(self._settings.samples)
        ]
        results = yield from beside(
            [
                altered(annotator.conversation(item, attempt=attempt), _Sample(number, sampling))
                for _, number, sampling, annotator in samples
            ]
        )
        voters = [
            Voter(name, number, item.record, next(iter(result.layers), None), result.kind or "")
            for (name, number, _, _), result in zip(samples, results, strict=True)
        ]
        return self._result(item.record, voters, results)

    def _result(self, record: Record, voters: Sequence[Voter], results: Sequence[Result]) -> Result:
        failed = [result for result in results if result.error is not None]
        if len(failed) == len(results) and not any(result.layers for result in results):
            return replace(failed[0], may_pass=all(result.may_pass for result in failed), notes=_notes(results, voters))
        poll = Poll(voters, self._settings.merge, self._settings.agreement)
        found, missing = agreed(record, poll, [label.name for label in self._scheme.labels]), list(poll.missing())
        layer = self._layer(record, poll, found, missing)
        notes = _notes(results, voters) | {f"left out: {why}": count for why, count in found.left_out.items()}
        notes |= score_notes(layer, always=False, how=self._score_source)
        if not missing:
            return Result(record.id, layers=(layer,), notes=notes)
        names = dict.fromkeys(name for name, _ in missing)
        kinds = dict.fromkeys(part.kind for _, part in missing)
        # Where a model has no voice at all, an empty layer would say that there is nothing.
        is_silent = any(part.window == (0, len(record.text)) and not part.names for _, part in missing)
        is_empty = is_silent and not (layer.entities or layer.labels)
        error = (
            f"{INCOMPLETE}: expected answers of all models to all questions, got too few of {', '.join(names)} "
            f"({', '.join(kinds)}); {'nothing is decided without them' if is_empty else 'what is decided is kept'}"
        )
        lost = [result for voter, result in zip(voters, results, strict=True) if voter.model in names and result.error]
        return Result(
            record.id,
            layers=() if is_empty else (layer,),
            notes=notes,
            error=error,
            may_pass=all(result.may_pass for result in lost),
            kind=INCOMPLETE,
        )

    @property
    def _enough(self) -> str:
        share = self._settings.agreement
        return "more than half" if share is None else f"{share:g} or more"

    @property
    def _score_source(self) -> str:
        """What a score is a share of."""
        samples, models = self._settings.samples, len(self.models)
        parts = [f"{samples} samples"] if samples > 1 else []
        parts += [f"{models} models"] if models > 1 else []
        return f"agreement of {' of '.join(parts)}"

    def _layer(self, record: Record, poll: Poll, found: AgreedAnnotations, missing: Missing) -> Layer:
        layer = Layer(
            record_id=record.id,
            name=self.annotators[0].layer,
            author=self.author,
            entities=tuple(found.entities),
            relations=tuple(found.relations),
            labels=found.labels,
            provenance=self._provenance(poll, found, missing),
        )
        return check_layer(record, layer, categories=self._scheme.by_name)

    def _provenance(self, poll: Poll, found: AgreedAnnotations, missing: Missing) -> dict[str, JsonValue]:
        settings = self._settings
        layers = [voter.layer for voter in poll.voters if voter.layer is not None]
        same = {name: layers[0].provenance.get(name) for name in ("prompt", "prompt_digest", "scheme", "examples")}
        return {
            **same,
            "models": {
                voters[0].model: _of_model(voters, sampling)
                for voters, (sampling, _) in zip(poll.models, self._drawn, strict=True)
            },
            "samples": settings.samples,
            "merge": settings.merge if len(self.models) > 1 else None,
            "kept": self._enough,
            "dropped": dict(found.left_out),
            "unread": [part.as_json(model=name) for name, part in missing],
            "unread_samples": [
                part.as_json(model=voter.model, sample=voter.sample) for voter in poll.voters for part in voter.unread
            ],
            "votes": {id: dict(votes) for id, votes in found.votes.items()},
            "scores": {id: dict(scores) for id, scores in found.scores.items()},
        }


class _Sample:
    """Makes a request one for another sample of the same question."""

    def __init__(self, number: int, sampling: Mapping[str, JsonValue]) -> None:
        self._number, self._sampling = number, sampling

    def __call__(self, request: Request) -> Request:
        sampling = {**self._sampling, **request.sampling}
        return replace(request, sample=request.sample + APART * self._number, sampling=sampling)


def drawn(model: LanguageModel, settings: LlmSettings) -> tuple[dict[str, JsonValue], str]:
    """What several samples of a model are asked with besides its own parameters, and that in words.

    At temperature 0 all samples would be the same. The usual 0.7 is that of X. Wang et al.: Self-consistency improves
    chain of thought reasoning in language models, ICLR 2023. A server whose parameters name no temperature is sent
    none, since some take no other than their own.
    """
    own = own_temperature(model.identity)
    if own is None:
        return {}, f"{model.name} at a temperature of its own"
    if settings.samples == 1 or (isinstance(own, int | float) and own > 0):
        return {}, f"{model.name} at temperature {own}, as its parameters say"
    words = f"{model.name} at temperature {settings.temperature:g} (annotation.llm.temperature)"
    return {"temperature": settings.temperature}, f"{words}, since its own is {own}, at which all samples are the same"


def _of_model(voters: Sequence[Voter], sampling: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What a layer notes of one of its models, from the layers of its samples."""
    read: list[Mapping[str, Any]] = [voter.layer.provenance for voter in voters if voter.layer is not None]
    names = ("identity", "model_as_answered", "sent_to", "answer_form", "windows")
    same = {name: provenance[name] for provenance in read[:1] for name in names if name in provenance}
    counts = [provenance["tokens"] for provenance in read if "tokens" in provenance]
    tokens = {
        way: None if any(count[way] is None for count in counts) else sum(count[way] for count in counts)
        for way in ("in", "out")
    }
    return {
        **same,
        **_surrogates(read),
        "sampling": dict(sampling),
        "samples_read": len(read),
        "answers": sum(provenance.get("answers", 0) for provenance in read),
        "tokens": dict(tokens),
    }


def _surrogates(read: Sequence[Mapping[str, Any]]) -> dict[str, JsonValue]:
    """The identifiers that a model was shown surrogates for, and what became of its answers in all samples; nothing for
    a model that saw the text itself.
    """
    shown: list[Mapping[str, Any]] = [provenance["surrogates"] for provenance in read if "surrogates" in provenance]
    done = Counter[str]()
    for counts in shown:
        done.update({what: count for what, count in counts.items() if what != REPLACED})
    return {"surrogates": {REPLACED: dict(shown[0][REPLACED]), **done}} if shown else {}


def _notes(results: Sequence[Result], voters: Sequence[Voter]) -> dict[str, int]:
    """What was mended, read otherwise or left out in all samples, and how many of them could not be read, in counts."""
    notes = Counter[str]()
    for result, voter in zip(results, voters, strict=True):
        notes.update({note: count for note, count in result.notes.items() if not note.startswith(SCORED_FROM)})
        notes.update([f"sample not read: {voter.kind}"] if voter.layer is None else [])
    return dict(notes)
