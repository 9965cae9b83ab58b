"""What a stage that asks would send and cost, by its real questions; nothing is sent and nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from curation.models.asking_stage import AskingStage
from curation.models.client import UnaskedError
from curation.models.contract import Answer, LanguageModel, Message, Request, answer_key
from curation.models.conversing import Retried, result_of
from curation.models.ledger import StoreLedger
from curation.models.probe import PURPOSE
from curation.models.tokens import count_tokens
from curation.stage import Item
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.spending import ANSWERED_SHARE, price_of


@dataclass(slots=True)
class DryRun:
    """What a run would ask, as far as the answers so far tell: what is asked further depends on what the next ones say.

    questions: each once. answered: those whose answers the ledger has, which cost nothing. tokens_in, tokens_out, cost:
    of the others; cost None where a price is not known. seconds: by the pace of the last run, None without one. lying:
    records whose questions lie in batches, which are none of these. price_factor: of batches, in the cost. prompt: the
    messages of the first question.
    """

    stage: str
    records: int = 0
    questions: int = 0
    answered: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = 0.0
    seconds: float | None = None
    is_exact: bool = True
    lying: int = 0
    price_factor: float | None = None
    answers_by: str = ""
    prompt: tuple[Message, ...] = ()
    record_id: str | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "stage": self.stage,
            "records": self.records,
            "questions": self.questions,
            "answered": self.answered,
            "tokens_in": self.tokens_in,
            "tokens_in_are": "counted" if self.is_exact else "estimated",
            "tokens_out": self.tokens_out,
            "tokens_out_by": self.answers_by,
            "cost": self.cost if self.cost is None else round(self.cost, 6),
            "seconds": self.seconds if self.seconds is None else round(self.seconds, 1),
            "in_batches": self.lying,
            "price_factor": self.price_factor,
            "record": self.record_id,
            "prompt": [{"role": message.role, "content": message.content} for message in self.prompt],
        }


def dry_run(
    store: Store,
    stage: AskingStage,
    annotator: str,
    *,
    command: str = "annotate",
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    factors: Mapping[str, float] | None = None,
    progress: ProgressBar = no_progress,
) -> DryRun:
    """The next questions about all records that lack a result of the stage, counted and priced.

    annotator: its name on the command line, under which earlier runs of the command are noted. factors: what tokens
    cost in batches, as a share of each model's price.
    """
    found = DryRun(stage.name, price_factor=max(factors.values()) if factors else None)
    found.lying = store.count_lying(stage.name, stage.models)
    per_answer = {name: mean_answer(store, name, stage.name) for name in stage.models}
    rehearsal = _Rehearsal(stage, StoreLedger(store, lambda attempt: None))

    def is_retried(kind: str | None) -> bool:
        return retry_failed or kind in kinds

    with progress(f"{stage.name}, dry run", store.count_pending(stage, retry_failed=retry_failed, kinds=kinds)) as step:
        for page in store.pending(stage, retry_failed=retry_failed, kinds=kinds):
            asyncio.run(rehearsal.go_through([item.read() for item in page.items], is_retried))
            found.records += len(page.items)
            step(len(page.items))
    for request in rehearsal.unanswered.values():
        factor = (factors or {}).get(request.model, 1.0)
        _add(found, request, stage.models[request.model], per_answer[request.model], factor)
    found.answered = len(rehearsal.answered)
    found.questions = found.answered + len(rehearsal.unanswered)
    for request in (*rehearsal.unanswered.values(), *rehearsal.answered.values()):
        found.prompt = request.messages
        found.record_id = request.about[0].id if request.about else None
        break
    found.answers_by = (
        "the mean of the answers so far" if any(per_answer.values()) else "a guess: half of the question, without any"
    )
    pace = _last_pace(store, command, annotator)
    found.seconds = (found.questions - found.answered) / pace if pace and not factors else None
    return found


class _WouldAskError(Exception):
    """The ledger has no answer: here a request would be sent."""


@dataclass(slots=True)
class _Rehearsal:
    """Conversations by what the ledger has, each as far as to the first request that would be sent.

    answered, unanswered: each question once, by its key: the same question about two records is sent once.
    """

    stage: AskingStage
    ledger: StoreLedger
    answered: dict[str, Request] = field(default_factory=dict)
    unanswered: dict[str, Request] = field(default_factory=dict)

    async def go_through(self, items: Sequence[Item], is_retried: Retried) -> None:
        await asyncio.gather(*(self._one(item, is_retried) for item in items))

    async def ask(self, request: Request, *, pay: bool = True) -> tuple[Answer, bool]:
        """As of a client."""
        key = answer_key(self.stage.models[request.model].identity, request)
        found = (await self.ledger.find(key)).answer
        if found is not None:
            self.answered[key] = request
            return found, False
        if not pay:
            raise UnaskedError
        self.unanswered[key] = request
        raise _WouldAskError

    async def _one(self, item: Item, is_retried: Retried) -> None:
        with suppress(_WouldAskError):
            await result_of(self.stage, item, self, retried=is_retried)


def _add(found: DryRun, request: Request, model: LanguageModel, per_answer: float | None, factor: float) -> None:
    tokenizer = getattr(getattr(model, "settings", None), "tokenizer", None)
    sent = sum(_tokens(message, tokenizer) for message in request.messages)
    answered = round(sent * ANSWERED_SHARE if per_answer is None else per_answer)
    found.tokens_in += sent
    found.tokens_out += answered
    found.is_exact &= tokenizer is not None
    price = price_of(model, sent, answered)
    found.cost = None if price is None or found.cost is None else found.cost + price * factor


@lru_cache(maxsize=4096)
def _tokens(message: Message, tokenizer: Path | None) -> int:
    # An instruction is the same in many questions.
    return count_tokens([message], tokenizer).tokens


def mean_answer(store: Store, model: str, purpose: str) -> float | None:
    """Tokens of an answer of the model: for this purpose, else for any; None without one."""
    rows = [row for row in store.spending() if row.model == model and row.answers and row.tokens_out]
    rows = [row for row in rows if row.purpose != PURPOSE]
    rows = [row for row in rows if row.purpose == purpose] or rows
    return sum(row.tokens_out for row in rows) / sum(row.answers for row in rows) if rows else None


def _last_pace(store: Store, command: str, annotator: str) -> float | None:
    """Answers a second in the last run of an annotator that had some."""
    for run in reversed(store.runs()):
        inputs, outcome = run.manifest.get("inputs"), run.manifest.get("outcome")
        if run.command != command or not isinstance(inputs, dict) or inputs.get("annotator") != annotator:
            continue
        spending = outcome.get("spending") if isinstance(outcome, dict) else None
        if isinstance(outcome, dict) and isinstance(spending, dict):
            answers, seconds = spending.get("answers"), outcome.get("seconds")
            if isinstance(answers, int) and isinstance(seconds, int | float) and answers and seconds:
                return answers / seconds
    return None
