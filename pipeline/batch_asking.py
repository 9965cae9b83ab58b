"""A stage that asks, by batches at its models' providers: what came is collected, what is open is sent, and it ends.

The next run goes on from there. Where it is to wait, it looks again and again until nothing of the stage lies there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pydantic import JsonValue

from curation.errors import PASSING, EnvironmentFailureError, LanguageModelError, UsageError
from curation.models.asking_stage import AskingStage
from curation.models.contract import LanguageModel
from curation.models.endpoint.batch_service import BatchService
from curation.models.endpoint.model import EndpointModel
from curation.store import Store
from curation.store.batches import StoredBatch
from curation.store.jobs import DONE
from pipeline.batch_gathering import Gathering
from pipeline.batch_keeping import BatchKeeper
from pipeline.progress import Advance, Notify, ProgressBar, no_progress, not_notified, silent
from pipeline.runner import StageReport, load
from pipeline.spending import Caps, RunSpending
from pipeline.workspace import Workspace

#: So often on end no batch can be looked at, until a run waits no longer.
UNSEEN = 20


@dataclass(frozen=True, slots=True)
class BatchMode:
    """A stage is asked by batches. wait: until nothing of it lies at the provider."""

    wait: bool = False


def batch_prices(models: Mapping[str, LanguageModel]) -> dict[str, float]:
    """What a token costs in a batch, as a share of each model's price. Raises UsageError as `batch_models` does."""
    return {name: model.settings.batch.price_factor for name, model in batch_models(models).items()}


def batch_models(models: Mapping[str, LanguageModel]) -> dict[str, EndpointModel]:
    """The models, which all can be asked in batches. Raises UsageError for one that cannot."""
    found = {name: model for name, model in models.items() if isinstance(model, EndpointModel)}
    if others := [name for name in models if name not in found]:
        raise UsageError(f"expected a model at an address (kind endpoint) with --batch, got {', '.join(others)}")
    return found


class BatchRun:
    """One run of a stage that asks in batches; for one event loop."""

    def __init__(
        self,
        store: Store,
        stage: AskingStage,
        folder: Path,
        *,
        caps: Caps,
        retry_failed: bool = False,
        kinds: Collection[str] = (),
        wait: bool = False,
        advance: Advance = silent,
        notify: Notify = not_notified,
    ) -> None:
        self._store, self._stage, self._wait, self._notify = store, stage, wait, notify
        self.models = batch_models(stage.models)
        self._services = {name: _service(model) for name, model in self.models.items()}
        self.spending = RunSpending()
        self._failed_to_send = False
        self.keeper = BatchKeeper(store, self._service, notify=notify)
        self.keeper.collected.spent = self.spending.note
        self.gathering = Gathering(
            store,
            stage,
            self._services,
            self.keeper,
            folder,
            caps=caps,
            retry_failed=retry_failed,
            kinds=kinds,
            advance=advance,
        )

    async def run(self) -> None:
        """Collect, finish and send. Raises LanguageModelError where a batch cannot be sent."""
        try:
            with self.keeper.at_work(self.gathering.renew):
                await self._round()
                unseen = 0
                while self._wait and ((lying := self.lying()) or self._failed_to_send):
                    problems = self.keeper.collected.problems
                    unseen = unseen + 1 if all(batch.name in problems for batch in lying) else 0
                    if unseen >= UNSEEN:
                        self.keeper.collected.stopped = "none of its batches can be looked at"
                        return
                    if self.gathering.budget.end_of_time():
                        return
                    await asyncio.sleep(min(service.settings.poll for service in self._services.values()))
                    await self._round()
        finally:
            for model in self.models.values():
                await model.close()

    def lying(self) -> list[StoredBatch]:
        """The batches of this stage and its models of which something is at a provider."""
        return [batch for batch in self.ours() if batch.purpose == self._stage.name]

    def ours(self) -> list[StoredBatch]:
        """The batches of the models, for whatever purpose."""
        return [batch for batch in self._store.batches() if batch.model in self.models]

    def _service(self, name: str, url: str) -> BatchService | None:
        return self.models[name].in_batches(url)

    async def _round(self) -> None:
        before = self.keeper.collected.batches
        is_due = self.gathering.rounds == 0 or self._failed_to_send
        await self.keeper.update(self.ours())
        if not is_due and self.keeper.collected.batches == before:
            return
        self._failed_to_send = False
        try:
            await self.gathering.run()
        except LanguageModelError as error:
            if not self._wait or error.kind not in PASSING:
                raise
            self._failed_to_send = True
            self._notify(f"{self._stage.name}: a batch could not be sent ({error}); it is tried again")


