"""A stage that asks language models, over every record that lacks its result: a number of records in flight.

Results are stored as they come, nothing waits for the slowest. Records are claimed, so that several processes share a
stage; what a killed one had comes free. At Ctrl-C nothing more is sent, what is in flight is awaited and kept.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from secrets import token_hex
from signal import raise_signal
from time import monotonic, perf_counter

from sqlalchemy.exc import SQLAlchemyError

from curation.errors import EnvironmentFailureError, may_pass
from curation.models.asking_stage import AskingStage
from curation.models.client import AskingClient, AskingStoppedError, LedgerEntry, paces_of
from curation.models.contract import Attempt
from curation.models.conversing import result_of
from curation.models.ledger import StoreLedger
from curation.outside_errors import GO_ON, line_of
from curation.stage import Item, Result, written
from curation.store import Store
from curation.store.answer_journal import AnswerJournal
from curation.store.claims import Claimed
from curation.store.jobs import DONE, FAILED, LayerRows
from curation.store.write_behind import WriteBehind
from pipeline.process_identity import has_ended, this_process
from pipeline.progress import Advance, Notify, ProgressBar, no_progress, not_notified, silent
from pipeline.runner import HOPELESS, StageReport, describe, load
from pipeline.signals import told_of_signals, waiting_line
from pipeline.spending import Caps, RunSpending
from pipeline.workspace import Workspace

#: Seconds for which a record is had without a sign of its worker, and how often a sign is given.
LEASE, SIGN = 30.0, 8.0
#: Seconds until it is looked again whether records of other workers came free.
LOOK = 0.5
#: For each request at once, so many records in work: the next question is ready when a turn comes.
AHEAD = 1.25
#: So many processes may end without a word with a record in work, until it is suspected: most are killed by people.
DEATHS = 8
#: The kind of an error that every further request would end in too.
DENIED = "denied"
#: New objects until Python searches for rings among them.
COLLECTED_AFTER = 5_000
#: Results that wait to be stored, at most, and the seconds until it is looked again whether they are fewer.
UNSTORED, PAUSE = 1024, 0.02


@dataclass(frozen=True, slots=True)
class _Finished:
    """A record's result, and the layers that it was made from."""

    result: Result
    seen: Mapping[str, int]


