"""The one module that runs Great Expectations: a file context in the workspace, one suite, one checkpoint.

Everything is stored as Great Expectations' own objects in `gx/`, so that it can be opened, edited and run
with Great Expectations itself.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import JsonValue

from curation.atomic_file import replaced
from curation.errors import ConfigError, MissingExtraError, no_such
from curation.path_name import folder_name
from curation.private_files import made_private
from curation.scheme import Scheme
from validation.findings import Finding, in_words
from validation.frame import NUMBERS, TEXTS, Frame
from validation.gx.data_docs import UNFINISHED, quieten
from validation.gx.data_source import Data, data_of
from validation.gx.own_definitions import PLUGIN, check_definitions
from validation.gx.suite import OURS, Merged, merge, name_of, our_expectations, severity_of
from validation.measures.columns import RECORD_ID
from validation.measures.layer import LAYER_NAME
from validation.rules import BY_NAME
from validation.settings import ValidationSettings
from validation.table import MeasureTable

SUITE = "curated"
#: How what is ours is made anew.
REMAKE = "run `curate validate --remake-suite`, which keeps what was added or changed by hand"
#: Every failing row by the record's id, never by a query or a position.
RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [RECORD_ID],
    "return_unexpected_index_query": False,
    # In SQL, even COMPLETE names no more failing rows than this.
    "partial_unexpected_count": 2**31 - 1,
}
#: Parameters that say for which rows an expectation is put, and how many of them may fail.
CONDITION, PARSER, MOSTLY = "row_condition", "condition_parser", "mostly"


@dataclass(frozen=True, slots=True)
class SuiteOutcome:
    """What the checkpoint found, where its pages are, and what of the suite is a steward's."""

    findings: tuple[Finding, ...]
    data_docs: Path
    suite: Path
    by_hand: tuple[str, ...]
    deleted: tuple[str, ...]


class OpenSuite:
    """The suite of a workspace, to be put to what was measured: our expectations around a steward's changes."""

    def __init__(self, scheme: Scheme, settings: ValidationSettings, workspace: Path) -> None:
        """Read the suite under `workspace/gx`. Raises ConfigError where Great Expectations cannot."""
        self._workspace, self._settings = workspace, settings
        check_definitions(workspace)
        with library() as gx:
            self._context = file_context(gx, workspace)
            self._suite = _suite(gx, self._context, workspace)
            self._merged = _merged(self._suite, our_expectations(scheme, settings))
            _number(self._merged.expectations)

    @property
    def columns(self) -> frozenset[str]:
        """The columns that an expectation looks at."""
        return self._merged.columns

    def check(self, measured: Frame | MeasureTable) -> SuiteOutcome:
        """What the suite finds, stored and documented under `workspace/gx`."""
        merged, workspace = self._merged, self._workspace
        with library() as gx, closing(data_of(measured)) as data:
            _save(self._suite, merged)
            checkpoint = _checkpoint(gx, self._context, data, measured.not_taken, workspace / "gx")
            _forget_old_runs(workspace, self._settings.keep_runs - 1)
            for left in (workspace / "gx").rglob(f".*{UNFINISHED}"):
                left.unlink()  # by a validation that was killed
            named = gx.RunIdentifier(run_name=_run_name(measured))
            run = checkpoint.run(batch_parameters=data.parameters(), run_id=named)
            (result,) = run.run_results.values()
            findings = _findings(result, merged, len(measured), _conditioned(gx, data, merged.expectations))
        site = workspace / "gx" / "uncommitted" / "data_docs" / "local_site"
        quieten(site)
        return SuiteOutcome(
            findings=findings,
            data_docs=site / "index.html",
            suite=suite_file(workspace),
            by_hand=merged.by_hand,
            deleted=merged.deleted,
        )

    def preview(self, measured: Frame | MeasureTable) -> tuple[Finding, ...]:
        """What `check` would find; nothing is stored or documented."""
        with library() as gx, closing(data_of(measured)) as data:
            result = _validated(gx, data, self._merged.expectations)
            _plugin().mark_unmeasured(result, measured.not_taken)
            conditioned = _conditioned(gx, data, self._merged.expectations)
            return _findings(result, self._merged, len(measured), conditioned)


def _validated(gx: Any, data: Data, expectations: list[Any]) -> Any:
    """The results of expectations, in a context of which nothing stays."""
    suite = gx.ExpectationSuite(SUITE)
    suite.expectations = expectations
    passing = gx.get_context(mode="ephemeral")
    _silence(passing)
    batch = data.batch(passing).get_batch(data.parameters())
    return batch.validate(suite, result_format=RESULT_FORMAT)


