"""What fits in an annotation's authorship and what does not, with and without a history of the server."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.label_studio.exchange.authorship import doubts

ANNA, BEN, STEWARD, GONE = 1, 2, 3, 9
USERS = {ANNA: "anna@clincurate.local", BEN: "ben@clincurate.local", STEWARD: "ruth@hospital.example"}
MADE, LATER = "2026-01-05T10:00:00.000000Z", "2026-01-05T10:05:00.000000Z"


def found(by: Any, saved_by: Any, *, updated: str = LATER, **fields: Any) -> dict[str, Any]:
    """An annotation as the server shows it."""
    return {"completed_by": by, "updated_by": saved_by, "created_at": MADE, "updated_at": updated} | fields


def made(by: int | None) -> dict[str, Any]:
    """The entry of its making."""
    return {"transition_name": "annotation_created", "triggered_by": {"id": by} if by else None, "context_data": {}}


def changed(by: int | None, *fields: str) -> dict[str, Any]:
    """The entry of a change."""
    context = {"changed_fields": list(fields or ("result",))}
    return {
        "transition_name": "annotation_updated",
        "triggered_by": {"id": by} if by else None,
        "context_data": context,
    }


FITS = {
    "an own answer": (found(ANNA, ANNA), [made(ANNA)]),
    "an own answer, edited": (found(ANNA, ANNA), [made(ANNA), changed(ANNA), changed(ANNA)]),
    "an edit by another": (found(ANNA, BEN), [made(ANNA), changed(BEN)]),
    "an edit by a steward": (found(ANNA, STEWARD), [made(ANNA), changed(STEWARD)]),
    "brought in by its author": (found(BEN, None), [made(BEN)]),
    "brought in by the steward": (found(ANNA, None), [made(STEWARD)]),
    "brought in by the steward, then edited": (found(ANNA, ANNA), [made(STEWARD), changed(ANNA)]),
    "given to another by the steward": (found(BEN, STEWARD), [made(ANNA), changed(STEWARD, "completed_by_id")]),
    "taken and given back": (
        found(ANNA, BEN),
        [made(ANNA), changed(BEN, "completed_by_id"), changed(BEN, "completed_by_id")],
    ),
    "of an account that was deleted": (found(None, None), [made(None)]),
    "people told in full": (found({"id": ANNA}, {"id": ANNA}), [made(ANNA)]),
    "no history": (found(ANNA, ANNA), []),
    "no history, saved once": (found(ANNA, ANNA, updated=MADE), []),
    "no history, edited by another": (found(ANNA, BEN), []),
    "no history, made of a prediction in bulk": (found(ANNA, None, parent_prediction=4), []),
    "a history that begins later": (found(ANNA, ANNA), [changed(ANNA)]),
}

DOUBTFUL = {
    "made under another's name": (found(ANNA, BEN, updated=MADE), [made(BEN)], "history that ben did"),
    "made under another's name, edited": (found(ANNA, BEN), [made(BEN), changed(BEN)], "history that ben did"),
    "made under another's name, who edits": (found(ANNA, ANNA), [made(BEN), changed(ANNA)], "history that ben did"),
    "made under the steward's name": (found(STEWARD, BEN), [made(BEN)], "says that ruth@hospital.example made it"),
    "brought in under another's name": (found(ANNA, None), [made(BEN)], "history that ben did"),
    "taken from its author": (found(BEN, BEN), [made(ANNA), changed(BEN, "completed_by_id")], "an answer of ben"),
    "given to another": (found(ANNA, BEN), [made(BEN), changed(BEN, "result", "completed_by_id")], "answer of anna"),
    "taken where the history begins later": (found(BEN, BEN), [changed(BEN, "completed_by_id")], "an answer of ben"),
    "by an account that is gone": (found(ANNA, None), [made(None)], "an account that is gone"),
    "made by nobody known": (found(ANNA, BEN), [changed(BEN)], "only ben is known"),
    "a stranger": (found(GONE, ANNA), [made(GONE)], "account 9, which is no member"),
    "a stranger who saves": (found(ANNA, GONE), [made(ANNA), changed(GONE)], "last saver is account 9"),
    "a hidden history": (found(ANNA, ANNA), None, "cannot show it"),
    "no history, one save": (found(ANNA, BEN, updated=MADE), [], "only ben is known"),
    "no history, an import": (found(ANNA, None, updated=MADE), [], "may name anybody, and names anna"),
    "saved before it was made": (found(ANNA, ANNA, updated="2026-01-05T09:00:00Z"), [made(ANNA)], "before it was made"),
}


@pytest.mark.parametrize("case", FITS)
def test_genuine_work_is_not_doubted(case: str) -> None:
    annotation, history = FITS[case]
    assert doubts(annotation, history, USERS, steward=STEWARD, earlier=None) == ()


@pytest.mark.parametrize("case", DOUBTFUL)
def test_what_does_not_fit_is_told(case: str) -> None:
    annotation, history, why = DOUBTFUL[case]
    (reason,) = doubts(annotation, history, USERS, steward=STEWARD, earlier=None)
    assert why in reason


@pytest.mark.parametrize(("earlier", "fits"), [("anna", True), ("ben", False)])
def test_an_earlier_pull_vouches_for_an_author_where_there_is_no_history(earlier: str, fits: bool) -> None:
    assert (doubts(found(ANNA, BEN), [], USERS, steward=STEWARD, earlier=earlier) == ()) is fits