class AskingRun:
    """A stage that asks, over all records that lack its result: for one event loop.

    retry_failed: records too that failed before, and pay for new answers about them; kinds: only those that failed by
    one of these.
    """

    def __init__(
        self,
        store: Store,
        stage: AskingStage,
        *,
        spending: RunSpending,
        retry_failed: bool = False,
        kinds: Collection[str] = (),
        advance: Advance = silent,
        notify: Notify = not_notified,
        journal: AnswerJournal | None = None,
    ) -> None:
        self._journal = journal
        self._store, self._stage, self.spending = store, stage, spending
        self._retry_failed, self._kinds = retry_failed, frozenset(kinds)
        self._advance, self._notify = advance, notify
        self._writer = WriteBehind[Attempt | _Finished](self._write, failed=self._not_written)
        self._ledger = StoreLedger(store, self._keep)
        self._client = AskingClient(stage.models, paces_of(stage.models), self, admit=spending.admit, notify=notify)
        self.notes, self.kinds = Counter[str](), Counter[str]()
        self.done = self.failed = self.passing = 0
        #: Signals that asked for the end; records that others have at the end; why there is no hope.
        self.signals: list[int] = []
        self.elsewhere = 0
        self.hopeless: str | None = None
        self._token = ""
        self._worker = json.dumps([this_process(), token_hex(4)])
        self._at_once = sum(model.at_once for model in stage.models.values())
        self._waiting_since: float | None = None
        self._had: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_vain = 0
        self._told = (0, 0.0)

    async def run(self) -> None:
        """Do what is left; however it ends, all that came is stored then, and what is not done is free for others.

        Raises what kept the store from storing.
        """
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        with told_of_signals(self._end_by):
            aside = [asyncio.create_task(self._give_signs()), asyncio.create_task(self._watch_time())]
            try:
                await self._begin_records()
            except BaseException:
                self._stop()
                raise
            finally:
                await self._end_all(aside)

    @property
    def schemas(self) -> dict[str, str]:
        """What was found out of models' servers, by the models' names."""
        return {name: str(found) for name, found in self._client.schemas.items()}

    async def find(self, key: str) -> LedgerEntry:
        """As of a ledger."""
        return await self._ledger.find(key)

    def note(self, attempt: Attempt) -> None:
        """As of a ledger, and counted."""
        self.spending.note(attempt)
        self._ledger.note(attempt)

    def _keep(self, attempt: Attempt) -> None:
        """Have an attempt stored; from now on, no kill takes it away."""
        if self._journal is not None:
            self._journal.note(attempt)
        self._writer.put(attempt)

    async def _end_all(self, aside: Sequence[asyncio.Task[None]]) -> None:
        """Wait for what is in flight, store it, and give back what is not done."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        for task in aside:
            task.cancel()
        try:
            await asyncio.to_thread(self._writer.close)
        finally:
            await asyncio.to_thread(self._store.release, self._token, self._had)
            await self._client.close()

    def _end_by(self, number: int) -> None:
        """A signal: nothing more is sent; at the second, what is in flight is not waited for."""
        self.signals.append(number)
        self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self._stop()
        if len(self.signals) > 1:
            self._leave()
        elif count := self._client.in_flight:
            self._notify(waiting_line(self._stage.name, count))

    def _stop(self) -> None:
        self._client.stop()
        self._ending.set()

    async def _watch_time(self) -> None:
        """At the end of the time nothing more is sent, and what is in flight is not waited for."""
        if self.spending.left is None:
            return
        await asyncio.sleep(self.spending.left)
        self.spending.end_in_time()
        self._stop()
        self._leave()

    def _leave(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _begin_records(self) -> None:
        """Claim records and begin each as there is room, until there are none, or the end is near."""
        width = round(AHEAD * self._at_once) + 1
        room = asyncio.Semaphore(width)
        while not self._client.stopped:
            claimed = await asyncio.to_thread(self._claim, width)
            self._had |= {item.record.id for item in claimed.items}
            if claimed.items:
                self._waiting_since = None
                await asyncio.to_thread(self._prepare, claimed.items)
            elif self._tasks or self._writer.waiting:
                await self._all_stored()
            elif not claimed.elsewhere or not await self._may_come_free(claimed.elsewhere):
                return
            for item in claimed.items:
                await room.acquire()
                if self._client.stopped:
                    return
                task = asyncio.create_task(self._one(item, claimed.seen))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                task.add_done_callback(lambda task: room.release())

    def _prepare(self, items: Sequence[Item]) -> None:
        """Have a stage do what takes long before the first question: it would hold up the loop."""
        prepare: Callable[[Sequence[Item]], None] = getattr(self._stage, "prepare", lambda items: None)
        prepare(items)

    def _claim(self, size: int) -> Claimed:
        claimed = self._store.claim(
            self._stage,
            size,
            worker=self._worker,
            lease=LEASE,
            retry_failed=self._retry_failed,
            kinds=self._kinds,
            tries=DEATHS,
        )
        self._token = claimed.token
        self.failed += claimed.given_up
        return claimed

    async def _all_stored(self) -> None:
        """Return when nothing is in work here; at once when the end is near."""
        while (self._tasks or self._writer.waiting) and not self._client.stopped:
            await self._pause(PAUSE)

    async def _may_come_free(self, elsewhere: int) -> bool:
        """Whether to claim again: what workers had that died comes free, at the latest when their leases end."""
        if self._waiting_since is None:
            self._waiting_since = monotonic()
        elif monotonic() - self._waiting_since > LEASE:
            self.elsewhere = elsewhere
            return False
        if not await asyncio.to_thread(self._store.end_leases, has_worker_ended):
            await self._pause(LOOK)
        return True

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def _one(self, item: Item, seen: LayerRows) -> None:
        """Hold the conversation about a record and have its result stored; nothing, where the end came before."""
        id = item.record.id
        try:
            result = await result_of(self._stage, item, self._client, retried=self._is_retried)
        except (AskingStoppedError, asyncio.CancelledError):
            self._stop()
            return
        except Exception as error:
            result = Result(id, error=describe(error), may_pass=may_pass(error))
        if result.record_id != id:
            result = Result(id, error="the stage gave no result for this record")
        self._judge(result)
        # As the store holds it: it would read the text again to check the layer.
        self._writer.put(_Finished(written(result, item.record), seen.get(id, {})))
        while self._writer.waiting > UNSTORED and not self._client.stopped:
            await asyncio.sleep(PAUSE)

    def _is_retried(self, kind: str | None) -> bool:
        return self._retry_failed or kind in self._kinds

    def _judge(self, result: Result) -> None:
        """Stop when all that comes are failures by no fault of the records."""
        self._in_vain = self._in_vain + 1 if result.error is not None and result.may_pass else 0
        is_denied = result.kind == DENIED
        if self._in_vain >= (HOPELESS if is_denied else max(HOPELESS, self._at_once)) and self.hopeless is None:
            self.hopeless = result.error
            self._stop()

    async def _give_signs(self) -> None:
        """Show that this worker lives, as long as it does."""
        while True:
            await asyncio.sleep(SIGN)
            if self._token:
                # Where the store cannot be written to now, the next sign may come in time; what is stored says why not.
                with suppress(SQLAlchemyError):
                    await asyncio.to_thread(self._store.renew, self._token, LEASE)

    def _write(self, load: Sequence[Attempt | _Finished]) -> None:
        """Store results with the attempts that came before them; in the writer's thread."""
        attempts = [thing for thing in load if isinstance(thing, Attempt)]
        finished = [thing for thing in load if isinstance(thing, _Finished)]
        if finished:
            failed = self._commit(finished, attempts)
        else:
            self._store.note_attempts(attempts)
            failed = 0
        self._ledger.stored(attempts)
        if self._journal is not None:
            self._journal.stored(len(attempts))
        self._loop.call_soon_threadsafe(self._tell, finished, failed)

    def _commit(self, finished: Sequence[_Finished], attempts: Sequence[Attempt]) -> int:
        """How many failures were stored. What cannot be stored of a record is its failure, and takes no other along."""
        results = [each.result for each in finished]
        seen = {each.result.record_id: each.seen for each in finished}
        try:
            return self._store.commit(self._stage, results, seen=seen, attempts=attempts, claim=self._token).failed
        except Exception as error:
            if may_pass(error):
                raise
            if len(finished) > 1:
                self._store.note_attempts(attempts)
                return sum(self._commit([each], ()) for each in finished)
            failure = Result(results[0].record_id, error=describe(error))
            return self._store.commit(self._stage, [failure], seen=seen, claim=self._token).failed

    def _not_written(self, error: BaseException) -> None:
        """Nothing more is asked when answers cannot be stored; what came is tried again, also at the end."""
        why = (line_of(error) or describe(error)).removesuffix(f"; {GO_ON}")
        self.hopeless = self.hopeless or f"what came could not be stored ({why})"
        self._loop.call_soon_threadsafe(self._stop)

    def _tell(self, finished: Sequence[_Finished], failed: int) -> None:
        """Count what was stored, and show it."""
        self.done += len(finished) - failed
        self.failed += failed
        self._had -= {each.result.record_id for each in finished}
        for each in finished:
            self.notes.update(each.result.notes)
            self.kinds.update([each.result.kind or "other"] if each.result.error is not None else [])
            self.passing += each.result.may_pass
        tokens, cost = self.spending.tokens, self.spending.cost
        self._advance(len(finished), failed, tokens=tokens - self._told[0], cost=cost - self._told[1])
        self._told = tokens, cost


