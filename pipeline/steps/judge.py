"""A language model's second opinion on a layer, over all records of a workspace."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import JsonValue

from curation.author import AuthorKind
from curation.egress.gate import Gate
from curation.egress.settings import Destination
from curation.errors import UsageError
from curation.judge.judge import Judge
from curation.judge.judged import JudgedCounts, JudgedLayer, count_judged, judgements, read_judged
from curation.judge.verdicts import DOUBTS, EntityJudgement
from curation.models.models import language_model, named_model
from curation.record import Entity, Layer
from curation.store import Store
from pipeline.asking import ask_over
from pipeline.dry_run import DryRun, dry_run
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import StageReport
from pipeline.runs import recorded
from pipeline.spending import Caps
from pipeline.workspace import Workspace

#: The command, as runs are noted under it.
COMMAND = "judge"


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """How a judge's run went, and what is judged of the layer now, in this run or before."""

    done: StageReport
    counts: JudgedCounts

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return self.done.as_json() | {"judged": self.counts.as_json()}


@dataclass(frozen=True, slots=True)
class JudgedRecord:
    """What was judged about one record's layer, the doubts first; no words of the text."""

    record_id: str
    layer: Layer
    judged: JudgedLayer | None
    rows: tuple[tuple[Entity, EntityJudgement], ...]

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "record": self.record_id,
            "layer": self.layer.name,
            "author": self.layer.author,
            "judged_by": self.judged.by if self.judged else None,
            "is_current": self.judged is not None and self.judged.version == self.layer.digest,
            "entities": [
                {
                    "id": entity.id,
                    "category": entity.category,
                    "assertion": entity.assertion.value,
                    "spans": [list(span) for span in entity.spans],
                    "judgement": judgement.model_dump(mode="json"),
                }
                for entity, judgement in self.rows
            ],
        }


def judge(
    workspace: Workspace,
    store: Store,
    layer: str,
    name: str,
    *,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    caps: Caps | None = None,
    progress: ProgressBar = no_progress,
) -> JudgeReport:
    """Each record's layer of that name judged by a model, where it is not; the layer stays as it is.

    name: `llm:NAME`; what goes off this machine passes the gate. Raises UsageError for a layer that no record has.
    """
    gate = gate_of(workspace, store)
    stage = _judge_of(workspace, store, layer, name, gate)
    inputs: dict[str, JsonValue] = {"annotator": name, "layer": layer, "sent_to": stage.remote}
    with recorded(workspace, store, COMMAND, **inputs) as outcome:
        gate.run = outcome.run
        done = ask_over(workspace, store, stage, caps=caps, retry_failed=retry_failed, kinds=kinds, progress=progress)
        report = JudgeReport(done, count_judged(store, layer))
        outcome |= report.as_json()
    return report


def dry_judge(
    workspace: Workspace,
    store: Store,
    layer: str,
    name: str,
    *,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    progress: ProgressBar = no_progress,
) -> DryRun:
    """What `judge` would ask and cost; nothing is sent and nothing is written."""
    stage = _judge_of(workspace, store, layer, name, gate_of(workspace, store, writes=False))
    return dry_run(store, stage, name, command=COMMAND, retry_failed=retry_failed, kinds=kinds, progress=progress)


def judged_so_far(store: Store, layer: str) -> JudgedCounts:
    """What is judged of a layer. Raises UsageError for one that no record has."""
    store.require_layers([layer])
    return count_judged(store, layer)


def judged_record(store: Store, layer: str, reference: str) -> JudgedRecord:
    """What is judged of a record's layer. Raises UsageError for unknown records, and for one without the layer."""
    store.require_layers([layer])
    id = store.find_record(reference)
    item = next(iter(store.items([layer], ids=[id])))
    if layer not in item.layers:
        raise UsageError(f"expected a record with the layer {layer}, {id} has none")
    judged = read_judged(store, layer, [id]).get(id)
    rows = sorted(judgements(item.layers[layer], judged), key=_doubts_first)
    return JudgedRecord(id, item.layers[layer], judged, tuple(rows))


def _doubts_first(row: tuple[Entity, EntityJudgement]) -> tuple[bool, float, tuple[tuple[int, int], ...]]:
    entity, judgement = row
    probability = 1.0 if judgement.probability is None else judgement.probability
    return judgement.outcome not in DOUBTS, probability, entity.spans


def _judge_of(workspace: Workspace, store: Store, layer: str, spoken: str, gate: Gate) -> Judge:
    kind, _, argument = spoken.partition(":")
    if kind != AuthorKind.LLM:
        raise UsageError(f"expected a language model (llm:NAME) as a judge, got {spoken!r}")
    store.require_records()
    store.require_layers([layer])
    config = workspace.config
    name, settings = named_model(argument or config.annotation.llm.model, config.models)
    model = language_model(name, settings, gate)
    surrogates = gate.surrogates(Destination.MODEL) if model.remote else None
    return Judge(workspace.scheme, config.curation.judge, {name: model}, layer=layer, surrogates=surrogates)
