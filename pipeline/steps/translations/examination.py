"""Translations examined on request: translated back, or judged by a language model; they stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from curation.author import AuthorKind
from curation.egress.gate import Gate
from curation.errors import UsageError
from curation.models.asking_stage import AskingStage, asks
from curation.models.models import language_model, named_model
from curation.stage import Stage
from curation.store import Store
from curation.translate.asking import AskingTranslator
from curation.translate.back_translation import AskingBackTranslator, TranslatingBackTranslator
from curation.translate.originals import Originals
from curation.translate.standing import StoredTranslations
from curation.translate.translated import MadeTranslation
from curation.translate.translating import TranslatingStage
from curation.translate.translation_judge import TranslationJudge
from pipeline.asking import ask_over
from pipeline.dry_run import DryRun, dry_run
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import StageReport, run_over
from pipeline.runs import recorded
from pipeline.spending import Caps
from pipeline.steps.translate import COMMAND, spoken_translator, translator_of
from pipeline.steps.translations.quality import TranslationQuality, quality_of
from pipeline.steps.translations.selection import StandingTranslations, required_translations
from pipeline.workspace import Workspace


class Examination(StrEnum):
    """How translations are examined."""

    BACK = "back-translate"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class ExaminationReport:
    """How an examination went, and what is known of the quality of all translations that stand.

    left_out: translations that were not examined, by why.
    """

    done: StageReport
    left_out: Mapping[str, int]
    quality: TranslationQuality = field(default_factory=TranslationQuality)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return self.done.as_json() | {"left_out": dict(self.left_out), "quality": self.quality.as_json()}


def examine(
    workspace: Workspace,
    store: Store,
    to: str,
    how: Examination,
    spoken: str | None = None,
    *,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    caps: Caps | None = None,
    progress: ProgressBar = no_progress,
) -> ExaminationReport:
    """Each translation into a language that stands examined, where it is not.

    spoken: who translates back or judges. Else the translator of the settings translates back, and the one model judges
    that has translated nothing. Raises UsageError without translations.
    """
    gate = gate_of(workspace, store)
    standing = required_translations(workspace, store, to)
    name = _spoken(workspace, store, how, spoken, standing)
    stage = examiner(workspace, store, how, name, gate, standing, standing.originals)
    inputs: dict[str, JsonValue] = {
        "annotator": name,
        "to": to,
        "examination": how.value,
        "sent_to": sent_to(stage),
    }
    with recorded(workspace, store, COMMAND, **inputs) as outcome:
        gate.run = outcome.run
        done = run_examiner(
            workspace, store, stage, retry_failed=retry_failed, kinds=kinds, caps=caps, progress=progress
        )
        report = ExaminationReport(done, standing.left_out, quality_of(workspace, store, to))
        if itself := report.quality.judges_itself:
            workspace.notify(
                f"{itself:,} translations are judged by the model that made them: it repeats its own errors; name "
                "another judge with --with llm:NAME"
            )
        outcome |= report.as_json()
    return report


def dry_examine(
    workspace: Workspace,
    store: Store,
    to: str,
    how: Examination,
    spoken: str | None = None,
    *,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    progress: ProgressBar = no_progress,
) -> DryRun:
    """What `examine` would ask and cost; nothing is sent and nothing is written."""
    standing = required_translations(workspace, store, to)
    name = _spoken(workspace, store, how, spoken, standing)
    stage = examiner(workspace, store, how, name, gate_of(workspace, store, writes=False), standing, standing.originals)
    if not asks(stage):
        raise UsageError(f"expected a language model (llm:NAME) for --dry-run, got {name!r}, which costs nothing")
    return dry_run(store, stage, name, command=COMMAND, retry_failed=retry_failed, kinds=kinds, progress=progress)


def examiner(
    workspace: Workspace,
    store: Store,
    how: Examination,
    name: str,
    gate: Gate,
    standing: StandingTranslations,
    only: Collection[str],
) -> Stage | AskingStage:
    """The stage that examines these translations. Raises UsageError for a judge that is no language model."""
    originals = Originals(store)
    if how is Examination.BACK:
        return _back_translator(workspace, store, name, gate, standing, originals, only)
    kind, _, argument = name.partition(":")
    if kind != AuthorKind.LLM or not argument:
        raise UsageError(f"expected a language model (llm:NAME) as a judge of translations, got {name!r}")
    config = workspace.config
    model_name, settings = named_model(argument, config.models)
    models = {model_name: language_model(model_name, settings, gate)}
    return TranslationJudge(workspace.scheme, config.curation.translate, models, originals=originals, only=only)


def run_examiner(
    workspace: Workspace,
    store: Store,
    stage: Stage | AskingStage,
    *,
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    caps: Caps | None = None,
    progress: ProgressBar = no_progress,
) -> StageReport:
    """The stage over what it has not examined. Raises UsageError for caps of one that asks no language model."""
    if asks(stage):
        return ask_over(workspace, store, stage, caps=caps, retry_failed=retry_failed, kinds=kinds, progress=progress)
    if kinds or caps not in (None, Caps()):
        raise UsageError("expected a language model (llm:NAME) for --retry and --max-..., got another translator")
    return run_over(workspace, store, stage, retry_failed=retry_failed, progress=progress)


def sent_to(stage: Stage | AskingStage) -> str | None:
    """The host that records' text is sent to by a stage, if it is not this machine."""
    return next((model.remote for model in stage.models.values() if model.remote), None) if asks(stage) else None


def _spoken(
    workspace: Workspace, store: Store, how: Examination, spoken: str | None, standing: StandingTranslations
) -> str:
    """Who examines, by name: a judge that is not told is another than the translator, where there is one other."""
    if spoken or how is Examination.BACK:
        return spoken_translator(workspace, spoken)
    made = map(MadeTranslation.of, store.records(standing.originals))
    authors = {each.author.partition("@")[0] for each in made if each}
    others = [
        name for name in (f"{AuthorKind.LLM}:{model}" for model in workspace.config.models) if name not in authors
    ]
    if len(others) > 1:
        raise UsageError(f"expected a judge, got none; name one with --with: {', '.join(others)}")
    return others[0] if others else spoken_translator(workspace, None)


def _back_translator(
    workspace: Workspace,
    store: Store,
    name: str,
    gate: Gate,
    standing: StandingTranslations,
    originals: Originals,
    only: Collection[str],
) -> AskingBackTranslator | TranslatingBackTranslator:

    def into(language: str) -> AskingTranslator | TranslatingStage:
        nothing = StoredTranslations(store, language, {}, frozenset(), frozenset())
        return translator_of(workspace, store, language, name, (), gate, nothing)

    translators = {language: into(language) for language in standing.languages}
    asking = all(asks(translator) for translator in translators.values())
    return (AskingBackTranslator if asking else TranslatingBackTranslator)(translators, originals, only)
