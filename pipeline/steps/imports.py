"""From a source into the store: good rows come in, each bad one leaves a line with its position and its fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from curation.batches import batched
from curation.errors import ContradictionError
from curation.record import Layer, Record, check_layer
from curation.scheme import Scheme
from curation.sources import Lost, Notice, Problem, Read, ReadOptions, load_mapping, read
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.workspace import Workspace

#: Records stored in one transaction.
BATCH = 500

#: So many problems are kept in words; beyond, they are only counted.
PROBLEMS_KEPT = 10_000


@dataclass
class ImportReport:
    """What came in and what did not."""

    imported: int = 0
    unchanged: int = 0
    skipped: int = 0
    layers: int = 0
    problems: list[Problem] = field(default_factory=list)
    problems_in_all: int = 0
    notices: list[Notice] = field(default_factory=list)

    def note(self, problem: Problem) -> None:
        """Keep a problem; one that cost a record counts as skipped."""
        self.problems_in_all += 1
        self.skipped += problem.lost in (Lost.RECORD, Lost.FILE)
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(problem)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "imported": self.imported,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "layers": self.layers,
            "problems": [{"where": problem.where, "what": problem.what} for problem in self.problems],
            "problems_in_all": self.problems_in_all,
            "notices": [{"where": notice.where, "what": notice.what} for notice in self.notices],
        }


def grouped_notices(notices: Iterable[Notice]) -> dict[str, list[str]]:
    """Where each thing was noticed."""
    places: dict[str, list[str]] = {}
    for notice in notices:
        places.setdefault(notice.what, []).append(notice.where)
    return places


def import_into(
    workspace: Workspace,
    store: Store,
    sources: Sequence[str],
    options: ReadOptions,
    *,
    format: str = "auto",
    mapping: str | None = None,
    progress: ProgressBar = no_progress,
) -> ImportReport:
    """Import sources one after the other, streaming; what went in already is not added again.

    Entities of categories that the scheme does not have are left out, each such record with a problem;
    a mapping that says `otherwise: keep` keeps them, for corpora with categories of their own.
    """
    report = ImportReport()
    chosen = load_mapping(mapping)
    keep = mapping is not None and chosen.otherwise == "keep"
    inputs: dict[str, JsonValue] = {"sources": list(sources), "format": format, "mapping": chosen.name}
    with recorded(workspace, store, "import", **inputs) as outcome:
        for source in sources:
            with progress(f"import {Path(source).name}", None) as advance:
                for batch in batched(read(source, format=format, mapping=chosen, options=options), BATCH):
                    store_batch(store, batch, report, workspace.scheme, keep=keep)
                    advance(sum(isinstance(row, Read) for row in batch))
        outcome |= {key: value for key, value in report.as_json().items() if key not in {"problems", "notices"}}
    return report


def store_batch(
    store: Store, batch: Iterable[Read | Problem | Notice], report: ImportReport, scheme: Scheme, *, keep: bool = False
) -> None:
    """A batch in one transaction each for records and layers; what came in and what did not is noted in the report."""
    records: list[Record] = []
    layers: list[Layer] = []
    for row in batch:
        if isinstance(row, Problem):
            report.note(row)
            continue
        if isinstance(row, Notice):
            report.notices.append(row)
            continue
        records.append(row.record)
        for layer in row.layers:
            fitting = layer if keep else _fit(layer, row.record, scheme, report)
            layers += _sound(row.record, fitting, report)
    added = store.add_records(records)
    report.imported += added.imported
    report.unchanged += added.unchanged
    report.layers += store.add_checked_layers(layers)


def _sound(record: Record, layer: Layer, report: ImportReport) -> Iterator[Layer]:
    try:
        yield check_layer(record, layer)
    except ContradictionError as error:
        report.note(Problem(where=where_from(record), what=str(error), lost=Lost.ENTITY))


def _fit(layer: Layer, record: Record, scheme: Scheme, report: ImportReport) -> Layer:
    """The layer without the entities whose categories the scheme does not have; each such record is a problem."""
    unknown = Counter(entity.category for entity in layer.entities if entity.category not in scheme.by_name)
    if not unknown:
        return layer
    names = ", ".join(f"{name} ({count})" for name, count in sorted(unknown.items()))
    what = (
        f"record {layer.record_id}, layer {layer.name}: expected categories of the scheme {scheme.name}, "
        f"left out the entities of: {names}; name them in a --mapping or use another scheme"
    )
    report.note(Problem(where=where_from(record), what=what, lost=Lost.ENTITY))
    return restrict(layer, scheme.by_name)


def where_from(record: Record) -> str:
    """The source and the source's own id of a record."""
    return f"{record.source}:{record.meta.get('source_id', record.id)}"


def restrict(layer: Layer, categories: Mapping[str, object]) -> Layer:
    """The layer with the entities of these categories only, and the relations between them."""
    entities = tuple(entity for entity in layer.entities if entity.category in categories)
    ids = {entity.id for entity in entities}
    relations = tuple(relation for relation in layer.relations if {relation.head, relation.tail} <= ids)
    return layer.model_copy(update={"entities": entities, "relations": relations})
