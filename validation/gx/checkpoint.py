"""The one module that runs Great Expectations: a file context in the workspace, one suite, one checkpoint.

Everything lives as Great Expectations' own objects in `gx/`, so that it can be opened, edited and run
with Great Expectations itself.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import JsonValue

from curation.errors import ConfigError, MissingExtraError
from curation.scheme import Scheme
from validation.findings import Finding, in_words
from validation.frame import RECORD_ID, Frame
from validation.gx.data_docs import quieten
from validation.gx.data_source import Data, data_of
from validation.gx.suite import OURS, Merged, merge, name_of, severity_of, wanted
from validation.rules import BY_NAME
from validation.settings import ValidationSettings
from validation.table import Table

SUITE = "curated"
#: The module of our own expectations, and its copy in the workspace's plugins.
PLUGIN = "clincurate_expectations"
#: Every failing row by the record's id, never by a query or a position.
RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [RECORD_ID],
    "return_unexpected_index_query": False,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the checkpoint found, where its pages are, and what of the suite is a steward's."""

    findings: tuple[Finding, ...]
    data_docs: Path
    suite: Path
    by_hand: tuple[str, ...]
    deleted: tuple[str, ...]


def check(measured: Frame | Table, scheme: Scheme, settings: ValidationSettings, workspace: Path) -> Outcome:
    """The suite put to what was measured, stored and documented under `workspace/gx`."""
    with _library() as gx, closing(data_of(measured)) as data:
        context = _context(gx, workspace)
        suite = _suite(gx, context, workspace)
        merged = _merged(suite, wanted(scheme, settings))
        _save(suite, merged)
        checkpoint = _checkpoint(gx, context, data)
        _forget_old_runs(workspace, settings.keep_runs - 1)
        run = checkpoint.run(batch_parameters=data.parameters())
        (result,) = run.run_results.values()
        findings = _findings(result, merged, len(measured))
    site = workspace / "gx" / "uncommitted" / "data_docs" / "local_site"
    quieten(site)
    return Outcome(
        findings=findings,
        data_docs=site / "index.html",
        suite=_suite_file(workspace),
        by_hand=merged.by_hand,
        deleted=merged.deleted,
    )


def preview(
    measured: Frame | Table, scheme: Scheme, settings: ValidationSettings, workspace: Path
) -> tuple[Finding, ...]:
    """What `check` would find, a steward's changes to the suite included; nothing is stored or documented."""
    with _library() as gx, closing(data_of(measured)) as data:
        merged = _merged(_suite(gx, _context(gx, workspace), workspace), wanted(scheme, settings))
        for expectation in merged.expectations:
            # What was never saved has no id yet, and results are told apart by it.
            expectation.id = expectation.id or str(uuid4())
        suite = gx.ExpectationSuite(SUITE)
        suite.expectations = merged.expectations
        passing = gx.get_context(mode="ephemeral")
        _silence(passing)
        batch = data.batch(passing).get_batch(data.parameters())
        return _findings(batch.validate(suite, result_format=RESULT_FORMAT), merged, len(measured))


@contextmanager
def _library() -> Iterator[Any]:
    """Great Expectations with its analytics off, and its warnings about other libraries kept out of ours."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import great_expectations
        except ImportError as error:
            raise MissingExtraError("great-expectations", "validate") from error
        from validation.gx import clincurate_expectations

        # The workspace's configuration names the copy in its plugins: here it is this very module.
        sys.modules.setdefault(PLUGIN, clincurate_expectations)
        yield great_expectations


def _context(gx: Any, workspace: Path) -> Any:
    workspace.mkdir(parents=True, exist_ok=True)
    try:
        context = gx.get_context(mode="file", project_root_dir=workspace)
    except Exception as error:
        raise ConfigError(
            f"expected the configuration of Great Expectations in {workspace / 'gx'}, "
            f"it cannot be read ({type(error).__name__}); mend it, or move the folder away to start anew"
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
    """Our expectations in the workspace's plugins, and named where Great Expectations imports them by itself."""
    content = Path(__file__).with_name(f"{PLUGIN}.py").read_text(encoding="utf-8")
    place = workspace / "gx" / "plugins" / f"{PLUGIN}.py"
    if not place.is_file() or place.read_text(encoding="utf-8") != content:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")
    stores = context.variables.stores
    backend = stores.get("expectations_store", {}).get("store_backend", {})
    if backend.get("class_name") == "TupleFilesystemStoreBackend" and "module_name" not in backend:
        backend["module_name"] = PLUGIN
        context.variables.stores = stores
        context.variables.save()


