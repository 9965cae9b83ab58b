"""Cases told by a language model, over a workspace: which cases, the stage that tells them, and what came of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import JsonValue, ValidationError

from annotation.rules.assertion import assert_entities
from curation.author import AuthorKind
from curation.decision import Verdict
from curation.egress.gate import Gate
from curation.errors import UsageError
from curation.generate.case_table import read_case_table
from curation.generate.drawn_cases import drawn_cases, language_weights
from curation.generate.record_cases import TOLD, CaseOf, cases_of_layers, cases_of_reports, is_told
from curation.generate.records import AUTHOR as RULES
from curation.generate.records import LANGUAGES
from curation.generate.teller import NO_CASE, TOLD_AS, CaseTeller
from curation.generate.telling_checks import TellingChecks
from curation.generate.told_case import ToldCase
from curation.generate.told_record import TOLD_LAYER, ToldBy, case_key
from curation.judge.judge import Judge
from curation.models.models import language_model, named_model
from curation.record import Record
from curation.scheme import Scheme
from curation.sets.copied_words import CopiedWordsIndex
from curation.sets.novelty import NoveltyIndex
from curation.stage import Item
from curation.store import Store
from curation.translate.corrected import CORRECTED
from curation.translate.translated import MADE
from pipeline.asking import ask_over
from pipeline.case_queue import CaseQueue, LimitedStore
from pipeline.dry_run import DryRun, dry_run
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import StageReport
from pipeline.spending import Caps
from pipeline.workspace import Workspace

#: The command, as runs are noted under it.
COMMAND = "generate"
#: Who is said to have made the translations of generated records.
TRANSLATED = "translated from generated"


@dataclass(frozen=True, slots=True)
class TellingOrder:
    """What is to be told, by whom: cases of the generator, of a table, or of records (their layer, or their text).

    records: how many cases, at most; None for all that a table or the store has. languages: None for any.
    """

    teller: str
    records: int | None = None
    languages: tuple[str, ...] | None = None
    seed: int = 0
    parallel: bool = False
    judge: str | None = None
    table: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    layer: str | None = None
    reports: bool = False

    @property
    def is_of_records(self) -> bool:
        """Whether the cases are records of the store."""
        return self.reports or self.layer is not None

    @property
    def stage(self) -> str:
        """The name of the stage that tells these cases."""
        if self.reports:
            return f"generate:reports:{self.layer}" if self.layer else "generate:reports"
        if self.layer is not None:
            return f"generate:layer:{self.layer}"
        return "generate:table" if self.table else "generate:cases"

    def as_json(self) -> dict[str, JsonValue]:
        """What a run's manifest says of it."""
        return {
            "annotator": self.teller,
            "records": self.records,
            "languages": list(self.languages) if self.languages else None,
            "seed": self.seed,
            "parallel": self.parallel,
            "judge": self.judge,
            "table": self.table.name if self.table else None,
            "layer": self.layer,
            "reports": self.reports,
        }


@dataclass(frozen=True, slots=True)
class ToldReport:
    """How a run went, in cases.

    told_before: cases whose records were there; empty: rows of a table without a fact; left_out: records that are no
    case (set aside, without a fact), which are not done.
    """

    done: StageReport
    told_before: int = 0
    empty: int = 0
    left_out: int = 0
    failed_cases: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> int:
        """How many texts were made."""
        return sum(count for name, count in self.done.notes.items() if name.startswith(TOLD_AS))

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return self.done.as_json() | {
            "told": self.told,
            "told_before": self.told_before,
            "rows_without_a_fact": self.empty,
            "left_out": self.left_out,
            "failed_cases": dict(sorted(self.failed_cases.items())),
        }


@dataclass(frozen=True, slots=True)
class TellingWork:
    """The stage that tells, and the store or the queue that gives it its cases."""

    stage: CaseTeller
    source: Store
    told_before: int = 0
    empty: int = 0

    def run(
        self,
        workspace: Workspace,
        *,
        caps: Caps | None,
        retry_failed: bool,
        kinds: Collection[str],
        progress: ProgressBar,
    ) -> ToldReport:
        """Have all cases told."""
        done = ask_over(
            workspace, self.source, self.stage, caps=caps, retry_failed=retry_failed, kinds=kinds, progress=progress
        )
        failed = self.source.failed_cases if isinstance(self.source, CaseQueue) else {}
        left_out = sum(count for name, count in done.notes.items() if name.startswith(NO_CASE))
        done = replace(done, done=done.done - left_out)
        return ToldReport(done, self.told_before, self.empty, left_out, failed)

    def rehearse(
        self,
        order: TellingOrder,
        *,
        retry_failed: bool = False,
        kinds: Collection[str] = (),
        progress: ProgressBar = no_progress,
    ) -> DryRun:
        """What would be asked and cost; nothing is sent and nothing is written."""
        return dry_run(
            self.source,
            self.stage,
            order.teller,
            command=COMMAND,
            retry_failed=retry_failed,
            kinds=kinds,
            progress=progress,
        )


