"""What a stage that asks would send and cost, by its real questions; nothing is sent and nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from curation.models.asking_stage import AskingStage
from curation.models.contract import LanguageModel, Message, Request, answer_key
from curation.models.tokens import count_tokens
from curation.stage import Item
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.spending import ANSWERED_SHARE, price_of


@dataclass(slots=True)
class DryRun:
    """What a run would ask: first questions only, since a repair is asked for by what the answers say.

    answered: questions whose answers the ledger has, which cost nothing. tokens_in, tokens_out, cost: of the others;
    cost None where a price is not known. seconds: by the pace of the last run, None without one. prompt: the messages
    of the first question.
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
            "record": self.record_id,
            "prompt": [{"role": message.role, "content": message.content} for message in self.prompt],
        }


def dry_run(
    store: Store,
    stage: AskingStage,
    annotator: str,
    *,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    progress: ProgressBar = no_progress,
) -> DryRun:
    """The first questions about all records that lack a result of the stage, counted and priced.

    annotator: its name on the command line, under which earlier runs are noted.
    """
    found = DryRun(stage.name)
    per_answer = {name: _mean_answer(store, name, stage.name) for name in stage.models}
    with progress(f"{stage.name}, dry run", store.count_pending(stage, retry_failed=retry_failed, kinds=kinds)) as step:
        for page in store.pending(stage, retry_failed=retry_failed, kinds=kinds):
            requests = [request for item in page.items for request in _first(stage, item.read())]
            keys = {id(request): answer_key(stage.models[request.model].identity, request) for request in requests}
            known = store.answers(keys.values())
            found.records += len(page.items)
            for request in requests:
                if not found.prompt:
                    found.prompt, found.record_id = request.messages, request.about[0].id
                found.questions += 1
                if keys[id(request)] in known:
                    found.answered += 1
                else:
                    _add(found, request, stage.models[request.model], per_answer[request.model])
            step(len(page.items))
    found.answers_by = (
        "the mean of the answers so far" if any(per_answer.values()) else "a guess: half of the question, without any"
    )
    pace = _last_pace(store, annotator)
    found.seconds = (found.questions - found.answered) / pace if pace else None
    return found


def _first(stage: AskingStage, item: Item) -> Sequence[Request]:
    """What is asked about a record before any answer."""
    conversation = stage.conversation(item)
    try:
        return next(conversation)
    except StopIteration:
        return ()
    finally:
        conversation.close()


def _add(found: DryRun, request: Request, model: LanguageModel, per_answer: float | None) -> None:
    tokenizer = getattr(getattr(model, "settings", None), "tokenizer", None)
    sent = sum(_tokens(message, tokenizer) for message in request.messages)
    answered = round(sent * ANSWERED_SHARE if per_answer is None else per_answer)
    found.tokens_in += sent
    found.tokens_out += answered
    found.is_exact &= tokenizer is not None
    price = price_of(model, sent, answered)
    found.cost = None if price is None or found.cost is None else found.cost + price


@lru_cache(maxsize=4096)
def _tokens(message: Message, tokenizer: Path | None) -> int:
    # An instruction is the same in many questions.
    return count_tokens([message], tokenizer).tokens


def _mean_answer(store: Store, model: str, purpose: str) -> float | None:
    """Tokens of an answer of the model: for this purpose, else for any; None without one."""
    rows = [row for row in store.spending() if row.model == model and row.answers and row.tokens_out]
    rows = [row for row in rows if row.purpose == purpose] or rows
    return sum(row.tokens_out for row in rows) / sum(row.answers for row in rows) if rows else None


def _last_pace(store: Store, annotator: str) -> float | None:
    """Answers a second in the last run of an annotator that had some."""
    for run in reversed(store.runs()):
        inputs, outcome = run.manifest.get("inputs"), run.manifest.get("outcome")
        if run.command != "annotate" or not isinstance(inputs, dict) or inputs.get("annotator") != annotator:
            continue
        spending = outcome.get("spending") if isinstance(outcome, dict) else None
        if isinstance(outcome, dict) and isinstance(spending, dict):
            answers, seconds = spending.get("answers"), outcome.get("seconds")
            if isinstance(answers, int) and isinstance(seconds, int | float) and answers and seconds:
                return answers / seconds
    return None
