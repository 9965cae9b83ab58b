"""Batches at providers, kept up to date: what a kill left is found again, what came is collected, files are deleted.

Each step is noted in the store before the next one is taken, in an order such that a batch is never made twice: the
file's id stands there before a batch is made of it, and what was made and not noted is found by our mark.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import IO

from sqlalchemy.exc import SQLAlchemyError

from curation.batches import batched
from curation.errors import PASSING, LanguageModelError
from curation.models.contract import Answer, Attempt
from curation.models.endpoint.batch_lines import MISSING, ReadLine
from curation.models.endpoint.batch_service import NOT_READY, BatchService, NotServedError, RemoteBatch, RemoteFile
from curation.models.endpoint.model import FORMS
from curation.store import Store
from curation.store.batches import ANSWERED, FORM_REFUSED, OPEN, BatchState, LineOutcome, StoredBatch
from pipeline.asking import has_worker_ended
from pipeline.process_identity import this_process
from pipeline.progress import Notify, not_notified

#: Seconds for which a worker has a batch without a sign, and how often it gives one.
LEASE, SIGN = 60.0, 8.0
#: Lines that are noted in one transaction.
CHUNK = 64
#: Lines beyond its questions that a batch's files may have, until no more are read.
SURPLUS = 1_000
#: Seconds between two looks at a file that is not ready, and how often it is looked.
READY, LOOKS = 2.0, 150
#: Kinds by which a question is open again, with no word to the stage: the record has no part in them.
ASKED_AGAIN = PASSING | {"denied", "expired", "cancelled", MISSING}
#: Kinds of a LanguageModelError after which nothing was done at the provider, for certain.
NOT_DONE = frozenset({"rejected", "denied"})
#: How questions without a line ended, by the status of their batch; of a failed one, none was done.
UNDONE = {"completed": MISSING, "expired": "expired", "cancelled": "cancelled"}

#: The way to the provider of a model at an address; None where the settings do not name it.
FindService = Callable[[str, str], BatchService | None]


@dataclass(slots=True)
class Collected:
    """What came in one run. spent: called with each attempt. answered: the keys of answers. vain: how often questions
    came back without one.
    """

    spent: Callable[[Attempt], None] = lambda attempt: None
    counts: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    answered: set[str] = field(default_factory=set)
    vain: Counter[str] = field(default_factory=Counter)
    #: Why no further batch is to be sent in this run, and what could not be done, by the batch.
    stopped: str | None = None
    problems: dict[str, str] = field(default_factory=dict)


class BatchKeeper:
    """Takes batches that nobody works at, and brings each as far as it can come now; for one event loop."""

    def __init__(self, store: Store, service: FindService, *, notify: Notify = not_notified) -> None:
        self._store, self._service, self._notify = store, service, notify
        self.worker = json.dumps([this_process(), token_hex(4)])
        self.collected = Collected()

    @contextmanager
    def at_work(self, sign: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Inside the block, signs show that this worker lives; at the end, its batches are free. sign: given beside."""
        ended = threading.Event()

        def give_signs() -> None:
            while not ended.wait(SIGN):
                with suppress(SQLAlchemyError):  # the next sign comes before the lease ends
                    self._store.renew_batches(self.worker, LEASE)
                    sign()

        thread = threading.Thread(target=give_signs, name="batches", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._store.renew_batches(self.worker, 0.0)

    async def update(self, batches: Collection[StoredBatch]) -> None:
        """Bring the batches as far as they can come; what cannot be done is in `collected.problems`."""
        marks = [batch.mark for batch in batches]
        taken = self._store.take_batches(marks, worker=self.worker, lease=LEASE, has_ended=has_worker_ended)
        for batch in batches:
            if batch.mark not in {mine.mark for mine in taken}:
                self.collected.problems[batch.name] = "another process works at it"
        for batch in taken:
            self.collected.problems.pop(batch.name, None)
            try:
                await self._step(batch)
            except LanguageModelError as error:
                self.collected.problems[batch.name] = str(error)

    async def send(self, mark: str, file: IO[bytes], service: BatchService) -> None:
        """Upload a batch's file, which is closed here, and make the batch. Raises LanguageModelError.

        Where the provider refuses, the questions are open again; where it is not known what became of it, the next
        update finds out.
        """
        self._store.change_batch(mark, state=BatchState.SENDING.value)
        try:
            uploaded = await service.upload(mark, file)
        except LanguageModelError as error:
            if error.kind in NOT_DONE:
                self._store.drop_batch(mark)
            raise
        self._store.change_batch(mark, state=BatchState.UPLOADED.value, input_file=uploaded.id)
        await self._make(mark, uploaded, service)

    async def cancel(self, batch: StoredBatch) -> None:
        """Have no more of a batch done, and bring it as far as it can come; one that is not made is forgotten with its
        file. Raises LanguageModelError.
        """
        if batch.state is BatchState.SENT and batch.batch_id is not None:
            service = self._of(batch)
            if not (await service.batch(batch.batch_id)).is_over:
                await service.cancel(batch.batch_id)
        elif batch.state in (BatchState.SENDING, BatchState.UPLOADED):
            if not self._store.take_batches([batch.mark], worker=self.worker, lease=LEASE, has_ended=has_worker_ended):
                raise LanguageModelError("busy", "another process works at it; end that one first")
            await self._call_off(batch)
            return
        await self.update([batch])

    async def _call_off(self, batch: StoredBatch) -> None:
        """Forget a batch of which no more than the file is known to be at the provider."""
        service = self._of(batch)
        found, file = None, batch.input_file
        try:
            found = await service.find_batch(batch.mark, file or "")
            if file is None and (uploaded := await service.find_file(batch.mark)) is not None:
                file = uploaded.id
        except NotServedError:
            pass  # the provider lists nothing: its user has looked
        if found is not None:
            await service.cancel(found.id)
            self._note_made(batch.mark, found)
            return
        if file is not None:
            await service.delete_file(file)
        self._store.drop_batch(batch.mark)

    async def _step(self, batch: StoredBatch) -> None:
        if batch.state is BatchState.GATHERING:
            # Whoever gathered them has ended, and nothing was sent.
            self._store.drop_batch(batch.mark)
        elif batch.state is BatchState.SENDING:
            await self._find_upload(batch)
        elif batch.state is BatchState.UPLOADED:
            await self._find_made(batch)
        elif batch.state is BatchState.SENT:
            await self._look(batch)
        elif batch.state is BatchState.COLLECTED:
            await self._clear(batch)

    async def _find_upload(self, batch: StoredBatch) -> None:
        """Use a file that was uploaded and not noted, or have it deleted; without one, the questions are open again."""
        service = self._of(batch)
        try:
            file = await service.find_file(batch.mark)
        except NotServedError:
            self._notify(
                f"batch {batch.mark}: {batch.address} does not list files, so that one of this name may be left there; "
                "its questions are asked anew"
            )
            file = None
        if file is None:
            self._store.drop_batch(batch.mark)
        elif file.bytes == batch.bytes and batch.left == batch.requests:
            self._store.change_batch(batch.mark, state=BatchState.UPLOADED.value, input_file=file.id)
            await self._make(batch.mark, file, service)
        else:
            await service.delete_file(file.id)
            self._store.drop_batch(batch.mark)

    async def _find_made(self, batch: StoredBatch) -> None:
        """A batch that was made and not noted; else it is made now, unless a record of it is deleted meanwhile."""
        service, file = self._of(batch), batch.input_file
        assert file is not None
        try:
            found = await service.find_batch(batch.mark, file)
        except NotServedError as error:
            raise LanguageModelError(
                error.kind,
                f"it is not known whether a batch of the file {file} was made, since {batch.address} does not list "
                f"batches ({error}); look there, and give `curate batches cancel {batch.mark}` where there is none",
            ) from error
        if found is not None:
            self._note_made(batch.mark, found)
        elif batch.left == batch.requests:
            await self._make(batch.mark, await service.file(file), service)
        else:
            await service.delete_file(file)
            self._store.drop_batch(batch.mark)

    async def _make(self, mark: str, file: RemoteFile, service: BatchService) -> None:
        for _ in range(LOOKS):
            if file.status not in NOT_READY:
                break
            await asyncio.sleep(READY)
            file = await service.file(file.id)
        try:
            made = await service.create(file.id, mark)
        except LanguageModelError as error:
            if error.kind in NOT_DONE:
                await service.delete_file(file.id)
                self._store.drop_batch(mark)
            raise
        self._note_made(mark, made)

    def _note_made(self, mark: str, made: RemoteBatch) -> None:
        sent = datetime.now(UTC).isoformat(timespec="seconds")
        self._store.change_batch(mark, state=BatchState.SENT.value, batch_id=made.id, status=made.status, sent=sent)

    async def _look(self, batch: StoredBatch) -> None:
        """Collect a batch that is over; note how far another is."""
        service = self._of(batch)
        assert batch.batch_id is not None
        found = await service.batch(batch.batch_id)
        self._store.change_batch(
            batch.mark, status=found.status, output_file=found.output_file, error_file=found.error_file
        )
        if not found.is_over:
            if found.status != batch.status:
                self._notify(f"batch {batch.name}: {found.status}, {found.done:,} of {batch.requests:,} answered")
            return
        if found.status == "completed" and not (found.output_file or found.error_file):
            raise LanguageModelError("unparsable", "it is completed and has no file of answers yet")
        await self._collect(batch, found, service)
        await self._clear(replace(batch, output_file=found.output_file, error_file=found.error_file))

    async def _collect(self, batch: StoredBatch, found: RemoteBatch, service: BatchService) -> None:
        """Note all that the files of a batch say, line by line, and what they say nothing of."""
        reading = _Reading(batch, service, self._store.questions_in(batch))
        for file in filter(None, (found.output_file, found.error_file)):
            async for outcomes in reading.outcomes(file):
                self._note(batch, outcomes)
        undone = UNDONE.get(found.status)
        rest = [key for key, (_, state) in self._store.questions_in(batch).items() if state == OPEN]
        for keys in batched(rest if undone else (), CHUNK):
            self._note(batch, [reading.without_answer(key, undone or "") for key in keys])
        counts = Counter(state for _, state in self._store.questions_in(batch).values()) + reading.counts
        is_refused = 0 < reading.form_refused == sum(counts.values()) and _has_simpler_form(batch, service)
        told = {state for _, state in self._store.questions_in(batch).values()} - ASKED_AGAIN - {ANSWERED, OPEN}
        if is_refused:
            counts, told = Counter({FORM_REFUSED: reading.form_refused}), set()
        elif found.status == "cancelled":
            self.collected.stopped = f"batch {batch.name} was called off"
        elif not counts[ANSWERED]:
            why = ", ".join([*found.errors, *sorted(counts)]) or "no reason given"
            self.collected.stopped = f"nothing came of batch {batch.name}, which is {found.status} ({why})"
        self._store.settle_batch(batch, counts, told, reading.of_deleted)
        self.collected.counts += counts
        self.collected.batches += 1
        self._notify(f"batch {batch.name}: {found.status}; {_said(counts)}")

    def _note(self, batch: StoredBatch, outcomes: Sequence[LineOutcome]) -> None:
        for attempt in self._store.note_lines(batch, outcomes):
            self.collected.spent(attempt)
            if attempt.answer is not None:
                self.collected.answered.add(attempt.key)
            if attempt.state in ASKED_AGAIN:
                self.collected.vain[attempt.key] += 1

    async def _clear(self, batch: StoredBatch) -> None:
        """Have the files of a batch deleted at the provider. Raises LanguageModelError where one may be left."""
        service = self._of(batch)
        for file in filter(None, (batch.input_file, batch.output_file, batch.error_file)):
            try:
                await service.delete_file(file)
            except LanguageModelError as error:
                raise LanguageModelError(
                    error.kind, f"its file {file} may still be at the provider ({error})"
                ) from error
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        self._store.change_batch(batch.mark, state=BatchState.ENDED.value, ended=ended)

    def _of(self, batch: StoredBatch) -> BatchService:
        service = self._service(batch.model, batch.address)
        if service is None:
            raise LanguageModelError(
                "unreachable",
                f"expected {batch.address} among the addresses of [models.{batch.model}], where it lies; put it back, "
                f"or give `curate batches forget {batch.name}`",
            )
        return service


class _Reading:
    """The files of one batch, read line by line."""

    def __init__(self, batch: StoredBatch, service: BatchService, questions: Mapping[str, tuple[str, str]]) -> None:
        self._batch, self._service, self._questions = batch, service, questions
        self._seen: set[str] = set()
        #: Lines that are no outcome of a question: unreadable, doubled, unknown.
        self.counts = Counter[str]()
        self.form_refused = 0
        #: What came of questions about records that are deleted meanwhile.
        self.of_deleted: list[Attempt] = []

    async def outcomes(self, file: str) -> AsyncIterator[list[LineOutcome]]:
        """What the lines of a file say that is not known yet, a few at a time."""
        found: list[LineOutcome] = []
        async for line in self._service.lines(file):
            if (outcome := self._outcome(line)) is not None:
                found.append(outcome)
            if len(found) == CHUNK:
                yield found
                found = []
            if sum(self.counts.values()) > SURPLUS + self._batch.requests:
                raise LanguageModelError("unparsable", "expected a line for each question, got many more")
        if found:
            yield found

    def without_answer(self, key: str, kind: str) -> LineOutcome:
        """A question of which there is no answer."""
        return LineOutcome(kind, self._attempt(key, kind, None))

    def _outcome(self, line: ReadLine | None) -> LineOutcome | None:
        if line is None:
            self.counts["unreadable"] += 1
            return None
        if line.key in self._seen:
            self.counts["doubled"] += 1
            return None
        self._seen.add(line.key)
        if line.key not in self._questions:
            self._add_unknown(line)
            return None
        form, state = self._questions[line.key]
        self.form_refused += line.has_unknown_form
        if state != OPEN:  # noted before, by whoever was ended in between
            return None
        if (answer := self._service.answer(line, form)) is None:
            return self.without_answer(line.key, line.problem)
        return LineOutcome(ANSWERED, self._attempt(line.key, answer.finish.value, answer))

    def _add_unknown(self, line: ReadLine) -> None:
        self.counts["unknown"] += 1
        answer = self._service.answer(line, "")
        if answer is not None and len(self.of_deleted) < self._batch.requests - len(self._questions):
            self.of_deleted.append(
                self._attempt(line.key, answer.finish.value, replace(answer, text="", logprobs=None))
            )

    def _attempt(self, key: str, state: str, answer: Answer | None) -> Attempt:
        return Attempt(
            key=key,
            model=self._batch.model,
            purpose=self._batch.purpose,
            record_ids=(),
            number=0,
            sample=0,
            state=state,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            answer=answer,
        )


def _has_simpler_form(batch: StoredBatch, service: BatchService) -> bool:
    forms = FORMS[service.model.settings.structured]
    return batch.form in forms[:-1]


def _said(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()) if count) or "nothing came"
