"""The words by which the store says what became of a record in a stage."""

from __future__ import annotations

DONE = "done"
FAILED = "failed"
#: After the fingerprint of a stage that failed for no fault of the record: it is not done with that fingerprint.
MAY_PASS = ":may pass"
