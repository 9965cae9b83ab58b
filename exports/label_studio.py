"""Label Studio: tasks with annotations (of people) or predictions (of machines), and a labelling configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from curation.author import PEOPLE, kind_of
from curation.private_files import made_private
from curation.record import Assertion, Entity, Layer, Record
from curation.scheme import Scheme
from curation.sources.label_studio import ASSERTION, FRAGMENT, TEXT
from exports.file_names import file_name
from exports.losses import Capacity
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

CAPACITY = Capacity(discontinuous=True, assertions=True, scores=True, relations=True, labels=True)
#: The control of categories.
LABEL = "label"


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """`SPLIT.json`, a list of tasks to import into a project, and `config.xml` for its labelling interface."""
    made_private(to)
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.json"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write("[")
            for number, (record, layer) in enumerate(view.members(split)):
                file.write((",\n" if number else "\n") + json.dumps(_task(record, layer, view), ensure_ascii=False))
            file.write("\n]\n")
        files.append(path)
    config = to / "config.xml"
    config.write_text(_config(view.scheme), encoding="utf-8")
    return [*files, config]


def _task(record: Record, layer: Layer, view: ExportedSet) -> dict[str, Any]:
    result = [*_regions(record, layer), *_document_labels(layer)]
    data = {"id": file_name(record.id), "language": record.language, TEXT: record.text}
    if kind_of(layer.author) in PEOPLE:
        return {"data": data, "annotations": [{"result": result}], "predictions": []}
    return {"data": data, "annotations": [], "predictions": [{"model_version": layer.author, "result": result}]}


def _regions(record: Record, layer: Layer) -> Iterator[dict[str, Any]]:
    for entity in CAPACITY.kept(layer):
        yield from _region(record, entity)
    for link in CAPACITY.related(layer):
        yield {
            "type": "relation",
            "from_id": link.head,
            "to_id": link.tail,
            "direction": "right",
            "labels": [link.type],
        }


def _region(record: Record, entity: Entity) -> Iterator[dict[str, Any]]:
    """A region for each fragment, with the assertion of the first."""
    score = {} if entity.score is None else {"score": entity.score}
    for number, (start, end) in enumerate(entity.spans, start=1):
        id = entity.id if number == 1 else f"{entity.id}{FRAGMENT}{number}"
        span = {"start": start, "end": end, "text": record.text[start:end]}
        to = {"id": id, "to_name": TEXT}
        yield to | {"from_name": LABEL, "type": "labels", "value": span | {"labels": [entity.category]}} | score
        if number == 1 and entity.assertion is not Assertion.PRESENT:
            value = span | {"choices": [entity.assertion.value]}
            yield to | {"from_name": ASSERTION, "type": "choices", "value": value}


def _document_labels(layer: Layer) -> Iterator[dict[str, Any]]:
    for number, (name, value) in enumerate(layer.labels.items(), start=1):
        yield {
            "id": f"label-{number}",
            "from_name": name,
            "to_name": TEXT,
            "type": "choices",
            "value": {"choices": [value]},
        }


def _config(scheme: Scheme) -> str:
    """The labelling interface: categories, assertions, relations, document labels."""
    view = Element("View")
    if scheme.categories:
        labels = SubElement(view, "Labels", name=LABEL, toName=TEXT)
        for category in scheme.categories:
            SubElement(labels, "Label", value=category.name, background=category.colour)
    SubElement(view, "Text", name=TEXT, value=f"${TEXT}")
    if scheme.categories:
        choices = SubElement(view, "Choices", name=ASSERTION, toName=TEXT, perRegion="true", choice="single")
        for assertion in Assertion:
            SubElement(choices, "Choice", value=assertion.value)
        relations = SubElement(view, "Relations")
        for relation in scheme.relations:
            SubElement(relations, "Relation", value=relation.name)
    for label in scheme.labels:
        choices = SubElement(view, "Choices", name=label.name, toName=TEXT, choice="single")
        for value in label.values:
            SubElement(choices, "Choice", value=value)
    indent(view)
    return tostring(view, encoding="unicode") + "\n"


FORMAT = ExportFormat(
    "tasks of Label Studio with annotations or predictions, and the labelling configuration",
    write,
    CAPACITY,
    read_as="json",
    whole="*.json",
    records_beside=True,
)