def has_worker_ended(worker: str) -> bool:
    """Whether the process of a worker certainly runs no more."""
    try:
        process, _ = json.loads(worker)
    except (ValueError, TypeError):
        return False
    return isinstance(process, dict) and has_ended(process)


@contextmanager
def _few_collections() -> Iterator[None]:
    """The search for rings of objects leaves out what is there already, and is rare: it takes a twelfth of the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def ask_all(
    store: Store,
    stage: AskingStage,
    *,
    spending: RunSpending | None = None,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    advance: Advance = silent,
    notify: Notify = not_notified,
    journal: AnswerJournal | None = None,
) -> StageReport:
    """Do what is left of a stage that asks, at most as many requests at once as its models take.

    journal: what keeps the attempts until the store has them.

    Raises KeyboardInterrupt after a signal that ends the process, and EnvironmentFailureError when the server or the
    machine fails every record, in both cases once all that came is stored.
    """
    started = perf_counter()
    run = AskingRun(
        store,
        stage,
        spending=spending or RunSpending(),
        retry_failed=retry_failed,
        kinds=kinds,
        advance=advance,
        notify=notify,
        journal=journal,
    )
    with _few_collections():
        asyncio.run(run.run())
    if run.signals:
        # As it would have done without this.
        raise_signal(run.signals[0])
    if run.hopeless is not None:
        raise EnvironmentFailureError(
            f"{stage.name} stopped after {run.passing} failures by no fault of the records, the last: {run.hopeless}; "
            f"{run.done} records were done, all that came is kept, the same command goes on from there"
        )
    return _report(store, stage, run, perf_counter() - started)


def _report(store: Store, stage: AskingStage, run: AskingRun, seconds: float) -> StageReport:
    jobs = store.count_own(stage)
    before = {state: max(0, jobs.get(state, 0) - now) for state, now in ((DONE, run.done), (FAILED, run.failed))}
    return StageReport(
        stage.name,
        run.done,
        run.failed,
        seconds,
        dict(sorted(run.notes.items())),
        before[DONE],
        before[FAILED],
        run.passing,
        spending=run.spending.as_json(),
        stopped=run.spending.reached,
        elsewhere=run.elsewhere,
        schemas=run.schemas,
        kinds=dict(sorted(run.kinds.items())),
    )


def ask_over(
    workspace: Workspace,
    store: Store,
    stage: AskingStage,
    *,
    caps: Caps | None = None,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    progress: ProgressBar = no_progress,
) -> StageReport:
    """A stage that asks over all records of a workspace that lack its result; where it stops early, what is kept and
    left is said.
    """
    load(store, stage, retry_failed=retry_failed, kinds=kinds)
    store.drop_abandoned(has_worker_ended)
    if lying := store.count_lying(stage.name, stage.models):
        workspace.notify(
            f"{stage.name}: {lying:,} records are left out, since questions about them lie in batches at the provider "
            "and would be paid for twice: the same command with `--batch` collects, `curate batches cancel` calls one "
            "off"
        )
    pending = store.count_pending(stage, retry_failed=retry_failed, kinds=kinds)
    spending = RunSpending(caps or Caps(), stage.models)
    spending.require_prices()

    def kept() -> str:
        done = store.count_own(stage).get(DONE, 0)
        left = store.count_pending(stage, retry_failed=retry_failed, kinds=kinds)
        return (
            f"{done:,} records are done and kept, {left:,} are left; {spending.answers:,} answers came in this run, "
            "all are kept and none is paid for again: the same command goes on from there"
        )

    with progress(stage.name, pending) as advance, workspace.answer_journal(stage.name) as journal:
        try:
            report = ask_all(
                store,
                stage,
                spending=spending,
                retry_failed=retry_failed,
                kinds=kinds,
                advance=advance,
                notify=workspace.notify,
                journal=journal,
            )
        except KeyboardInterrupt:
            workspace.notify(f"{stage.name}: {kept()}")
            raise
    if report.stopped is not None:
        workspace.notify(f"{stage.name} stopped: {report.stopped}; {kept()}")
    if report.elsewhere:
        workspace.notify(f"{stage.name}: {report.elsewhere:,} records more are in work by other processes")
    return report
