"""Questions that the ledger has no answers to, gathered into batches; what can be finished by it is finished."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from time import monotonic
from typing import IO

from curation.egress.outgoing import Outgoing
from curation.errors import EgressBlockedError, LanguageModelError, may_pass
from curation.models.asking_stage import AskingStage
from curation.models.client import UnaskedError
from curation.models.contract import Answer, Request, answer_key
from curation.models.conversing import result_of
from curation.models.endpoint.batch_service import BatchService
from curation.models.endpoint.model import outgoing
from curation.models.ledger import StoreLedger
from curation.models.probe import finding, ledger_key
from curation.models.tokens import count_tokens
from curation.stage import Item, Result
from curation.store import Store
from curation.store.batches import BatchQuestion
from curation.store.jobs import LayerRows
from pipeline.asking import DEATHS, has_worker_ended
from pipeline.batch_keeping import LEASE, BatchKeeper
from pipeline.dry_run import mean_answer
from pipeline.progress import Advance, silent
from pipeline.runner import describe
from pipeline.spending import ANSWERED_SHARE, Caps, price_of

#: Records that are looked at together.
PAGE = 256


class DeferredError(Exception):
    """The ledger has no answer yet: the question is for a batch."""


@dataclass(slots=True)
class Deferring:
    """Answers about one record from the ledger; what it lacks is kept as open, and why nothing came is told."""

    models: Mapping[str, BatchService]
    ledger: StoreLedger
    failures: Mapping[str, str]
    collected: Collection[str]
    opened: dict[str, Request] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    async def ask(self, request: Request, *, pay: bool = True) -> tuple[Answer, bool]:
        """The answer of the ledger, and whether it came in this run: whoever retries has then had what is paid for.

        Raises LanguageModelError where a batch brought an error in its place, UnaskedError where there is none and none
        is to be paid for, and DeferredError where one is.
        """
        key = answer_key(self.models[request.model].model.identity, request)
        found = await self.ledger.find(key)
        if found.answer is not None:
            return found.answer, key in self.collected
        if (kind := self.failures.get(key)) is not None:
            self.told.add(key)
            raise LanguageModelError(kind, "expected an answer in a batch, got an error for this question")
        if not pay:
            raise UnaskedError
        self.opened[key] = request
        raise DeferredError


@dataclass(slots=True)
class BatchBudget:
    """What was sent in one run, estimated, and where that ends."""

    caps: Caps
    per_answer: Mapping[str, float | None]
    questions: int = 0
    tokens: int = 0
    cost: float = 0.0
    #: Why no more is sent.
    reached: str | None = None
    _began: float = field(default_factory=monotonic)

    def end_of_time(self) -> bool:
        """Whether the time is over, which ends the run."""
        self.reached = self.reached or self._over_time()
        return self._over_time() is not None

    def _over_time(self) -> str | None:
        seconds = self.caps.seconds
        if seconds is None or monotonic() - self._began < seconds:
            return None
        return f"{seconds:,.0f} seconds are over (--max-time)"

    def admit(self, requests: Sequence[tuple[BatchService, Request]]) -> list[float] | None:
        """What each of the requests will cost, where all of them stay within the caps; None where not."""
        tokens, costs = 0, list[float]()
        for service, request in requests:
            sent = count_tokens(request.messages, service.model.settings.tokenizer).tokens
            mean = self.per_answer.get(request.model)
            answered = round(sent * ANSWERED_SHARE if mean is None else mean)
            tokens += sent + answered
            costs.append((price_of(service.model, sent, answered) or 0.0) * service.settings.price_factor)
        self.reached = self.reached or self._reached(tokens, sum(costs))
        if self.reached is not None:
            return None
        self.questions += len(requests)
        self.tokens += tokens
        self.cost += sum(costs)
        return costs

    def _reached(self, tokens: int, cost: float) -> str | None:
        caps = self.caps
        if (over := self._over_time()) is not None:
            return over
        if caps.tokens is not None and self.tokens + tokens > caps.tokens:
            return f"about {self.tokens:,} tokens are in batches, more would go over {caps.tokens:,} (--max-tokens)"
        if caps.cost is not None and self.cost + cost > caps.cost:
            return f"about {self.cost:,.4f} will be spent, more would go over {caps.cost:,.4f} (--max-cost)"
        return None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A line that is not noted in the store yet."""

    question: BatchQuestion
    line: bytes
    cost: float
    has_schema: bool


