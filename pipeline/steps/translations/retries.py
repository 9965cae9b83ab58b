"""Translations with findings made again: the best of several stands, the earlier one where none is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from curation.author import PEOPLE, is_human, layer_kind
from curation.egress.gate import Gate
from curation.errors import UsageError
from curation.models.asking_stage import AskingStage
from curation.record import Record
from curation.stage import Stage
from curation.store import Store
from curation.translate.adequacy import ADEQUACY
from curation.translate.asking import AskingTranslator
from curation.translate.back_translated import BACK
from curation.translate.candidates import TranslationCandidate
from curation.translate.projection.layers import is_carried
from curation.translate.retranslating import Retranslating
from curation.translate.standing import StoredTranslations, set_older_aside
from curation.translate.translating import TranslatingStage
from pipeline.asking import ask_over
from pipeline.dry_run import DryRun, dry_run
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import StageReport
from pipeline.runs import recorded
from pipeline.spending import Caps
from pipeline.steps.translate import COMMAND, spoken_translator, translator_of
from pipeline.steps.translations.checks import TranslationChecks
from pipeline.steps.translations.examination import Examination, examiner, run_examiner, sent_to
from pipeline.steps.translations.selection import (
    StandingTranslations,
    required_translations,
    standing_translations,
)
from pipeline.workspace import Workspace

#: Which examination has found what is stored under a stage's name.
EXAMINATIONS = {BACK: Examination.BACK, ADEQUACY: Examination.JUDGE}
#: What kinds of authors are called on the command line, where that is another word.
SPOKEN = {"translator": "seq2seq"}
#: Why a translation with findings is not made again.
REVIEWED, MADE_ELSEWHERE, ORIGINAL_ASIDE = (
    "translations that a person has reviewed",
    "translations that were not made here",
    "translations of records that are set aside or rejected",
)


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """How many translations have findings, and how many break each rule."""

    translations: int
    failing: Mapping[str, int]

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {"translations": self.translations, "failing": dict(self.failing)}

    @classmethod
    def of(cls, failing: Mapping[str, Sequence[str]]) -> FindingCounts:
        """The counts, by the rules that each translation breaks."""
        counted = Counter(name for names in failing.values() for name in names)
        return cls(sum(bool(names) for names in failing.values()), dict(sorted(counted.items())))


@dataclass(frozen=True, slots=True)
class RetryReport:
    """How translating again went. before, after: the findings of all translations that stood, and of those that stand.

    left_out: translations with findings that were not made again, by why. set_aside: those in whose place a better one
    stands.
    """

    done: StageReport
    before: FindingCounts
    after: FindingCounts
    set_aside: int
    left_out: Mapping[str, int]

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return self.done.as_json() | {
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "set_aside": self.set_aside,
            "left_out": dict(self.left_out),
        }


class TranslationRetries:
    """What is translated again, and by whom: translations with findings that were made here, but for reviewed ones.

    Raises UsageError without translations, and for a translator that would say the same again.
    """

    def __init__(
        self,
        workspace: Workspace,
        store: Store,
        to: str,
        spoken: str | None,
        gate: Gate,
        *,
        best_of: int = 1,
        writes: bool = True,
    ) -> None:
        self._workspace, self._store, self._to, self._gate = workspace, store, to, gate
        self.standing = required_translations(workspace, store, to)
        self.checks = TranslationChecks(workspace, store, gate)
        self._known = StoredTranslations.into(store, to)
        rows = self.checks.rows(self.standing.originals, writes=writes)
        self.failing = {id: self.checks.failing(row) for id, row in rows.items()}
        self._again, self.left_out = self._sorted_out([id for id, names in self.failing.items() if names])
        self._examinations = self._asked_before(self._again.values())
        translator = translator_of(workspace, store, to, spoken, self._carried_layers(), gate, self._known)
        made_by = {by for made in self._known.made.values() for by in made.values()}
        temperature = workspace.config.curation.translate.retry_temperature
        self.stage = Retranslating(
            _several(translator, best_of, is_same=translator.signature.by in made_by, temperature=temperature),
            examiners=[self._examiner(name, self.standing, ()) for name in self._examinations],
            earlier=self._earlier,
            known=self._texts,
            weigh=self.checks.weigh,
            only=frozenset(self._again),
            depends=[self.checks.identity, *sorted(made_by)],
        )

    def examine_new(self) -> None:
        """What was found out about the candidates that stand now, stored: every answer is there already."""
        standing = standing_translations(self._store, self._to)
        if new := [id for id in standing.originals if id not in self.standing.originals]:
            for name in self._examinations:
                run_examiner(self._workspace, self._store, self._examiner(name, standing, new))

    def findings(self) -> FindingCounts:
        """The findings of the translations that stand now."""
        rows = self.checks.rows(standing_translations(self._store, self._to).originals)
        return FindingCounts.of({id: self.checks.failing(row) for id, row in rows.items()})

    def _sorted_out(self, ids: Sequence[str]) -> tuple[dict[str, str], dict[str, int]]:
        """By original, the translation that is made again; and how many others are not, by why."""
        reviewed = {decision.record_id for decision in self._store.latest_decisions(ids) if is_human(decision.by)}
        people = [name for name, by in self._store.layer_authors().items() if layer_kind(name, by) in PEOPLE]
        for item in self._store.items(people, ids=ids) if people else ():
            if not all(map(is_carried, item.layers.values())):
                reviewed.add(item.record.id)
        again: dict[str, str] = {}
        left_out: Counter[str] = Counter()
        for id in ids:
            original = self.standing.originals[id]
            if id in reviewed or original in self._known.corrected:
                left_out[REVIEWED] += 1
            elif id not in self._known.made.get(original, {}):
                left_out[MADE_ELSEWHERE] += 1
            elif original in self._known.rejected:
                left_out[ORIGINAL_ASIDE] += 1
            else:
                again[original] = id
        return again, dict(sorted(left_out.items()))

    def _carried_layers(self) -> list[str]:
        """The layers that were carried over to what is made again."""
        items = self._store.items(list(self._store.layer_names()), ids=list(self._again.values()))
        return sorted({name for item in items for name, layer in item.layers.items() if is_carried(layer)})

    def _asked_before(self, ids: Collection[str]) -> dict[str, str]:
        """By the name of an examining stage, who examined most of these translations."""
        found: dict[str, str] = {}
        for name in EXAMINATIONS:
            by = Counter(_by(measures, name) for _, measures in self._store.measures(ids, stage=name))
            if by:
                found[name] = by.most_common(1)[0][0]
        return found

    def _examiner(self, name: str, standing: StandingTranslations, only: Collection[str]) -> Stage | AskingStage:
        kind, _, own = self._examinations[name].partition("@")[0].partition(":")
        spoken = f"{SPOKEN.get(kind, kind)}:{own}"
        return examiner(self._workspace, self._store, EXAMINATIONS[name], spoken, self._gate, standing, only)

    def _texts(self, original: Record) -> set[str]:
        """What its translations say; the ids differ by translator."""
        return {made.text for made in self._store.records(list(self._known.made.get(original.id, {})))}

    def _earlier(self, original: Record) -> TranslationCandidate:
        """The translation that stands, with what the same examiners say that look at the candidates."""
        id = self._again[original.id]
        (item,) = self._store.items(self.stage.reads, ids=[id])
        measures: dict[str, JsonValue] = {}
        for name, by in self._examinations.items():
            for _, found in self._store.measures([id], stage=name):
                measures |= found if _by(found, name) == by else {}
        return TranslationCandidate(item.record, item.layers, measures)


def _by(measures: Mapping[str, JsonValue], stage: str) -> str:
    found = measures.get(stage)
    return str(found.get("by")) if isinstance(found, dict) else ""


def _several(
    translator: AskingTranslator | TranslatingStage, best_of: int, *, is_same: bool, temperature: float
) -> list[AskingTranslator | TranslatingStage]:
    """The translators of so many candidates; one that has translated here already gives other answers.

    Raises UsageError for a translator that has not so many.
    """
    first = int(is_same)
    numbers = range(first, first + best_of)
    if isinstance(translator, AskingTranslator):
        return [translator.alternative(number, temperature) for number in numbers]
    if numbers.stop > translator.alternatives:
        made = ", and the likeliest translation was made already" if is_same else ""
        raise UsageError(
            f"expected a language model (llm:NAME), or a translator with {numbers.stop} beams at least, which has as "
            f"many translations of a text: {translator.signature.author} has {translator.alternatives}{made}"
        )
    return [translator.alternative(number) for number in numbers]


def retry_findings(
    workspace: Workspace,
    store: Store,
    to: str,
    spoken: str | None = None,
    *,
    best_of: int = 1,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    caps: Caps | None = None,
    progress: ProgressBar = no_progress,
) -> RetryReport:
    """Each translation with findings made again, best_of times; the best stands where it is better than the earlier.

    spoken: who translates, else the translator of the settings.
    """
    store.require_writable()
    set_older_aside(store, to)  # what a run that was killed has left
    gate = gate_of(workspace, store)
    retries = TranslationRetries(workspace, store, to, spoken, gate, best_of=best_of)
    name = spoken_translator(workspace, spoken)
    inputs: dict[str, JsonValue] = {
        "annotator": name,
        "to": to,
        "retry_findings": True,
        "best_of": best_of,
        "sent_to": sent_to(retries.stage),
    }
    with recorded(workspace, store, COMMAND, **inputs) as outcome:
        gate.run = outcome.run
        try:
            done = ask_over(
                workspace, store, retries.stage, caps=caps, retry_failed=retry_failed, kinds=kinds, progress=progress
            )
        finally:
            # Also of a run that ends early: there are never two translations that stand.
            aside = set_older_aside(store, to)
        retries.examine_new()
        before = FindingCounts.of(retries.failing)
        report = RetryReport(done, before, retries.findings(), aside, retries.left_out)
        outcome |= report.as_json()
    return report


def dry_retry(
    workspace: Workspace,
    store: Store,
    to: str,
    spoken: str | None = None,
    *,
    best_of: int = 1,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    progress: ProgressBar = no_progress,
) -> DryRun:
    """What `retry_findings` would ask and cost, as far as the answers so far tell; nothing is sent or written."""
    gate = gate_of(workspace, store, writes=False)
    retries = TranslationRetries(workspace, store, to, spoken, gate, best_of=best_of, writes=False)
    name = spoken_translator(workspace, spoken)
    return dry_run(
        store, retries.stage, name, command=COMMAND, retry_failed=retry_failed, kinds=kinds, progress=progress
    )
