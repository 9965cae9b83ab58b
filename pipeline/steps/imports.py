"""From a source into the store: good rows come in, each bad one leaves a line with its position and its fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from curation.author import is_human, is_pseudonymous, is_repeat
from curation.errors import ContradictionError
from curation.record import Layer, Record, check_layer, digest, normal_group, without_lost
from curation.scheme import Scheme
from curation.sources import Lost, Notice, Problem, Read, ReadOptions, load_mapping, read
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.review.progress import counted_for_progress
from pipeline.workspace import Workspace

#: Records stored in one transaction, and characters of their texts.
BATCH, CHARACTERS = 500, 16 << 20

#: So many problems are kept in words; beyond, they are only counted.
PROBLEMS_KEPT = 10_000


#: Who gave a layer of a record in this command: what it says, and where it came from.
Given = tuple[str, str]


@dataclass
class ImportReport:
    """What came in and what did not: rows as records, what they say as layers, entities, relations and labels."""

    imported: int = 0
    #: Rows of records that were there and have a new layer now.
    updated: int = 0
    #: Rows of which nothing came in, because it was there.
    unchanged: int = 0
    skipped: int = 0
    layers: int = 0
    #: Layers that came after one of the same name that said something else.
    replaced: int = 0
    entities: int = 0
    relations: int = 0
    labels: int = 0
    realigned: int = 0
    #: Entities, relations and labels of the source that did not come in.
    left_out: int = 0
    #: Entities without offsets that were put at the first of several places.
    first_of_several: int = 0
    #: Entities of a layer whose category another one has at the very same place.
    doubled: int = 0
    by_layer: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    problems_in_all: int = 0
    notices: list[Notice] = field(default_factory=list)
    notices_in_all: int = 0
    given: dict[tuple[str, str], Given] = field(default_factory=dict, repr=False)
    seen: set[str] = field(default_factory=set, repr=False)

    def note(self, said: Problem | Notice) -> None:
        """Keep a problem or a notice; a problem that cost a record counts as skipped, others as left out."""
        if isinstance(said, Notice):
            self.notices_in_all += 1
            if len(self.notices) < PROBLEMS_KEPT:
                self.notices.append(said)
            return
        self.problems_in_all += 1
        self.skipped += said.records * (said.lost in (Lost.RECORD, Lost.FILE))
        self.left_out += said.lost in (Lost.ENTITY, Lost.RELATION)
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(said)

    def counts(self) -> dict[str, int]:
        """What is always said, and what is said when there is any of it."""
        always = {
            "imported": self.imported,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "layers": self.layers,
            "entities": self.entities,
            "relations": self.relations,
            "labels": self.labels,
            "realigned": self.realigned,
            "left out": self.left_out,
        }
        sometimes = {
            "there before, with a new layer": self.updated,
            "layers replaced": self.replaced,
            "at the first of several places": self.first_of_several,
            "entities twice": self.doubled,
        }
        return always | {name: count for name, count in sometimes.items() if count}

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "imported": self.imported,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "layers": self.layers,
            "layers_replaced": self.replaced,
            "by_layer": dict(sorted(self.by_layer.items())),
            "entities": self.entities,
            "relations": self.relations,
            "labels": self.labels,
            "realigned": self.realigned,
            "left_out": self.left_out,
            "first_of_several": self.first_of_several,
            "doubled": self.doubled,
            "problems": [{"where": problem.where, "what": problem.what} for problem in self.problems],
            "problems_in_all": self.problems_in_all,
            "notices": [{"where": notice.where, "what": notice.what} for notice in self.notices],
            "notices_in_all": self.notices_in_all,
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
    with recorded(workspace, store, "import", **inputs) as outcome, counted_for_progress(workspace, store):
        for source in sources:
            with progress(f"import {Path(source).absolute().name}", None) as advance:
                for batch in _batches(read(source, format=format, mapping=chosen, options=options)):
                    store_batch(store, batch, report, workspace.scheme, keep=keep)
                    advance(sum(isinstance(row, Read) for row in batch))
        outcome |= {key: value for key, value in report.as_json().items() if key not in {"problems", "notices"}}
    return report


def _batches(found: Iterable[Read | Problem | Notice]) -> Iterator[list[Read | Problem | Notice]]:
    """What was read, in batches of so many records or of so much text."""
    batch: list[Read | Problem | Notice] = []
    characters = 0
    for row in found:
        batch.append(row)
        characters += len(row.record.text) if isinstance(row, Read) else 0
        if len(batch) == BATCH or characters > CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def store_batch(
    store: Store, batch: Iterable[Read | Problem | Notice], report: ImportReport, scheme: Scheme, *, keep: bool = False
) -> None:
    """A batch in one transaction each for records and layers; what came in and what did not is noted in the report."""
    rows: list[tuple[Read, list[Layer]]] = []
    for row in batch:
        if not isinstance(row, Read):
            report.note(row)
            continue
        fitting = [layer if keep else _fit(layer, row.record, scheme, report) for layer in row.layers]
        sound = [layer for found in fitting for layer in _sound(row.record, found, report)]
        if (single := _single(row, sound, report)) is not None:
            rows.append((row, single))
    rows = _under_own_names(store, rows)
    there = store.known_ids(row.record.id for row, _ in rows)
    store.add_records(row.record for row, _ in rows)
    added = store.add_checked_layers(layer for _, layers in rows for layer in layers)
    report.replaced += added.replaced
    for where in _of_another_group(store, [row for row, _ in rows], there | report.seen):
        report.note(Notice(where, "there before with another group (patient), which it keeps"))
    new = {id(layer) for layer in added.new}
    for row, layers in rows:
        _count(row, [layer for layer in layers if id(layer) in new], report, known=row.record.id in there)


def _of_another_group(store: Store, rows: Sequence[Read], met: AbstractSet[str]) -> Iterator[str]:
    """Where rows stand whose record the store has with another group; met: the records that were there before."""
    often = Counter(row.record.id for row in rows)
    again = {id: row for row in rows if (id := row.record.id) in met or often[id] > 1}
    # What leaves has the id of a record of the group for the group.
    asked = {*again, *(row.record.group for row in again.values())} if again else ()
    stored = {record.id: normal_group(record.group) for record in store.records(asked)} if asked else {}
    for row in rows:
        group = row.record.group
        if row.record.id in again and stored[row.record.id] not in (group, stored.get(group)):
            yield row.where


def _under_own_names(store: Store, rows: Sequence[tuple[Read, list[Layer]]]) -> list[tuple[Read, list[Layer]]]:
    """The rows with the layers of people whose names did not leave under the name of who says the same here.

    What nobody here says is the layer of somebody else and keeps its pseudonym.
    """
    asked = {row.record.id for row, layers in rows if any(is_pseudonymous(layer.name) for layer in layers)}
    people = [name for name in store.layer_names() if is_human(name) or is_repeat(name)] if asked else []
    if not people:
        return list(rows)
    names: dict[tuple[str, str, bool], dict[str, str]] = {}
    for item in store.items(people, ids=asked):
        for name, layer in sorted(item.layers.items(), reverse=True):
            names[item.record.id, said(without_lost(layer)), is_repeat(name)] = {"name": name, "author": layer.author}

    def own(layer: Layer) -> Layer:
        if not is_pseudonymous(layer.name):
            return layer
        return layer.model_copy(update=names.get((layer.record_id, said(layer), is_repeat(layer.name)), {}))

    return [(row, [own(layer) for layer in layers]) for row, layers in rows]


def _single(row: Read, layers: Sequence[Layer], report: ImportReport) -> list[Layer] | None:
    """The layers of a row that the command has not met yet; None, with a problem, when it met others of their names."""
    new: list[Layer] = []
    for layer in layers:
        key, content = (layer.record_id, layer.name), said(layer)
        first, where = report.given.get(key, (content, row.where))
        if first != content:
            count = len(layer.entities) + len(layer.relations) + len(layer.labels)
            report.left_out += count
            what = (
                f"expected each record once, got the record of {where} again with other annotations in the layer "
                f"{layer.name}: those of {where} stay, these {count} were left out; to keep both, say who annotated in "
                "a column annotator (--column annotator=NAME)"
            )
            report.note(Problem(where=row.where, what=what, lost=Lost.RECORD))
            return None
        if key not in report.given:
            report.given[key] = (content, row.where)
            new.append(layer)
    return new


def said(layer: Layer) -> str:
    """A hash of what a layer says, whatever ids its entities and relations have and in whatever order they stand."""
    names = {entity.id: entity.model_dump(mode="json", exclude={"id"}) for entity in layer.entities}
    entities = sorted(map(digest, names.values()))
    relations = sorted(digest([link.type, names[link.head], names[link.tail]]) for link in layer.relations)
    return digest([entities, relations, layer.labels])


def _count(row: Read, new: Sequence[Layer], report: ImportReport, *, known: bool) -> None:
    """Notes what of a row came in. known: whether the store had the record before."""
    if not known and row.record.id not in report.seen:
        report.imported += 1
    elif new:
        report.updated += 1
    else:
        report.unchanged += 1
    report.seen.add(row.record.id)
    for layer in new:
        report.layers += 1
        report.by_layer[layer.name] += 1
        report.entities += len(layer.entities)
        report.relations += len(layer.relations)
        report.labels += len(layer.labels)
        report.doubled += len(layer.entities) - len({(e.category, e.spans or e.text) for e in layer.entities})
    if new:
        report.realigned += row.realigned
        report.first_of_several += row.first_of_several
    report.left_out += row.left_out


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
    fitting = restrict(layer, scheme.by_name)
    report.note(Problem(where=where_from(record), what=what, lost=Lost.ENTITY))
    lost = len(layer.entities) - len(fitting.entities) + len(layer.relations) - len(fitting.relations)
    report.left_out += lost - 1  # the problem itself counts one
    return fitting


def where_from(record: Record) -> str:
    """The source and the source's own id of a record."""
    return f"{record.source}:{record.meta.get('source_id', record.id)}"


def restrict(layer: Layer, categories: Mapping[str, object]) -> Layer:
    """The layer with the entities of these categories only, and the relations between them."""
    entities = tuple(entity for entity in layer.entities if entity.category in categories)
    ids = {entity.id for entity in entities}
    relations = tuple(relation for relation in layer.relations if {relation.head, relation.tail} <= ids)
    return layer.model_copy(update={"entities": entities, "relations": relations})
