"""What the members of a set tell themselves, counted: records, licences, sources, marks, and who made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pydantic import JsonValue

from curation.author import is_human
from curation.markdown import code, plain
from curation.record import Layer, Record
from exports.evidence import EvidenceTable, SetEvidence, TracedFigure, column, path_of, rows_of
from exports.origins import ORIGINS, text_origins
from exports.pseudonyms import PERSON
from exports.writer import ExportedSet

#: The columns of a layer's provenance that say which prompt and model it came from.
ASKED = ("prompt", "prompt_digest", "model_as_answered")


@dataclass
class _MemberTally:
    """What is counted over the members."""

    sources: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    #: The names of people by their pseudonyms.
    named: Mapping[str, str] = field(default_factory=dict)
    asked: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    newest: str | None = None

    def add(self, record: Record, layer: Layer) -> None:
        """One more member."""
        self.sources[record.source] += 1
        self.origins.update(text_origins(record))
        author = self.named.get(layer.author, layer.author)
        self.authors[author] += 1
        self.entities[author] += len(layer.entities)
        for name in ASKED:
            if isinstance(value := layer.provenance.get(name), str):
                self.asked.setdefault(author, {}).setdefault(name, set()).add(value)
        created = layer.created.isoformat()
        self.newest = max(self.newest or created, created)


def evidence_of(view: ExportedSet) -> SetEvidence:
    """All that is known of a set: what its members tell, and what was measured of it."""
    tables = counted(view)
    if view.measured is not None:
        tables |= view.measured(view)
    name = view.nameless(f"{view.curated.name}@{view.curated.version}")
    return SetEvidence(set=name, digest=view.curated.digest, tables=tables)


def counted(view: ExportedSet) -> dict[str, EvidenceTable]:
    """The tables of what the members tell themselves; reads all of them once."""
    tally = _MemberTally(named=view.authors())
    for split in view.curated.splits:
        for record, layer in view.members(split):
            tally.add(record, layer)
    manifest, of = view.curated.manifest, _Sources(view, tally.newest)
    splits = {name: of.rows("records", count, split=name) for name, count in view.curated.splits.items()}
    sources = {name: of.rows("records", count, source=name) for name, count in sorted(tally.sources.items())}
    tables = {
        "splits": EvidenceTable(title="Records", head="split", rows=column("records", splits), notes=_notes(view)),
        "languages": EvidenceTable(head="language", rows=of.kept("records", "languages")),
        "licences": EvidenceTable(head="licence of the records", rows=of.kept("records", "licences")),
        "sources": EvidenceTable(head="source", rows=column("records", sources)),
    }
    if view.scheme.categories:
        tables["categories"] = EvidenceTable(title="Entities", head="category", rows=of.kept("entities", "categories"))
    # Sets that were frozen by an earlier version did not count them.
    for name in _counts(manifest.get("labels", {})):
        tables[f"label {name}"] = EvidenceTable(title=name, head="value", rows=of.kept("records", "labels", name))
    tables["authors"] = EvidenceTable(
        title="Who annotated", head="author", rows=_authors(tally, of), notes=_of_gold(tally.authors)
    )
    tables["dropped"] = EvidenceTable(
        title="How it was made",
        rows=of.kept("records", "dropped"),
        notes=_selected(view),
        sentence=f"The layer is {code(view.nameless(str(manifest['layer'])))}. Records that were not taken, by reason",
    )
    if manifest.get("lost_in_translation"):
        tables["lost_in_translation"] = EvidenceTable(
            rows=of.kept("entities", "lost_in_translation"),
            sentence="Entities that were not found in a translation are left out",
        )
    if origins := {name: tally.origins[name] for name in ORIGINS if tally.origins[name]}:
        tables["origins"] = EvidenceTable(
            rows=column("records", {name: of.rows("records", count, origin=name) for name, count in origins.items()}),
            sentence="Of the texts, as far as the records say",
        )
    return tables


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where the figures of a set come from: its row, or the rows of its members."""

    view: ExportedSet
    newest: str | None

    def rows(self, table: str, value: JsonValue, **which: object) -> TracedFigure:
        """A figure that was counted over the members."""
        return TracedFigure(value=value, source=rows_of(table, **self.view.scope, **which), date=self.newest)

    def kept(self, of: str, *path: str) -> dict[str, dict[str, TracedFigure]]:
        """The counts of a set's manifest in one column; those of a layer are counted over its members."""
        view = self.view
        counts: Any = view.curated.manifest
        for name in path:
            counts = counts[name]
        if view.unreviewed:
            return column(of, {key: self.rows("members", n, **{"/".join(path): key}) for key, n in counts.items()})
        run, date = view.frozen_by or (None, None)
        source = partial(path_of, "sets", view.curated.digest, "manifest", *path)
        return column(
            of, {key: TracedFigure(value=n, source=source(key), run=run, date=date) for key, n in counts.items()}
        )


def _authors(tally: _MemberTally, of: _Sources) -> dict[str, dict[str, TracedFigure]]:
    """How many records and entities each author has, people by a number."""
    known = of.view.people
    people = [*known, *sorted(author for author in tally.authors if is_human(author) and author not in known)]
    view = replace(of.view, people=tuple(people))
    rows: dict[str, dict[str, TracedFigure]] = {}
    for author, records in sorted(tally.authors.items()):
        label = view.nameless(author)
        who: dict[str, object] = {"author": label}
        if author in people:
            who = {PERSON: people.index(author) + 1}
        asked: dict[str, Any] = {
            name: of.rows("layers", ", ".join(sorted(values)), **who, column=name)
            for name, values in tally.asked.get(author, {}).items()
        }
        rows[label] = {
            "records": of.rows("layers", records, **who),
            "entities": of.rows("entities", tally.entities[author], **who),
            **asked,
        }
    return rows


def _of_gold(authors: Mapping[str, int]) -> tuple[str, ...]:
    return ("The annotations of the author gold came with the source.",) if "gold" in authors else ()


def _notes(view: ExportedSet) -> tuple[str, ...]:
    """What a reader has to know of the splits."""
    manifest = view.curated.manifest
    small, split = manifest.get("small_splits"), manifest.get("split")
    names = split.get("stratify") if isinstance(split, dict) else None
    notes = [f"Note: {plain(line)}." for line in small] if isinstance(small, list) else []
    if isinstance(names, list) and names:
        notes.append(f"The splits are stratified by {', '.join(code(name) for name in names)}.")
    if deleted := sum(view.curated.deleted.values()):
        notes.append(
            f"{deleted} records were deleted after the set was frozen; the counts of languages, licences and entities "
            "are those of then."
        )
    return tuple(notes)


def _selected(view: ExportedSet) -> tuple[str, ...]:
    """What the records had to be that were taken."""
    wanted = view.curated.manifest.get("selection")
    parts = {"source": "of the source", "language": "in the language", "where": "that meet"}
    joined = {"where": " and "}
    found = [
        f"{said} {joined.get(name, ' or ').join(code(view.nameless(str(value))) for value in values)}"
        for name, said in parts.items()
        if isinstance(wanted, dict) and isinstance(values := wanted.get(name), list) and values
    ]
    return (f"Only records were wanted {', '.join(found)}.",) if found else ()


def _counts(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value
