"""What Great Expectations does not have: expectations over measures of ours, in plain words, and results that
tell what was not measured from what was met.

A copy of this file stands in the workspace's `gx/plugins`, from where Great Expectations loads it by itself:
a suite whose expectations it does not know is shown as if they had been deleted. So this module must need
nothing but Great Expectations.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from great_expectations.checkpoint import UpdateDataDocsAction
from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.data_context.store import TupleFilesystemStoreBackend as WrittenInPlace
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween

#: So many failing rows of an expectation are kept beside the full list, for Data Docs.
SHOWN = 20
#: What Data Docs say of an expectation that looked at no record.
NOT_MEASURED = "not measured"
#: The end of the name of a file that is being written.
UNFINISHED = ".unfinished"


class TupleFilesystemStoreBackend(WrittenInPlace):  # type: ignore[misc]
    """Files that are there whole or not at all: a suite may hold what a steward wrote.

    Named in the workspace's configuration of Great Expectations, which thereby imports this module.
    """

    def _set(self, key: Any, value: str | bytes, **_: Any) -> str:
        parts = key if isinstance(key, tuple) else key.to_tuple()
        path = Path(self.full_base_directory, self._convert_key_to_filepath(parts))
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
        with unfinished.open("wb") as file:
            file.write(value.encode() if isinstance(value, str) else value)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        return str(path)


class ExpectEntitiesToBeGrounded(ExpectColumnValuesToBeBetween):  # type: ignore[misc]
    """Expect at least a share `min_value` of each record's entities to stand in its text."""

    column: str = "grounding_ratio"


class ExpectTextToBeFreeOfIdentifiers(ExpectColumnValuesToBeBetween):  # type: ignore[misc]
    """Expect each record's text to hold at most `max_value` identifiers: names, dates, numbers, addresses."""

    column: str = "identifiers"


class ExpectHeldOutRecordsNotToLeak(ExpectColumnValuesToBeBetween):  # type: ignore[misc]
    """Expect each held-out record to be given away in at most `max_value` ways by an earlier split of its set."""

    column: str = "leaks"


class ExpectOriginalToBeTranslated(ExpectColumnValuesToBeBetween):  # type: ignore[misc]
    """Expect at least a share `min_value` of each original's sentences in its translation, in the other language."""

    column: str = "translated_ratio"


class DocumentMeasuredAction(UpdateDataDocsAction):  # type: ignore[misc]
    """Data Docs in which an expectation that looked at no record is not met, but not measured."""

    type: Literal["document_measured"] = "document_measured"
    #: Why a column was not measured, by column; empty when Great Expectations runs by itself.
    _not_taken: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def tell(self, not_taken: Mapping[str, str]) -> None:
        """Give the reasons of this run, which are not saved with the checkpoint."""
        self._not_taken = not_taken

    def run(self, checkpoint_result: Any, action_context: Any = None) -> dict[Any, Any]:
        """Mark what was not measured, store the results so, and document them."""
        store = self._resolve_context().context.validation_results_store
        for identifier, result in checkpoint_result.run_results.items():
            mark_unmeasured(result, self._not_taken)
            _shorten(result)
            store.set(key=identifier, value=result)
        documented: dict[Any, Any] = super().run(checkpoint_result, action_context)
        return documented


def mark_unmeasured(suite_result: Any, not_taken: Mapping[str, str]) -> None:
    """Mark the results of expectations that looked at no record: no success, with the reason."""
    for result in suite_result.results:
        if reason := _why_unmeasured(result, not_taken):
            result.success = False
            # Data Docs show what was observed; where they show a share of nulls, that share is not a number.
            shown = {"observed_value": f"{NOT_MEASURED}: {reason}", "unexpected_percent": None}
            result.result = {**(result.result or {}), **shown, "not_measured": reason}
    measured = [result for result in suite_result.results if "not_measured" not in (result.result or {})]
    met = sum(bool(result.success) for result in measured)
    suite_result.success = met == len(measured)
    suite_result.statistics = {
        "evaluated_expectations": len(measured),
        "successful_expectations": met,
        "unsuccessful_expectations": len(measured) - met,
        "success_percent": 100 * met / len(measured) if measured else None,
    }


def _shorten(suite_result: Any) -> None:
    """Cut the lists of examples; the list of all failing rows stays."""
    for result in suite_result.results:
        for name, value in (result.result or {}).items():
            if name.startswith("partial_unexpected") and isinstance(value, list):
                result.result[name] = value[:SHOWN]


def _why_unmeasured(result: Any, not_taken: Mapping[str, str]) -> str:
    config = result.expectation_config
    # The column of an expectation of ours is its default, and not among its parameters.
    column = config.kwargs.get("column") or getattr(config.to_domain_obj(), "column", "")
    if column in not_taken:
        return not_taken[column]
    found = result.result or {}
    if found.get("element_count") == 0:
        return "nothing applies: no record meets its condition"
    nothing = found.get("element_count") and found["element_count"] == found.get("missing_count")
    if nothing or ("observed_value" in found and found["observed_value"] is None):
        return f"nothing applies: no record has a value in {column}"
    return ""