def telling_work(workspace: Workspace, store: Store, order: TellingOrder, gate: Gate) -> TellingWork:
    """What a run has to do. Raises UsageError for what does not fit together, EgressBlockedError by the gate."""
    _check(store, order)
    if order.is_of_records:
        away = {id for id, decision in store.decisions().items() if decision.verdict is Verdict.REJECTED}
        stage = _teller(workspace, order, gate, _within(workspace.scheme, away, _case_of(workspace, order)))
        stage.checks = _checks(workspace, store, [])
        return TellingWork(stage, store if order.records is None else LimitedStore(store, order.records))
    cases, empty = _cases(workspace, order)
    known = {case.id: case for case in cases}
    stage = _teller(workspace, order, gate, lambda item: known[item.record.id])
    told = _told(store, stage.signature.by)
    left = [case for case in cases if told.get(case_key(case), frozenset()) < case.facts.keys()]
    stage.checks = _checks(workspace, store, [case_key(case) for case in left])
    return TellingWork(stage, CaseQueue(store, list(map(_as_record, left))), len(cases) - len(left), empty)


def _check(store: Store, order: TellingOrder) -> None:
    """Raises UsageError for what does not fit together."""
    kinds = {"--from-table": order.table, "--from-layers": order.layer, "--from-reports": order.reports or None}
    given = [name for name, value in kinds.items() if value is not None]
    if order.table is not None and len(given) > 1:
        raise UsageError(f"expected one of {', '.join(given)}: cases come from a table or from records")
    if order.columns and order.table is None:
        raise UsageError("expected --column with --from-table, whose columns it names")
    if order.parallel and given:
        raise UsageError(
            "expected --parallel with cases of the generator, whose facts are there in both languages, with "
            f"{given[0]} in one: `curate translate` makes records in the other language"
        )
    if not given and order.records is None:
        raise UsageError(
            "expected --records N, the number of cases, or one of --from-table, --from-layers, --from-reports"
        )
    spoken = order.languages or LANGUAGES
    if unknown := [language for language in spoken if language not in LANGUAGES]:
        raise UsageError(f"expected languages of {', '.join(LANGUAGES)}, got {', '.join(unknown)}")
    if order.parallel and len(set(spoken)) < 2:
        raise UsageError(f"expected at least two languages to tell alike, got {', '.join(spoken)}")
    if order.is_of_records:
        store.require_records()
    if order.layer is not None:
        store.require_layers([order.layer])


def _case_of(workspace: Workspace, order: TellingOrder) -> CaseOf:
    languages = order.languages or LANGUAGES
    if order.reports:
        return cases_of_reports(order.layer, workspace.config.curation.generate.report_words, languages)
    return cases_of_layers(order.layer or "", languages)


def _cases(workspace: Workspace, order: TellingOrder) -> tuple[list[ToldCase], int]:
    """The cases of a table or the generator with what the scheme has categories for, and rows without a fact."""
    spoken = order.languages or LANGUAGES
    empty = 0
    if order.table is not None:
        language = order.languages[0] if order.languages else None
        table = read_case_table(order.table, workspace.scheme, columns=order.columns, language=language)
        if order.languages is None and table.language is not None:
            workspace.notify(f"{order.table.name}: the facts are taken to be in {table.language}, by their words")
        cases, empty = [case for case in table.cases if set(case.facts) <= set(spoken)], table.empty
        if others := len(table.cases) - len(cases):
            workspace.notify(
                f"{order.table.name}: {others:,} rows in other languages than {', '.join(spoken)} left out"
            )
        cases = cases[: order.records]
    else:
        weights = language_weights(spoken, workspace.config.curation.generate.languages)
        if not any(weights.values()):
            raise UsageError(f"expected a weight above 0 for one of {', '.join(spoken)} in curation.generate.languages")
        cases = list(drawn_cases(order.records or 0, languages=weights, seed=order.seed, parallel=order.parallel))
    fitting = [fitted for case in cases if (fitted := _fitting(case, workspace.scheme)) is not None]
    if cases and not fitting:
        raise UsageError(
            f"expected cases with facts in the categories of the scheme {workspace.scheme.name}, got none; the "
            "generator's facts are in those of the scheme that ships with the product"
        )
    return fitting, empty