def _suite_file(workspace: Path) -> Path:
    return workspace / "gx" / "expectations" / f"{SUITE}.json"


def _suite(gx: Any, context: Any, workspace: Path) -> Any:
    """The suite as it stands, or an empty one."""
    try:
        known = {suite.name: suite for suite in context.suites.all()}
    except Exception as error:
        raise ConfigError(
            f"expected a suite of Great Expectations in {_suite_file(workspace)}, it cannot be read "
            f"({type(error).__name__}); mend it, or remove it to have it made anew"
        ) from error
    return known.get(SUITE) or context.suites.add(gx.ExpectationSuite(SUITE))


def _merged(suite: Any, ours: Mapping[str, Any]) -> Merged:
    """Our expectations brought up to date, around what a steward has done to the suite."""
    before = (suite.meta or {}).get(OURS, {}).get("made", [])
    return merge(suite.expectations, before, dict(ours))


def _save(suite: Any, merged: Merged) -> None:
    if merged.changed:
        suite.expectations = merged.expectations
        suite.meta = {**(suite.meta or {}), OURS: {"made": list(merged.made)}}
        suite.save()


def _checkpoint(gx: Any, context: Any, data: Data) -> Any:
    """The checkpoint, with its data source and validation definition, found or made."""
    known = {one.name: one for one in context.checkpoints.all()}
    if data.checkpoint in known:
        return known[data.checkpoint]
    definitions = {one.name: one for one in context.validation_definitions.all()}
    definition = definitions.get(data.definition) or context.validation_definitions.add(
        gx.ValidationDefinition(name=data.definition, data=data.batch(context), suite=context.suites.get(SUITE))
    )
    return context.checkpoints.add(
        gx.Checkpoint(
            name=data.checkpoint,
            validation_definitions=[definition],
            actions=[gx.checkpoint.UpdateDataDocsAction(name="data docs")],
            result_format=RESULT_FORMAT,
        )
    )


def _forget_old_runs(workspace: Path, keep: int) -> None:
    """All but the newest runs leave the results and the pages; a run is a folder named after its time."""
    places = ("validations", "data_docs/local_site/validations")
    folders = [workspace / "gx" / "uncommitted" / place / SUITE / "__none__" for place in places]
    for folder in folders:
        runs = sorted(path for path in folder.glob("*") if path.is_dir())
        for run in runs[: max(0, len(runs) - keep)]:
            shutil.rmtree(run)


def _findings(result: Any, merged: Merged, rows: int) -> tuple[Finding, ...]:
    """What each expectation found: ours in the order of the table, then a steward's."""
    return tuple(sorted((_finding(one, merged, rows) for one in result.results), key=_place))


def _finding(result: Any, merged: Merged, rows: int) -> Finding:
    config = result.expectation_config
    expectation = next(one for one in merged.expectations if one.id == config.id)
    name = name_of(expectation)
    parameters = {key: value for key, value in config.kwargs.items() if key not in ("batch_id", "column")}
    column = str(getattr(expectation, "column", ""))
    found = result.result or {}
    failed = {str(entry[RECORD_ID]): _json(entry.get(column)) for entry in found.get("unexpected_index_list") or ()}
    rule = BY_NAME.get(name)
    return Finding(
        expectation=name,
        column=column,
        severity=severity_of(config),
        says=rule.says if rule else str(config.notes or "added by a steward"),
        expected=in_words(config.type, parameters),
        threshold={key: _json(value) for key, value in parameters.items()},
        checked=rows - int(found.get("missing_count") or 0),
        failed=failed,
        success=bool(result.success),
        note=_note(result, found, failed),
        by_hand=name in merged.by_hand,
    )


def _note(result: Any, found: Mapping[str, Any], failed: Mapping[str, JsonValue]) -> str:
    """What there is to say where no record can be named."""
    if result.exception_info and _raised(result.exception_info):
        return "could not be evaluated: " + _raised(result.exception_info)
    if not result.success and not failed:
        return f"observed {_json(found.get('observed_value'))} over the whole set"
    return ""


def _raised(info: Mapping[str, Any]) -> str:
    """The first exception's message; Great Expectations nests them by metric."""
    cases = [info] if "raised_exception" in info else list(info.values())
    return next((str(case["exception_message"]) for case in cases if case.get("raised_exception")), "")


def _place(finding: Finding) -> int:
    names = list(BY_NAME)
    return names.index(finding.expectation) if finding.expectation in BY_NAME else len(names)


def _json(value: Any) -> JsonValue:
    """A plain value; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple | set):
        return [_json(one) for one in value]
    return str(value)
