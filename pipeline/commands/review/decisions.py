"""`curate review list|accept|reject|reopen`: what waits for a person, and the person's word on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.decision_output import (
    LISTED,
    ByOption,
    ReasonOption,
    RecordsArgument,
    decide_all,
    plain_standing,
    print_open,
    source_ids,
)
from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from curation.decision import Decision

TextOption = Annotated[bool, typer.Option("--text", help="The text, whatever its verdict is.")]
LayerOption = Annotated[
    str | None,
    typer.Option("--layer", metavar="NAME", help="The layer of that name, also one without a verdict."),
]
PrivacyOption = Annotated[
    str | None,
    typer.Option("--privacy", metavar="DESTINATION", help="The identifiers, for a destination or `anywhere`."),
]


def list_waiting(
    verdict: Annotated[
        str, typer.Option("--verdict", metavar="VERDICT", help="needs_review, quarantined, accepted or rejected.")
    ] = "needs_review",
    of: Annotated[
        str | None, typer.Option("--of", metavar="KIND", help="Only verdicts on this: text, layer or privacy.")
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", metavar="NAME", help="Only verdicts on this layer.")] = None,
    expectation: Annotated[
        str | None, typer.Option("--expectation", metavar="NAME", help="Only records that failed this one.")
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show what waits for a person's word, or what has another verdict: on texts, layers and privacy."""
    from pipeline.steps.review.decisions import waiting
    from pipeline.workspace import Workspace

    with Workspace.at(folder, notify=say).open_store() as store:
        found = waiting(store, verdict, of=of, layer=layer, expectation=expectation)
        names = source_ids(store, found if as_json else found[:LISTED])
    if as_json:
        print_json({"verdict": verdict, "decisions": [plain_standing(decision, names) for decision in found]})
    else:
        print_open(verdict.replace("_", " ").capitalize(), found, names)


def accept(
    records: RecordsArgument,
    reason: ReasonOption,
    by: ByOption = None,
    text: TextOption = False,
    layer: LayerOption = None,
    privacy: PrivacyOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Accept what waits for a person on records: text and layers, or what is named; validation leaves it alone."""
    from pipeline.steps.review.decisions import accept as decide

    _decide(decide, records, reason, by, text, layer, privacy, folder, as_json)


def reject(
    records: RecordsArgument,
    reason: ReasonOption,
    by: ByOption = None,
    text: TextOption = False,
    layer: LayerOption = None,
    privacy: PrivacyOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Reject what waits for a person on records: text and layers, or what is named; no later validation accepts it."""
    from validation.person_decisions import reject as decide

    _decide(decide, records, reason, by, text, layer, privacy, folder, as_json)


def reopen(
    records: RecordsArgument,
    reason: ReasonOption,
    by: ByOption = None,
    text: TextOption = False,
    layer: LayerOption = None,
    privacy: PrivacyOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Take back what people decided on records: it waits for a person again, in quarantine where it was there."""
    from validation.person_decisions import reopen as decide

    _decide(decide, records, reason, by, text, layer, privacy, folder, as_json)


def _decide(
    decide: Callable[..., list[Decision]],
    records: list[str],
    reason: str,
    by: str | None,
    text: bool,
    layer: str | None,
    privacy: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    from validation.person_decisions import AskedSubjects

    asked = AskedSubjects(text, layer, privacy)
    decide_all(
        records,
        lambda store, record_id, *, by: decide(store, record_id, asked, by=by, reason=reason),
        by=by,
        folder=folder,
        as_json=as_json,
    )