def ask_in_batches(
    workspace: Workspace,
    store: Store,
    stage: AskingStage,
    *,
    caps: Caps | None = None,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    wait: bool = False,
    progress: ProgressBar = no_progress,
) -> StageReport:
    """A stage that asks, by batches, over all records of a workspace that lack its result; what lies at the provider at
    the end is said.

    Raises UsageError for a model that takes none, and EnvironmentFailureError where a provider takes no batch.
    """
    batch_models(stage.models)
    load(store, stage, retry_failed=retry_failed, kinds=kinds)
    RunSpending(caps or Caps(), stage.models).require_prices()
    started = perf_counter()
    with progress(stage.name, store.count_pending(stage, retry_failed=retry_failed, kinds=kinds)) as advance:
        run = BatchRun(
            store,
            stage,
            workspace.folder,
            caps=caps or Caps(),
            retry_failed=retry_failed,
            kinds=kinds,
            wait=wait,
            advance=advance,
            notify=workspace.notify,
        )
        try:
            asyncio.run(run.run())
        except KeyboardInterrupt:
            workspace.notify(f"{stage.name}: {_left(run)}")
            raise
        except LanguageModelError as error:
            raise EnvironmentFailureError(f"{stage.name}: a batch could not be sent ({error}); {_left(run)}") from error
    stopped = run.gathering.budget.reached or run.keeper.collected.stopped
    if stopped is not None:
        workspace.notify(f"{stage.name}: no more is sent in this run: {stopped}")
    for name, problem in run.keeper.collected.problems.items():
        workspace.notify(f"batch {name}: {problem}")
    workspace.notify(f"{stage.name}: {_left(run)}")
    return _report(store, stage, run, stopped, perf_counter() - started)


def _left(run: BatchRun) -> str:
    """What lies at providers, in words."""
    lying = run.lying()
    if not lying:
        return "nothing of it lies at a provider; all that came is kept"
    if not any(batch.left for batch in lying):
        return "all that came is kept; files are left at the provider, which the same command has deleted"
    questions = sum(batch.left for batch in lying)
    return (
        f"{questions:,} questions in {len(lying):,} batches lie at the provider; the same command collects what has "
        "come and goes on from there, `curate batches list` shows them"
    )


def _report(store: Store, stage: AskingStage, run: BatchRun, stopped: str | None, seconds: float) -> StageReport:
    gathering, collected = run.gathering, run.keeper.collected
    done_before = store.count_own(stage).get(DONE, 0) - gathering.done
    # Those that are asked about again, in a batch, are none.
    failed = sum(failure.stage == stage.name and not failure.may_pass for failure in store.failures())
    lying = run.lying()
    batches: dict[str, JsonValue] = {
        "sent": gathering.sent,
        "questions_sent": gathering.questions,
        "expected_cost": round(gathering.budget.cost, 6),
        "collected": collected.batches,
        "lines": dict(sorted(collected.counts.items())),
        "lying": len(lying),
        "questions_lying": sum(batch.left for batch in lying),
        "problems": dict(collected.problems),
    }
    return StageReport(
        stage.name,
        gathering.done,
        gathering.failed,
        seconds,
        dict(sorted(Counter(gathering.notes).items())),
        max(0, done_before),
        max(0, failed - gathering.failed + gathering.passing),
        gathering.passing,
        spending=run.spending.as_json(),
        stopped=stopped,
        schemas=gathering.schemas,
        batches=batches,
        kinds=dict(sorted(gathering.kinds.items())),
    )


def _service(model: EndpointModel) -> BatchService:
    service = model.in_batches()
    assert service is not None
    return service