def _conditioned(gx: Any, data: Data, expectations: Iterable[Any]) -> dict[str, frozenset[str]]:
    """The records that meet the row condition of each expectation that has one, by its id.

    Great Expectations names rows that fail only: the rows that meet the condition fail to have no id.
    """
    questions = {
        str(expectation.id): gx.expectations.ExpectColumnValuesToBeNull(
            id=expectation.id,
            column=str(RECORD_ID),
            row_condition=condition,
            condition_parser=expectation.condition_parser,
        )
        for expectation in expectations
        if (condition := getattr(expectation, CONDITION, None))
    }
    if not questions:
        return {}
    answers = _validated(gx, data, list(questions.values())).results
    return {
        str(answer.expectation_config.id): frozenset(
            str(row[RECORD_ID]) for row in (answer.result or {}).get("unexpected_index_list") or ()
        )
        for answer in answers
    }


def _run_name(measured: Frame | MeasureTable) -> str:
    """The layers that were checked, as a folder can be named."""
    layers = (name for name, count in sorted(measured.counts(LAYER_NAME).items()) if count)
    return folder_name("+".join(layers))


@contextmanager
def library() -> Iterator[Any]:
    """Great Expectations with its analytics off, and its warnings about other libraries kept out of ours."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    # What it logs about a damaged file is said by our errors.
    logging.getLogger("great_expectations").addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import great_expectations
        except ImportError as error:
            raise MissingExtraError("great-expectations", "validate") from error
        _plugin()
        yield great_expectations


def _plugin() -> Any:
    """Our module of expectations, under the name by which the workspace's configuration knows its copy in `plugins`."""
    if PLUGIN not in sys.modules:
        from validation.gx import clincurate_expectations

        sys.modules[PLUGIN] = clincurate_expectations
    return sys.modules[PLUGIN]


def file_context(gx: Any, workspace: Path) -> Any:
    """Great Expectations over `workspace/gx`. Raises ConfigError where its configuration cannot be read."""
    made_private(workspace)
    try:
        context = gx.get_context(mode="file", project_root_dir=workspace)
    except Exception as error:
        raise ConfigError(
            f"expected the configuration of Great Expectations in {workspace / 'gx'}, "
            f"it cannot be read ({type(error).__name__}); mend it, or {REMAKE}"
        ) from error
    _give_plugin(context, workspace)
    if context.variables.analytics_enabled is not False or not context.variables.progress_bars:
        _silence(context)
        context.enable_analytics(False)
    return context


def _silence(context: Any) -> None:
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context.variables.progress_bars = ProgressBarsConfig(globally=False)