@dataclass(slots=True)
class _Spool:
    """A batch that is being filled: its lines in a file without a name, which a kill leaves nothing of."""

    mark: str
    service: BatchService
    file: IO[bytes]
    keys: list[str] = field(default_factory=list)
    bytes: int = 0
    cost: float = 0.0
    form: str = "off"
    waiting: list[_Waiting] = field(default_factory=list)

    def has_room(self, size: int) -> bool:
        """Whether a line of so many bytes may still be added."""
        limits = self.service.settings
        taken = self.bytes + sum(len(waiting.line) for waiting in self.waiting)
        return len(self.keys) + len(self.waiting) < limits.requests and taken + size <= limits.bytes


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of the conversation about a record: a result, or the questions that are open, as lines with costs."""

    item: Item
    result: Result | None = None
    opened: Mapping[str, Request] = field(default_factory=dict)
    told: Collection[str] = ()
    lines: dict[str, bytes] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)


class Gathering:
    """One look at all records that lack a result of a stage and have no questions in a batch."""

    def __init__(
        self,
        store: Store,
        stage: AskingStage,
        services: Mapping[str, BatchService],
        keeper: BatchKeeper,
        folder: Path,
        *,
        caps: Caps,
        retry_failed: bool = False,
        kinds: Collection[str] = (),
        advance: Advance = silent,
    ) -> None:
        self._store, self._stage, self._services, self._keeper = store, stage, services, keeper
        self._folder = folder
        self._retry_failed, self._kinds = retry_failed, frozenset(kinds)
        self._advance = advance
        self._ledger = StoreLedger(store, lambda attempt: None)
        self._last_forms: dict[str, tuple[str, bool] | None] = {}
        self._spools: dict[str, _Spool] = {}
        self._token = ""
        self._had: set[str] = set()
        means = {name: mean_answer(store, name, stage.name) for name in services}
        self.budget = BatchBudget(caps, means)
        self.notes: dict[str, int] = {}
        self.kinds = Counter[str]()
        #: What was found out of models' servers before, by the models' names.
        self.schemas: dict[str, str] = {}
        self.done = self.failed = self.passing = self.sent = self.questions = self.rounds = 0

    def renew(self) -> None:
        """Show that this worker lives."""
        if self._token:
            self._store.renew(self._token, LEASE)

    async def run(self) -> None:
        """Finish what can be finished, and send all open questions. Raises LanguageModelError where that fails.

        However it ends, what is not sent is open for others.
        """
        self.rounds += 1
        await self._learn()
        self._last_forms = {
            name: self._store.last_form(name, service.address.url) for name, service in self._services.items()
        }
        failures = self._store.batch_failures(self._services)
        tries = {name: service.model.settings.attempts for name, service in self._services.items()}
        vain = {
            key: "unreachable" for key, count in self._keeper.collected.vain.items() if count >= max(tries.values())
        }
        self._store.end_leases(has_worker_ended)
        try:
            while claimed := self._claim():
                await self._page(*claimed, failures={**vain, **failures})
            for name in list(self._spools):
                await self._send(name)
        finally:
            for spool in self._spools.values():
                spool.file.close()
                self._store.drop_batch(spool.mark)
            self._spools.clear()
            if self._token:
                self._store.release(self._token, self._had)
                self._had.clear()

    async def _learn(self) -> None:
        """Ask in the form that servers are known to keep to, where a canary has shown it; none is asked here."""
        for name, service in self._services.items():
            key = service.model.probe_key
            answer = (await self._ledger.find(ledger_key(key))).answer if key is not None else None
            if answer is not None:
                found = finding(answer)
                service.model.learn(found)
                self.schemas[name] = str(found)

    def _claim(self) -> tuple[Sequence[Item], LayerRows] | None:
        claimed = self._store.claim(
            self._stage,
            PAGE,
            worker=self._keeper.worker,
            lease=LEASE,
            retry_failed=self._retry_failed,
            kinds=self._kinds,
            tries=DEATHS,
        )
        self._token = claimed.token
        self.failed += claimed.given_up
        self._had |= {item.record.id for item in claimed.items}
        return (claimed.items, claimed.seen) if claimed.items else None

    async def _page(self, items: Sequence[Item], seen: LayerRows, *, failures: Mapping[str, str]) -> None:
        prepare: Callable[[Sequence[Item]], None] = getattr(self._stage, "prepare", lambda items: None)
        prepare(items)
        outcomes = await asyncio.gather(*(self._outcome(item, failures) for item in items))
        self._commit([outcome.result for outcome in outcomes if outcome.result is not None], seen)
        self._store.forget_failures({key for outcome in outcomes if outcome.result for key in outcome.told})
        admitted = [outcome for outcome in outcomes if outcome.opened and self._admit(outcome, seen)]
        refused = await asyncio.to_thread(self._refused, admitted)
        self._commit(list(refused.values()), seen)
        for outcome in admitted:
            if outcome.item.record.id not in refused:
                await self._add(outcome)
        for spool in self._spools.values():
            self._note(spool)

    async def _outcome(self, item: Item, failures: Mapping[str, str]) -> _Outcome:
        client = Deferring(self._services, self._ledger, failures, self._keeper.collected.answered)
        result: Result | None
        try:
            result = await result_of(self._stage, item, client, retried=self._is_retried)
        except DeferredError:
            return _Outcome(item, opened=client.opened)
        except Exception as error:
            result = Result(item.record.id, error=describe(error), may_pass=may_pass(error))
        return _Outcome(item, result, told=client.told)

    def _is_retried(self, kind: str | None) -> bool:
        return self._retry_failed or kind in self._kinds

    def _refused(self, outcomes: Sequence[_Outcome]) -> dict[str, Result]:
        """The records whose questions may not leave this machine; all others are written down as sent."""
        refused: dict[str, Result] = {}
        for name, service in self._services.items():
            if service.passage is None:
                continue
            asked = [(outcome.item.record.id, _leaving(outcome, name)) for outcome in outcomes]
            leaving = {id: found for id, found in asked if found is not None}
            for id, count in zip(leaving, service.passage.screen(list(leaving.values())), strict=True):
                if count:
                    error = EgressBlockedError(service.passage.reason(count))
                    refused[id] = Result(id, error=describe(error), may_pass=may_pass(error))
        return refused

    def _admit(self, outcome: _Outcome, seen: LayerRows) -> bool:
        """Whether all questions about a record may go into batches: each fits, and they stay within the caps."""
        if self._keeper.collected.stopped:
            return False
        priced = []
        for key, request in outcome.opened.items():
            service = self._services[request.model]
            line, limit = service.line(key, request, self._form(request)), service.settings.bytes
            if len(line) > limit:
                error = f"rejected: expected a question of at most {limit:,} bytes in a batch, it has {len(line):,}"
                self._commit([Result(outcome.item.record.id, error=error, kind="rejected")], seen)
                return False
            outcome.lines[key] = line
            priced.append((service, request))
        costs = self.budget.admit(priced)
        outcome.costs.update(zip(outcome.opened, costs or (), strict=costs is not None))
        return costs is not None

    async def _add(self, outcome: _Outcome) -> None:
        """Put the questions about a record into batches; a batch that is full is sent."""
        for key, request in outcome.opened.items():
            name, line = request.model, outcome.lines[key]
            if name in self._spools and not self._spools[name].has_room(len(line)):
                await self._send(name)
            if name not in self._spools:
                self._begin(name)
            question = BatchQuestion(
                key=key,
                sample=request.sample,
                form=self._form(request),
                about=tuple(dict.fromkeys(record.id for record in request.about)),
                asked=outcome.item.record.id,
            )
            waiting = _Waiting(question, line, outcome.costs[key], request.schema is not None)
            self._spools[name].waiting.append(waiting)

    def _begin(self, name: str) -> None:
        mark, service, worker = token_hex(12), self._services[name], self._keeper.worker
        self._store.begin_batch(mark, name, self._stage.name, service.address.url, worker=worker, lease=LEASE)
        self._spools[name] = _Spool(mark, service, TemporaryFile(dir=self._folder))  # noqa: SIM115 it is sent later

    def _note(self, spool: _Spool) -> None:
        """Note the questions that wait, and write the lines of those that lie nowhere yet."""
        waiting, spool.waiting = spool.waiting, []
        lines = {found.question.key: found for found in waiting}
        for key in self._store.add_to_batch(spool.mark, self._stage.name, [found.question for found in waiting]):
            spool.file.write(lines[key].line)
            spool.keys.append(key)
            spool.bytes += len(lines[key].line)
            spool.cost += lines[key].cost
            spool.form = lines[key].question.form if lines[key].has_schema else spool.form

    def _form(self, request: Request) -> str:
        """In which form an answer is asked for: what the last batch, or an earlier request, has shown to be refused is
        not tried again.
        """
        service, last = self._services[request.model], self._last_forms[request.model]
        forms = service.model.forms_of(request)
        first = forms.index(last[0]) + last[1] if last and last[0] in forms else 0
        return forms[min(max(first, service.address.form), len(forms) - 1)]

    async def _send(self, name: str) -> None:
        """Send what was gathered for a model; lines about records that are deleted meanwhile are taken out."""
        self._note(self._spools[name])
        spool = self._spools.pop(name)
        there = self._store.keys_in_batch(spool.mark)
        if len(there) < len(spool.keys):
            _without(spool, there)
        if not spool.keys or self._keeper.collected.stopped:
            spool.file.close()
            self._store.drop_batch(spool.mark)
            return
        spool.file.flush()
        self._store.change_batch(
            spool.mark,
            requests=len(spool.keys),
            bytes=spool.bytes,
            expected_cost=spool.cost or None,
            form=spool.form,
        )
        await self._keeper.send(spool.mark, spool.file, spool.service)
        self.sent += 1
        self.questions += len(spool.keys)

    def _commit(self, results: Sequence[Result], seen: LayerRows) -> None:
        """Store results. What cannot be stored of a record is its failure, and takes no other along."""
        if not results:
            return
        try:
            failed = self._store.commit(self._stage, results, seen=seen, claim=self._token).failed
        except Exception as error:
            if may_pass(error):
                raise
            if len(results) > 1:
                for result in results:
                    self._commit([result], seen)
                return
            results = [Result(results[0].record_id, error=describe(error))]
            failed = self._store.commit(self._stage, results, seen=seen, claim=self._token).failed
        self.done += len(results) - failed
        self.failed += failed
        self._had -= {result.record_id for result in results}
        for result in results:
            self.passing += result.may_pass
            self.kinds.update([result.kind or "other"] if result.error is not None else [])
            for note, count in result.notes.items():
                self.notes[note] = self.notes.get(note, 0) + count
        self._advance(len(results), failed)


def _leaving(outcome: _Outcome, model: str) -> Outgoing | None:
    """All that leaves this machine about a record on the way to a model."""
    pieces = [outgoing(request) for request in outcome.opened.values() if request.model == model]
    if not pieces:
        return None
    # Each question is about its own window, by which surrogates are known.
    about = {(record.id, record.text): record for piece in pieces for record in piece.records}
    return Outgoing(tuple(text for piece in pieces for text in piece.texts), tuple(about.values()))


def _without(spool: _Spool, there: Collection[str]) -> None:
    """Take the lines out of a spool whose questions are not in the batch any more."""
    spool.file.seek(0)
    kept = [(key, line) for key, line in zip(spool.keys, spool.file, strict=True) if key in there]
    spool.file.seek(0)
    spool.file.truncate()
    spool.file.writelines(line for _, line in kept)
    spool.keys, spool.bytes = [key for key, _ in kept], sum(len(line) for _, line in kept)
