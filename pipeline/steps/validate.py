"""Validation over a whole workspace: measure what is new, then judge everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from curation.egress.gate import Gate
from curation.errors import StoreError, UsageError, no_such
from curation.process_lock import process_lock
from curation.processes import Processes
from curation.scheme_change import REMEDY
from curation.store import Store
from pipeline.config import Config, with_overrides
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import run_over
from pipeline.runs import recorded
from pipeline.workspace import Workspace
from validation.frame import whole_of
from validation.gx.own_definitions import check_definitions
from validation.gx.remake import remake
from validation.measures.layer import CATEGORY_NAMES_UNKNOWN, UNKNOWN_CATEGORIES
from validation.measures.measure import VECTORS, Scope
from validation.measures.translation import TRANSLATION
from validation.measures.translation_apart import UnmeasuredPairs
from validation.rules import severities
from validation.settings import Severity, ValidationSettings
from validation.stage import AT_ONCE, Measure
from validation.verdict import Verdicts, judge
from validation.what_if import WhatIf, what_if

#: What a validation holds while it judges, in the workspace; and the seconds that another one waits for it.
LOCK, LONGEST_WAIT = ".validation.lock", 3600.0


def validate(
    workspace: Workspace,
    store: Store,
    *,
    layer: str | None = None,
    retry_failed: bool = False,
    remake_suite: bool = False,
    progress: ProgressBar = no_progress,
) -> Verdicts:
    """Verdicts on every record, by the layer given, else by the one that the settings prefer.

    remake_suite: have what is ours in `gx/` made anew. Raises UsageError for a layer that no record has.
    """
    settings = in_language_of_review(workspace.config)
    check_definitions(workspace.folder)
    if layer is not None:
        settings = settings.model_copy(update={"layer": layer})
    check_layers(store, settings, given=layer is not None)
    gate = gate_of(workspace, store)
    with recorded(workspace, store, "validate", layer=layer) as outcome:
        gate.run = outcome.run
        stage = Measure.over(store, workspace.scheme, settings, vectors=workspace.folder / VECTORS, gate=gate)
        # The processes end before Great Expectations is loaded: the two together would take the most memory.
        with Processes(workspace.config.curation.workers, preload=["validation.process_preload"]) as processes:
            measured = run_over(
                workspace,
                store,
                stage,
                at_once=AT_ONCE,
                retry_failed=retry_failed,
                progress=progress,
                processes=processes,
            )
            measure_translations(workspace, store, settings, processes, gate=gate, progress=progress)
        with one_at_a_time(workspace):
            if remake_suite:
                for line in remake(workspace.folder):
                    workspace.notify(line)
            verdicts = judge(store, workspace.scheme, settings, workspace.folder, gate=gate)
        tell_foreign(workspace, store)
        outcome |= {"measured": measured.as_json(), "verdicts": verdicts.as_json()}
    return verdicts


def tell_foreign(workspace: Workspace, store: Store) -> None:
    """Tell people in one line which categories of checked layers the scheme does not have."""
    entities, records, names = 0, 0, set[str]()
    for _, row in store.measures(stage=Measure.name):
        count = row.get(UNKNOWN_CATEGORIES)
        if isinstance(count, int) and count:
            found = row.get(CATEGORY_NAMES_UNKNOWN)
            names |= set(map(str, found)) if isinstance(found, list) else set()
            entities, records = entities + count, records + 1
    if records:
        scheme = workspace.scheme
        workspace.notify(
            f"{entities:,} entities of {records:,} records are in categories that the scheme {scheme.name} "
            f"{scheme.version} does not have: {', '.join(sorted(names))}; {REMEDY}"
        )


@contextmanager
def one_at_a_time(workspace: Workspace) -> Iterator[None]:
    """While another process judges this workspace, wait: Great Expectations' files are made for one.

    Raises StoreError when that takes longer than LONGEST_WAIT.
    """
    with process_lock(
        workspace.folder / LOCK,
        timeout=LONGEST_WAIT,
        extra="validate",
        refusal=StoreError,
        waits=lambda: workspace.notify("another validation of this workspace is at work; this one waits for its end"),
    ):
        yield


def measure_translations(
    workspace: Workspace,
    store: Store,
    settings: ValidationSettings,
    processes: Processes,
    *,
    gate: Gate | None = None,
    progress: ProgressBar = no_progress,
) -> None:
    """The translated pairs that several processes measure sooner than one, measured; others are left to `judge`."""
    severity = severities(settings)
    if all(severity[rule.name] is Severity.OFF for rule in TRANSLATION.rules):
        return
    scope = Scope(workspace.scheme, settings, workspace.folder / VECTORS, gate)
    left = UnmeasuredPairs.of(whole_of(store, scope, foreign={}, looked_at=()))
    if left.worthwhile(processes):
        with progress("translations", len(left.pairs)) as advance:
            for pairs in left.measure(processes):
                advance(pairs)


def in_language_of_review(config: Config) -> ValidationSettings:
    """The settings of validation, with the report in the language of the review unless it has its own."""
    settings = config.validation
    report = settings.report.model_copy(update={"language": settings.report.language or config.review.language})
    return settings.model_copy(update={"report": report})


def check_layers(store: Store, settings: ValidationSettings, *, given: bool = False) -> None:
    """Raises UsageError for a layer of the settings that no record has; ``given``: the checked one by the command."""
    known = store.layer_names()
    named: dict[str, tuple[str, ...]] = {
        "" if given else "validation.layer: ": (settings.layer,) if settings.layer else ()
    }
    named["validation.second_opinion.layers: "] = settings.second_opinion.layers
    for where, layers in named.items():
        for layer in layers:
            if layer not in known:
                raise UsageError(where + no_such("a layer of the store", layer, known))


def what_if_set(workspace: Workspace, store: Store, changes: Sequence[str]) -> WhatIf:
    """What other settings of validation, each written as validation.KEY=VALUE, would change; nothing is stored."""
    for change in changes:
        if not change.startswith("validation."):
            raise UsageError(f"expected a setting of validation such as validation.grounding.minimum=0.9, got {change}")
    changed, gate = with_overrides(workspace.config, changes).validation, gate_of(workspace, store)
    with one_at_a_time(workspace):
        return what_if(store, workspace.scheme, workspace.config.validation, changed, workspace.folder, gate=gate)
