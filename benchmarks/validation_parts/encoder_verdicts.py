"""The verdict of every rule on every record under one encoder and under others."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from unittest.mock import patch

from curation.decision import Decision, DecisionKind, Verdict
from curation.embeddings.encoder import SentenceEncoder
from curation.record import Layer, Record
from curation.sets.freeze import freeze
from curation.store import Store
from pipeline.runner import run_stage
from pipeline.workspace import Workspace
from validation.findings import Finding
from validation.gx.checkpoint import OpenSuite
from validation.measures.measure import Scope
from validation.policy import decide
from validation.rules import BY_NAME, RULES
from validation.settings import ValidationSettings
from validation.stage import Measure
from validation.verdict import divide, gather
from validation_parts.category_errors import swapped
from validation_parts.error_planting import PlantingCase
from validation_parts.inventions import invented
from validation_parts.inventions import reworded as answered
from validation_parts.paraphrases import rewritten
from validation_parts.planted import generated, maccrobat, sample

LAYER = "gold"
#: Parallel records that are generated.
PARALLEL = 60
#: One record in so many is told a second time in other words, and one is annotated as a language model answers.
TOLD_AGAIN, ANSWERED = 4, 3
#: Every rule on, and the encoder taken for a multilingual one, so that meanings of translations are judged too.
SETTINGS = ValidationSettings.model_validate(
    {"severity": {rule.name: "soft" for rule in RULES}, "translation": {"multilingual": True}}
)
DEFAULT = ValidationSettings()


@dataclass(frozen=True, slots=True)
class VerdictChanges:
    """What another encoder changes."""

    records: int
    by_rule: Mapping[str, int]  # records that a rule puts on the other side, where there are any
    sides: int  # records whose decision is another one under the default severities

    @property
    def verdicts(self) -> int:
        """Pairs of rule and record whose verdict changes."""
        return sum(self.by_rule.values())


def sets() -> dict[str, list[PlantingCase]]:
    """The shipped gold and MACCROBAT as they are, both with errors in them, and translations."""
    shipped, reports = sample(False), maccrobat(False)
    return {
        "sample": shipped,
        "sample, errors planted": with_errors(shipped),
        "generated, translations": generated(False)[:PARALLEL],
        **(
            {"MACCROBAT": reports, "MACCROBAT, one in five, errors planted": with_errors(reports[::5])}
            if reports
            else {}
        ),
    }


def with_errors(cases: Sequence[PlantingCase]) -> list[PlantingCase]:
    """An invented entity and a swapped category in each; some as a language model answers; some told again."""
    found: list[PlantingCase] = []
    for number, case in enumerate(cases):
        for plant in (invented, swapped):
            planted = plant(case, Random(f"{plant.__name__}:{case.record.id}"))
            case = planted.case if planted else case
        found.append(case if number % ANSWERED else answered(case))
        if number % TOLD_AGAIN == 0 and case.record.language == "en":
            told = _copy(case.record)
            found.append(PlantingCase(told, Layer(record_id=told.id, name=LAYER, author="planted")))
    return found


def _copy(record: Record) -> Record:
    text = rewritten(record, Random(record.id))
    return record.model_copy(update={"id": f"copy {record.id}", "group": f"copy {record.group}", "text": text})


def changes(
    cases: Sequence[PlantingCase], ours: SentenceEncoder, others: Mapping[str, SentenceEncoder], vectors: Path
) -> dict[str, VerdictChanges]:
    """What each of the other encoders changes on these records, which are a set of their own.

    vectors: the file that keeps what was encoded, as in a real run.
    """
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.make(Path(folder))
        with workspace.open_store() as store:
            store.add_records(case.record for case in cases)
            store.add_layers(case.layer.model_copy(update={"name": LAYER}) for case in cases if case.layer)
            ids = store.record_ids()
            # A frozen set, so that leaks by meaning are looked for as well.
            store.decide(_accepted(ids))
            freeze(store, workspace.scheme, name="set", layers=[LAYER], split=workspace.config.curation.split)
            expected = _judged(workspace, store, ours, vectors)
            return {
                name: _compared(ids, expected, _judged(workspace, store, encoder, vectors))
                for name, encoder in others.items()
            }


def _judged(workspace: Workspace, store: Store, encoder: SentenceEncoder, vectors: Path) -> Sequence[Finding]:
    """What every rule finds with that encoder; no decision is stored."""
    with patch("validation.measures.measure.load_encoder", lambda *_: encoder):
        stage = Measure.over(store, workspace.scheme, SETTINGS, vectors=vectors)
        run_stage(store, stage, batch_size=workspace.config.curation.batch_size)
        suite = OpenSuite(workspace.scheme, SETTINGS, workspace.folder)
        return suite.preview(gather(store, Scope(workspace.scheme, SETTINGS, vectors), {}, suite.columns))


def _compared(ids: Sequence[str], first: Sequence[Finding], second: Sequence[Finding]) -> VerdictChanges:
    failed = {finding.expectation: finding.failed.keys() for finding in second}
    differ = {finding.expectation: len(finding.failed.keys() ^ failed[finding.expectation]) for finding in first}
    before, after = _sides(ids, first), _sides(ids, second)
    return VerdictChanges(
        len(ids), {rule: count for rule, count in differ.items() if count}, sum(before[id] != after[id] for id in ids)
    )


def _sides(ids: Sequence[str], findings: Sequence[Finding]) -> dict[str, Verdict]:
    """The decisions that follow under the default severities."""
    usual = [replace(finding, severity=BY_NAME[finding.expectation].severity_under(DEFAULT)) for finding in findings]
    found = {decisions[0].record_id: divide(decisions, {}).side() for decisions in decide(ids, usual, _unmeasured)}
    return {record_id: verdict for record_id, verdict in found.items() if verdict is not None}


def _accepted(ids: Iterable[str]) -> Iterator[Decision]:
    """Every record with its layer, as if it met every expectation."""
    for id in ids:
        accepted = Decision(record_id=id, verdict=Verdict.ACCEPTED, by="benchmark")
        yield accepted
        yield accepted.model_copy(update={"kind": DecisionKind.LAYER, "layer": LAYER})


def _unmeasured(record_id: str, column: str) -> None:
    """What explains a failure is of no interest here."""
