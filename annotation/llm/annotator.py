"""A language model as an annotator."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

from pydantic import JsonValue

from annotation.llm.align import AlignedQuote, align_quotes
from annotation.llm.apply import apply
from annotation.llm.ask import ask
from annotation.llm.parse import Answer, parse
from annotation.settings import LlmSettings
from curation.author import AuthorKind, author_name, layer_name
from curation.egress.gate import Gate
from curation.errors import EgressBlockedError, LanguageModelError, may_pass
from curation.models.endpoint import LanguageModel, Reply
from curation.models.prompt import Prompt
from curation.record import Layer, Record, digest
from curation.scheme import Scheme
from curation.stage import Item, Result

#: Raised when the same answers would become other layers.
VERSION = 2

#: The prompt for schemes that have document labels only, where the settings name none.
CLASSIFY = "classify.v1"

#: Settings that change how a request travels, not what comes back.
OPERATIONAL = {"url", "concurrency", "timeout", "attempts", "backoff", "longest_wait", "prompt"}

#: Seconds for which a server that denies everything is not asked again: a live back end outlives a wrong key.
DENIAL = 60.0


class LlmAnnotator:
    """Writes what a language model extracts as a layer; what it gives no whole answer for is that record's error.

    Raises UsageError at once when no server is configured, EgressBlockedError when it is on another machine and the
    gate lets nothing go there.
    """

    kind = AuthorKind.LLM
    reads: Sequence[str] = ()

    def __init__(
        self, scheme: Scheme, settings: LlmSettings, gate: Gate | None, *, layer: str = layer_name(kind)
    ) -> None:
        self._scheme = scheme
        self._settings = settings
        self._layer = layer
        # One stage per layer: results for one layer do not stand for another's.
        self.name = f"annotate:{layer}"
        is_own = settings.prompt != LlmSettings().prompt
        self._prompt = Prompt(settings.prompt if scheme.categories or is_own else CLASSIFY, scheme)
        self._model = LanguageModel(settings, gate)
        self._denied: tuple[LanguageModelError, float] | None = None
        #: The host that records' text is sent to, if it is not this machine.
        self.remote = self._model.remote

    @property
    def author(self) -> str:
        """The author of the layers: the model and the prompt's version."""
        return author_name(self.kind, self._model.model, revision=self._prompt.name)

    def load(self, languages: Sequence[str]) -> None:
        """Fill the prompt for a made-up record of each language. Raises ConfigError where that fails."""
        for language in languages:
            self._prompt.check(language)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of model, prompt, scheme and settings; the server's address may change."""
        settings = self._settings.model_dump(mode="json", exclude=OPERATIONAL)
        return digest([VERSION, self.author, self._prompt.digest, self._scheme.digest, settings, self._layer])

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One layer or one error for each record, asked for at most `concurrency` at once."""
        with ThreadPoolExecutor(self._settings.concurrency, thread_name_prefix=self.name) as pool:
            return list(pool.map(self._result, [item.record for item in items]))

    def _result(self, record: Record) -> Result:
        try:
            self._check_denial()
            layer = self._annotated(record)
            return Result(record.id, layers=(layer,), notes=_notes(layer.provenance))
        except EgressBlockedError as error:
            return Result(record.id, error=str(error))
        except LanguageModelError as error:
            if error.kind == "denied":
                # Every further request would be denied too, and could get the account locked.
                self._denied = (error, time.monotonic())
            return Result(record.id, error=str(error), may_pass=may_pass(error))

    def _check_denial(self) -> None:
        if self._denied is not None and time.monotonic() - self._denied[1] < DENIAL:
            raise self._denied[0]

    def _annotated(self, record: Record) -> Layer:
        if not record.text.strip():
            return Layer(record_id=record.id, name=self._layer, author=self.author, provenance={"asked": False})
        reply = ask(self._model, self._prompt, record, self._scheme)
        answer = parse(reply.text, self._scheme)
        placed, repeated = align_quotes(answer.quotes, record.text, minimum=self._settings.fuzzy)
        answer.dropped.update({"repeated": repeated} if repeated else {})
        return apply(
            placed,
            record,
            self._scheme,
            name=self._layer,
            author=self.author,
            labels=answer.labels,
            provenance=self._provenance(reply, answer, placed),
        )

    def _provenance(self, reply: Reply, answer: Answer, placed: Sequence[AlignedQuote]) -> dict[str, JsonValue]:
        return {
            "model": self._model.model,
            "model_as_answered": reply.model,
            "prompt": self._prompt.name,
            "prompt_digest": self._prompt.digest,
            "scheme": self._scheme.digest,
            "sent_to": self.remote or "this machine",
            "answer_form": reply.form,
            "repaired": list(answer.repaired),
            "dropped": dict(answer.dropped),
            "read_as": dict(answer.read_as),
            "alignments": dict(Counter(found.at.alignment.value for found in placed)),
            "tokens": {"in": reply.tokens_in, "out": reply.tokens_out},
        }


def _notes(provenance: Mapping[str, Any]) -> dict[str, int]:
    """What was mended, read otherwise or left out in one answer, in counts."""
    return {
        **{f"answers with {repair}": 1 for repair in provenance.get("repaired", ())},
        **{f"read: {reading}": count for reading, count in provenance.get("read_as", {}).items()},
        **{f"left out: {reason}": count for reason, count in provenance.get("dropped", {}).items()},
    }
