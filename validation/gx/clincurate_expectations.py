"""Expectations that Great Expectations does not have, each over a measure of ours, each in plain words.

A copy of this file stands in the workspace's `gx/plugins`, from where Great Expectations loads it by itself:
a suite whose expectations it does not know is shown as if they had been deleted. So this module must need
nothing but Great Expectations.
"""

from __future__ import annotations

# Named in the workspace's configuration of Great Expectations, which thereby imports this module.
from great_expectations.data_context.store import TupleFilesystemStoreBackend as TupleFilesystemStoreBackend
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween


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