def _give_plugin(context: Any, workspace: Path) -> None:
    """Our plugin in the workspace, and named where Great Expectations imports it: in all that writes files."""
    content = Path(__file__).with_name(f"{PLUGIN}.py").read_text(encoding="utf-8")
    path = workspace / "gx" / "plugins" / f"{PLUGIN}.py"
    if not path.is_file() or path.read_bytes() != content.encode("utf-8"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as unfinished:
            unfinished.write_text(content, encoding="utf-8")
    stores, sites = context.variables.stores, context.variables.data_docs_sites or {}
    written = [part.get("store_backend") or {} for part in (*stores.values(), *sites.values())]
    unnamed = [
        backend
        for backend in written
        if backend.get("class_name") == "TupleFilesystemStoreBackend" and "module_name" not in backend
    ]
    for backend in unnamed:
        backend["module_name"] = PLUGIN
    if unnamed:
        context.variables.stores, context.variables.data_docs_sites = stores, sites
        context.variables.save()


def suite_file(workspace: Path) -> Path:
    """Where Great Expectations keeps the suite of a workspace."""
    return workspace / "gx" / "expectations" / f"{SUITE}.json"


def _suite(gx: Any, context: Any, workspace: Path) -> Any:
    """The suite as it stands, or an empty one. Raises ConfigError where a part of it cannot be read."""
    # What cannot be read is left out there, and only logged.
    logging.getLogger("great_expectations.core.expectation_suite").disabled = True
    file = suite_file(workspace)
    try:
        known = context.suites.get(SUITE) if file.is_file() else None
    except Exception as error:
        what = "a parameter or a severity in it" if _is_json(file) else "it"
        raise ConfigError(
            f"expected a suite of Great Expectations in {file}, {what} cannot be read ({type(error).__name__}); "
            f"mend it, or {REMAKE}"
        ) from error
    if known is None:
        return context.suites.add(gx.ExpectationSuite(SUITE))
    _check_complete(known, file)
    return known


def _is_json(file: Path) -> bool:
    try:
        return bool(json.loads(file.read_text(encoding="utf-8")))
    except ValueError:
        return False


def named(store: Any, name: str) -> Any:
    """What one of Great Expectations' stores keeps under a name, or None. Raises what it raises for a damaged file."""
    key = store.get_key(name=name, id=None)
    if not store.has_key(key=key):
        return None
    # Of an empty file it gives nothing, and no error.
    if not (found := store.get(key=key)):
        raise ValueError("empty")
    return found


def _read(store: Any, name: str, file: Path) -> Any:
    """What a store keeps under one of our names, or None. Raises ConfigError where it cannot be read."""
    try:
        return named(store, name)
    except Exception as error:
        raise ConfigError(
            f"expected what Great Expectations has written in {file}, it cannot be read ({type(error).__name__}); "
            f"mend it, or {REMAKE}"
        ) from error


def _check_complete(suite: Any, file: Path) -> None:
    """Raises ConfigError when the file holds expectations that Great Expectations has left out."""
    if not file.is_file():
        return
    content = json.loads(file.read_text(encoding="utf-8"))
    written = Counter(str(expectation.get("type")) for expectation in content.get("expectations") or ())
    left_out = written - Counter(expectation.configuration.type for expectation in suite.expectations)
    if left_out:
        from great_expectations.expectations.registry import list_registered_expectation_implementations

        known = list_registered_expectation_implementations()
        unknown = [no_such("an expectation", name, known) for name in sorted(left_out) if name not in known]
        raise ConfigError(
            f"expected expectations of Great Expectations in {file}, it cannot read: {', '.join(sorted(left_out))}; "
            f"mend or remove them{''.join(f'; {line}' for line in unknown)}"
        )


def _number(expectations: Iterable[Any]) -> None:
    """An id of its own for each, since results are told apart by it; a copy made by hand has that of the first."""
    seen: set[str] = set()
    for expectation in expectations:
        if not expectation.id or expectation.id in seen:
            expectation.id = str(uuid4())
        seen.add(expectation.id)


def _merged(suite: Any, ours: Mapping[str, Any]) -> Merged:
    """Our expectations brought up to date, around what a steward has done to the suite."""
    before = (suite.meta or {}).get(OURS, {}).get("made", [])
    return merge(suite.expectations, before, dict(ours))


def _save(suite: Any, merged: Merged) -> None:
    if merged.changed:
        suite.expectations = merged.expectations
        suite.meta = {**(suite.meta or {}), OURS: {"made": list(merged.made)}}
        suite.save()


def _checkpoint(gx: Any, context: Any, data: Data, not_taken: Mapping[str, str], folder: Path) -> Any:
    """The checkpoint, with its data source and validation definition, found or made in the folder `gx`.

    Raises ConfigError where one of them cannot be read.
    """
    file = folder / "validation_definitions" / f"{data.definition}.json"
    definition = _read(context.validation_definition_store, data.definition, file)
    file = folder / "checkpoints" / f"{data.checkpoint}.json"
    checkpoint = _read(context.checkpoint_store, data.checkpoint, file)
    checkpoint = checkpoint or _added_checkpoint(gx, context, data, definition)
    actions = [action for action in checkpoint.actions if not isinstance(action, gx.checkpoint.UpdateDataDocsAction)]
    document = _plugin().DocumentMeasuredAction(name="data docs")
    if document not in checkpoint.actions or checkpoint.result_format != RESULT_FORMAT:
        # Workspaces of before have the action of Great Expectations, which knows nothing of what was not measured.
        checkpoint.actions = [document, *(action for action in actions if not isinstance(action, type(document)))]
        checkpoint.result_format = RESULT_FORMAT
        checkpoint.save()
    for action in checkpoint.actions:
        if isinstance(action, type(document)):
            action.tell(not_taken)
    return checkpoint


def _added_checkpoint(gx: Any, context: Any, data: Data, definition: Any) -> Any:
    definition = definition or context.validation_definitions.add(
        gx.ValidationDefinition(name=data.definition, data=data.batch(context), suite=context.suites.get(SUITE))
    )
    return context.checkpoints.add(
        gx.Checkpoint(
            name=data.checkpoint,
            validation_definitions=[definition],
            actions=[_plugin().DocumentMeasuredAction(name="data docs")],
            result_format=RESULT_FORMAT,
        )
    )


def _forget_old_runs(workspace: Path, keep: int) -> None:
    """All but the newest runs leave the results and the pages; a run is a folder named after its time."""
    parents = ("validations", "data_docs/local_site/validations")
    folders = [workspace / "gx" / "uncommitted" / parent / SUITE for parent in parents]
    for folder in folders:
        runs = sorted((path for path in folder.glob("*/*") if path.is_dir()), key=lambda path: path.name)
        for run in runs[: max(0, len(runs) - keep)]:
            shutil.rmtree(run)


def _findings(result: Any, merged: Merged, rows: int, conditioned: Mapping[str, frozenset[str]]) -> tuple[Finding, ...]:
    """What each expectation found: ours in the order of the table, then a steward's."""
    return tuple(sorted((_finding(found, merged, rows, conditioned) for found in result.results), key=_order))


def _finding(result: Any, merged: Merged, rows: int, conditioned: Mapping[str, frozenset[str]]) -> Finding:
    config = result.expectation_config
    expectation = next(expectation for expectation in merged.expectations if expectation.id == config.id)
    name = name_of(expectation)
    parameters = {key: value for key, value in config.kwargs.items() if key not in ("batch_id", "column", PARSER)}
    column = str(getattr(expectation, "column", ""))
    found = result.result or {}
    failed = _failed(name, found, column)
    rule = BY_NAME.get(name)
    raised = _raised(result.exception_info or {})
    applies = conditioned.get(str(config.id))
    if raised and column and column not in {RECORD_ID, *NUMBERS, *TEXTS}:
        raised = no_such("a column of measures", column, (*NUMBERS, *TEXTS))
    not_measured = f"could not be evaluated: {raised}" if raised else str(found.get("not_measured") or "")
    if applies is not None and not applies and not raised:
        not_measured = "nothing applies: no record meets its condition"
    asked = rows if applies is None else len(applies)
    checked = 0 if not_measured else asked - int(found.get("missing_count") or 0)
    condition = _condition_in_words(parameters.pop(CONDITION, None))
    note = _batch_note(parameters.pop(MOSTLY, 1), failed, checked, bool(result.success))
    if not (note or result.success or failed or not_measured):
        note = _observed(found, condition)
    return Finding(
        expectation=name,
        column=column,
        severity=severity_of(config),
        says=rule.says if rule else str(config.notes or "added by a steward"),
        expected=in_words(config.type, parameters) + (f", where {condition}" if condition else ""),
        threshold={
            **{key: _json(value) for key, value in parameters.items()},
            **({CONDITION: condition} if condition else {}),
        },
        checked=checked,
        failed=failed,
        success=bool(result.success) and not not_measured,
        note=note,
        by_hand=name in merged.by_hand,
        not_measured=not_measured,
        applies=applies,
    )


def _failed(name: str, found: Mapping[str, Any], column: str) -> dict[str, JsonValue]:
    """The failing records with what was observed. Raises ConfigError where some of them are not named."""
    failed = {str(row[RECORD_ID]): _json(row.get(column)) for row in found.get("unexpected_index_list") or ()}
    if failed and len(failed) < int(found.get("unexpected_count") or 0):
        raise ConfigError(
            f"{name}: expected the ids of {found['unexpected_count']} failing records from Great Expectations, got "
            f"{len(failed)}; nothing was decided"
        )
    return failed


def _batch_note(mostly: float, failed: Mapping[str, JsonValue], checked: int, met: bool) -> str:
    """What `mostly` says of the whole set: it decides about no record."""
    if mostly >= 1 or not failed:
        return ""
    return (
        f"{len(failed)} of {checked} fail; mostly {mostly:g} is {'met' if met else 'not met'} by the set, and decides "
        "about no record: each one that fails has failed"
    )


def _condition_in_words(condition: Any) -> str:
    """A row condition of Great Expectations as people write it: `language == de`."""
    from great_expectations.expectations.row_conditions import deserialize_row_condition

    if not condition:
        return ""
    read = deserialize_row_condition(condition)
    return str(getattr(read, "pass_through_filter", None) or repr(read).strip("'"))


def _observed(found: Mapping[str, Any], condition: str) -> str:
    """What there is to say where no record can be named."""
    over = f"the records where {condition}" if condition else "the whole set"
    return f"observed {_json(found.get('observed_value'))} over {over}"


def _raised(info: Mapping[str, Any]) -> str:
    """The first exception's message; Great Expectations nests them by metric."""
    cases = [info] if "raised_exception" in info else list(info.values())
    return next((str(case["exception_message"]) for case in cases if case.get("raised_exception")), "")


def _order(finding: Finding) -> int:
    names = list(BY_NAME)
    return names.index(finding.expectation) if finding.expectation in BY_NAME else len(names)


def _json(value: Any) -> JsonValue:
    """A plain value; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple | set):
        return [_json(item) for item in value]
    return str(value)