def _fitting(case: ToldCase, scheme: Scheme) -> ToldCase | None:
    """The case with the facts in categories of the scheme; None where it has none, and is no report."""
    facts = {
        language: tuple(fact for fact in found if fact.category in scheme.names)
        for language, found in case.facts.items()
    }
    return replace(case, facts=facts) if case.report is not None or all(facts.values()) else None


def _within(scheme: Scheme, away: Collection[str], case_of: CaseOf) -> CaseOf:
    def fitted(item: Item) -> ToldCase | str:
        if item.record.id in away:
            return "set aside or rejected"
        case = case_of(item)
        if isinstance(case, str):
            return case
        return _fitting(case, scheme) or "without a fact in a category of the scheme"

    return fitted


def _teller(workspace: Workspace, order: TellingOrder, gate: Gate, case_of: CaseOf) -> CaseTeller:
    name, model = named_model(_model_name(order.teller, "--with"), workspace.config.models)
    return CaseTeller(
        workspace.scheme,
        workspace.config.curation.generate,
        language_model(name, model, gate),
        name=order.stage,
        case_of=case_of,
        reads=(order.layer,) if order.layer else (),
        judge=_judge(workspace, order, gate) if order.judge else None,
        seed=order.seed,
    )


def _judge(workspace: Workspace, order: TellingOrder, gate: Gate) -> Judge:
    name, model = named_model(_model_name(order.judge or "", "--judge"), workspace.config.models)
    models = {name: language_model(name, model, gate)}
    return Judge(workspace.scheme, workspace.config.curation.judge, models, layer=TOLD_LAYER)


def _model_name(spoken: str, option: str) -> str | None:
    kind, _, argument = spoken.partition(":")
    if kind != AuthorKind.LLM:
        raise UsageError(f"expected a language model (llm:NAME) with {option}, got {spoken!r}")
    return argument or None


def _told(store: Store, by: str) -> dict[str, frozenset[str]]:
    """The languages in which each case was told by this teller."""
    found: dict[str, frozenset[str]] = {}
    for record in store.records():
        if (told := _told_by(record)) is not None and told.by == by and not _is_translated(record):
            found[told.case] = found.get(told.case, frozenset()) | {record.language}
    return found


def _told_by(record: Record) -> ToldBy | None:
    try:
        return ToldBy.model_validate(record.meta[TOLD])
    except (KeyError, ValidationError):
        return None


def _is_translated(record: Record) -> bool:
    """Whether the text was translated here, also where a person has corrected it; `meta` is that of the original."""
    return not {MADE, CORRECTED}.isdisjoint(record.meta)


def _checks(workspace: Workspace, store: Store, anew: Collection[str]) -> TellingChecks:
    """What texts are held against: those made before, without cases that are told now; rows of words of real ones."""
    novelty = NoveltyIndex()
    for record in store.records():
        told = _told_by(record)
        if is_made_up(record) and (told is None or told.case not in anew):
            novelty.add(record.text, record.language)
    real = (record.text for record in store.records() if not is_made_up(record))
    copied = CopiedWordsIndex(real, length=workspace.config.curation.generate.copied_words)
    return TellingChecks(assert_entities, novelty, copied)


def is_made_up(record: Record) -> bool:
    """Whether a record was generated, by rules or by a model."""
    return is_told(record) or record.meta.get("synthetic") is True


def told_author(record: Record) -> str | None:
    """Who has generated a record, TRANSLATED for translations of such records; None for real ones."""
    if not is_made_up(record):
        return None
    if _is_translated(record):
        return TRANSLATED
    told = _told_by(record)
    if told is not None:
        return told.author
    return RULES


def told_counts(store: Store) -> dict[str, JsonValue]:
    """What language models have told so far, and what is not as it was ordered."""
    counts: Counter[str] = Counter()
    for record in store.records():
        if (told := _told_by(record)) is not None and not _is_translated(record):
            counts[f"texts by {told.author}, of {told.origin.value}"] += 1
            counts.update({f"finding: {name}": count for name, count in told.findings.items()})
    return dict(sorted(counts.items()))


def _as_record(case: ToldCase) -> Record:
    """A case as what the runner takes; it is never stored."""
    language = next(iter(case.facts))
    return Record(id=case.id, group=case.group, source=case.source, language=language, text="")
