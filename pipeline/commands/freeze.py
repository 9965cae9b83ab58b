"""`curate freeze`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, print_table, say


def freeze(
    layer: Annotated[
        list[str], typer.Option("--layer", help="The layer to freeze; several: the first that a record has.")
    ],
    name: Annotated[str, typer.Option("--name", help="The set's name; each new content is a new version.")] = "curated",
    verdict: Annotated[
        list[str] | None,
        typer.Option("--verdict", help="Verdicts on text and layer; several: any of them.", show_default="accepted"),
    ] = None,
    stratify: Annotated[
        list[str] | None,
        typer.Option(
            "--stratify",
            metavar="NAME",
            help="Each split gets its share of: a document label's values, records with a category, or language.",
            show_default="curation.split.stratify",
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="NAME", help="Only records of this source; several: of any of them."),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option("--language", metavar="CODE", help="Only records in this language; several: in any of them."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Only records that meet it, by a document label or a field of their meta: NAME OP VALUE, where OP is "
            "=, !=, <, <=, >, >=, in or not in, as in `year >= 2015` or `ward in (icu, er)`; a name with blanks in "
            "quotation marks; several: all of them.",
        ),
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Freeze the records whose text and layer are accepted into a versioned set with train, validation and test."""
    from curation.decision import Verdict
    from curation.sets.freeze import how_to_validate
    from curation.sets.split import SPLITS
    from pipeline.steps.freeze import freeze as freeze_all
    from pipeline.steps.review.decisions import word_of
    from pipeline.workspace import Workspace

    verdicts = [word_of(Verdict, "a verdict", name) for name in verdict or (Verdict.ACCEPTED,)]
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        frozen = freeze_all(
            workspace,
            store,
            name=name,
            layers=layer,
            verdicts=verdicts,
            stratify=stratify,
            sources=source or (),
            languages=language or (),
            where=where or (),
        )
    if as_json:
        print_json(frozen.model_dump(mode="json"))
        return
    say(f"frozen: {frozen.name}@{frozen.version}, content hash {frozen.digest}")
    for title in ("splits", "languages", "dropped"):
        counts = frozen.manifest[title]
        assert isinstance(counts, dict)
        print_counts(title.capitalize(), counts)
    lost = frozen.manifest.get("lost_in_translation") or {}
    assert isinstance(lost, dict)
    print_counts("Not found in translations, for neither training nor exports", lost, what="entities")
    divided = frozen.manifest.get("strata") or {}
    assert isinstance(divided, dict)
    if divided:
        rows = [(name, *counts.values()) for name, counts in divided.items() if isinstance(counts, dict)]
        print_table("Strata", ("stratum", *SPLITS), rows)
    small = frozen.manifest.get("small_splits") or []
    assert isinstance(small, list)
    for line in small:
        say(str(line))
    not_validated, changed = frozen.manifest["layers_not_validated"], frozen.manifest.get("layers_changed_since") or {}
    assert isinstance(not_validated, dict)
    assert isinstance(changed, dict)
    for line in how_to_validate(not_validated, changed):
        say(line)
