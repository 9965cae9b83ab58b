"""The annotations of a WebAnno TSV file, put together from the rows that they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from curation.sources.cas import STRUCTURE, named_kind
from curation.sources.draft import Draft, DraftEntity, DraftRelation
from curation.sources.reading import Lost, Problem, ReadingContext, shown
from curation.sources.webanno_rows import (
    BASE,
    CHAIN_LINK,
    CHAIN_SUFFIX,
    CHAIN_TYPE,
    ROLE,
    LayerKind,
    WebannoLayer,
    WebannoRow,
    WrongRowError,
    ids_of,
    split,
    suffixed,
    value_of,
)
from curation.sources.webanno_text import PlacedText, WebannoDocument

#: The type of which every annotation is.
ANY = "uima.tcas.Annotation"


@dataclass(slots=True)
class WebannoMark:
    """An annotation in the making: its layer, its extent in the text, its features and links."""

    layer: str
    start: int
    end: int
    features: dict[str, Any] = field(default_factory=dict)
    slots: list[tuple[str, str, str]] = field(default_factory=list)  #: role, target, the layer of the target
    id: str = ""


class WebannoMarks:
    """The annotations of a document, put together from the rows that they stand in."""

    def __init__(self, document: WebannoDocument, placed: PlacedText) -> None:
        self._document, self._placed = document, placed
        self._marks: list[WebannoMark] = []
        self._by_id: dict[str, WebannoMark] = {}
        self._by_unit: dict[str, list[WebannoMark]] = {}
        self._chains: dict[tuple[str, str], dict[int, tuple[WebannoMark, str]]] = {}
        self._relations: list[tuple[WebannoLayer, WebannoRow, dict[str, str], str]] = []

    def read(self) -> Iterator[Problem]:
        """Reads all rows; a problem for each whose cells do not fit together."""
        for sentence in self._document.sentences:
            for row in sentence.rows:
                if row.where not in self._placed.spans:
                    continue
                for layer in self._document.layers:
                    try:
                        self._layer(layer, row)
                    except WrongRowError as error:
                        self._document.damaged |= ids_of(row)
                        yield Problem(row.where, f"layer {shown(layer.name)}: {error}", Lost.ENTITY)

    def _layer(self, layer: WebannoLayer, row: WebannoRow) -> None:
        columns = [split(cell, "|") for _, cell in layer.cells(row)]
        depths = {len(column) for column in columns}
        if len(depths) > 1:
            raise WrongRowError("expected as many annotations in each of its columns, got others")
        for stacked in zip(*columns, strict=True):
            match layer.kind:
                case LayerKind.SPAN:
                    self._span(layer, row, stacked)
                case LayerKind.CHAIN:
                    self._chain(layer, row, stacked)
                case LayerKind.RELATION:
                    values = dict(zip(layer.features, stacked, strict=True))
                    source = next((values.pop(name) for name in list(values) if name.startswith(BASE)), "")
                    self._relations.append((layer, row, _features(values), source))

    def _span(self, layer: WebannoLayer, row: WebannoRow, stacked: Sequence[str]) -> None:
        values = [
            (written, "") if layer.is_target(number) else suffixed(written) for number, written in enumerate(stacked)
        ]
        id = next((suffix for _, suffix in values if suffix), "")
        mark = self._mark(layer.name, row, id)
        for number, (name, (written, _)) in enumerate(zip(layer.features, values, strict=True)):
            if layer.is_target(number):
                roles = split(values[number - 1][0], ";")
                feature = layer.features[number - 1].partition(":")[2].partition("_")[0]
                for role, target in zip(roles, split(written, ";"), strict=False):
                    mark.slots.append((value_of(role) or feature, target, name))
            elif not name.startswith(ROLE) and name and (value := value_of(written)) is not None:
                mark.features[name] = value

    def _chain(self, layer: WebannoLayer, row: WebannoRow, stacked: Sequence[str]) -> None:
        values = dict(zip(layer.features, stacked, strict=True))
        link = CHAIN_SUFFIX.search(values.get(CHAIN_LINK, ""))
        if link is None:
            raise WrongRowError("expected a chain's link such as coref->1-2, got something else")
        mark = self._mark(layer.name, row, f"{layer.name} {link[1]}-{link[2]}", number="")
        kind = value_of(suffixed(values.get(CHAIN_TYPE, "*"))[0])
        if kind is not None:
            mark.features["value"] = kind
        said = value_of(values[CHAIN_LINK][: link.start()]) or layer.name.rpartition(".")[2]
        self._chains.setdefault((layer.name, link[1]), {})[int(link[2])] = (mark, said)

    def _mark(self, layer: str, row: WebannoRow, id: str, number: str | None = None) -> WebannoMark:
        """The annotation of that id, which the row continues, or a new one."""
        start, end = self._placed.spans[row.where]
        mark = self._by_id.get(id) if id else None
        if mark is None or mark.layer != layer:
            mark = WebannoMark(layer, start, end)
            self._marks.append(mark)
            if id:
                self._by_id[id] = mark
        mark.start, mark.end = min(mark.start, start), max(mark.end, end)
        mark.id = mark.id or (id if number is None else number)
        self._by_unit.setdefault(row.unit, []).append(mark)
        return mark

    def annotate(self, draft: Draft, reading: ReadingContext) -> None:
        """Puts entities and relations into the draft; what only says how the text is built is left out."""
        ids: dict[int, str] = {}
        for mark in self._marks:
            if STRUCTURE.match(mark.layer):
                continue
            if mark.end == mark.start:
                draft.left_out += 1
                continue
            ids[id(mark)] = f"T{len(ids) + 1}"
            draft.entities.append(self._entity(mark, ids[id(mark)], draft.text))
        for kind, head, tail, where in self._links(draft, reading):
            ends = [ids.get(id(end), "") for end in (head, tail)]
            draft.relations.append(DraftRelation(f"R{len(draft.relations) + 1}", kind, ends[0], ends[1], where=where))

    def _entity(self, mark: WebannoMark, id_: str, text: str) -> DraftEntity:
        kind, features = named_kind(mark.layer, mark.features)
        identifier = features.pop("identifier", None)
        damaged = mark.id in self._document.damaged
        return DraftEntity(
            id_,
            kind,
            spans=((mark.start, mark.end),),
            wording=text[mark.start : mark.end],
            codes=(identifier,) if identifier else (),
            attributes=features,
            refused="expected all of its lines, got one that is damaged" if damaged else "",
        )

    def _links(
        self, draft: Draft, reading: ReadingContext
    ) -> Iterator[tuple[str, WebannoMark | None, WebannoMark | None, str]]:
        """Each link with its type, its two ends (None: not there), and its line."""
        for mark in self._marks:
            for role, target, layer in mark.slots:
                yield role, mark, self._target(target, layer), draft.where
        for links in self._chains.values():
            ordered = [links[number] for number in sorted(links)]
            for (head, said), (tail, _) in pairwise(ordered):
                yield said, head, tail, draft.where
        for relation, row, features, source in self._relations:
            base = next((name.removeprefix(BASE) for name in relation.features if name.startswith(BASE)), ANY)
            if STRUCTURE.match(relation.name):
                continue
            if base != ANY and STRUCTURE.match(base):
                reading.tally.notice(draft.where, f"relations of {shown(relation.name)} between words: not read")
                continue
            unit, suffix = suffixed(source)
            first, _, last = suffix.partition("_")
            ends = [
                self._target(f"{at}[{suffix}]" if suffix.strip("0") else at, base)
                for at, suffix in ((unit, first), (row.unit, last))
            ]
            yield named_kind(relation.name, features)[0], ends[0], ends[1], row.where

    def _target(self, written: str, layer: str) -> WebannoMark | None:
        """The annotation that is meant: by its id, or the only one in its line."""
        unit, id = suffixed(written)
        if id:
            return self._by_id.get(id)
        found = [mark for mark in self._by_unit.get(unit, ()) if layer in (ANY, mark.layer)]
        return found[0] if len(found) == 1 else None


def _features(values: dict[str, str]) -> dict[str, str]:
    """The features of a relation that are set."""
    read = {name: value_of(suffixed(written)[0]) for name, written in values.items() if name}
    return {name: value for name, value in read.items() if value is not None}
