"""The flat view, document labels and attributes: whether the content of a layer fits the forms of the scheme."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curation.decision import DecisionKind
from curation.record import Entity, Layer
from curation.scheme import ABSENT, Scheme
from curation.scoring.flat_shape import FlatFault, ValueForm, facts, faults, kept_shape, shape
from curation.sources.mapping import FactSource
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.settings import Severity

#: What reads as "nothing" when a flat view is read back.
NOTHING = frozenset(FactSource(path="").absent)


FLAT_FAULTS = MeasureColumn(
    "flat_faults",
    "faults of the layer's flat view: keys that are not exactly the scheme's, no strings, N/A beside facts",
)
FLAT_FAULT_PLACES = MeasureColumn("flat_fault_places", "what they are, and at which key", Holds.WORDS)
ANSWER_FAULTS = MeasureColumn("answer_faults", "the same of the flat answer that the layer was read from")
ANSWER_FAULT_PLACES = MeasureColumn("answer_fault_places", "what they are, and at which key", Holds.WORDS)
FACTS_CHANGED = MeasureColumn("facts_changed", "facts that are not read back from the flat view as they are")
FACTS_CHANGED_ENTITIES = MeasureColumn("facts_changed_entities", "their ids", Holds.ENTITY_IDS)
INVALID_LABELS = MeasureColumn("invalid_labels", "document labels with a value that the scheme does not have")
INVALID_LABEL_NAMES = MeasureColumn("invalid_label_names", "their names", Holds.WORDS)
MISSING_LABELS = MeasureColumn("missing_labels", "document labels of the scheme that the layer does not give")
MISSING_LABEL_NAMES = MeasureColumn("missing_label_names", "their names", Holds.WORDS)
UNKNOWN_LABELS = MeasureColumn("unknown_labels", "document labels that the scheme does not have")
INVALID_ATTRIBUTES = MeasureColumn(
    "invalid_attributes", "entities whose attributes have values that the scheme does not have"
)
INVALID_ATTRIBUTE_ENTITIES = MeasureColumn("invalid_attribute_entities", "their ids", Holds.ENTITY_IDS)


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """What of each layer does not fit the scheme's flat view, labels and attributes."""
    return [_row(subject.layer, scope.scheme) for subject in subjects if subject.layer]


def _row(layer: Layer, scheme: Scheme) -> Columns:
    own = view_faults(layer, scheme)
    answered = answer_faults(layer, scheme)
    lost = [entity.id for entity in layer.entities if scheme.counts(entity) and not comes_back(entity)]
    values = {label.name: label.values for label in scheme.labels}
    wrong = sorted(name for name, value in layer.labels.items() if value not in values.get(name, (value,)))
    missing = [name for name in values if name not in layer.labels]
    odd = list(_invalid_attributes(layer, scheme))
    return {
        FLAT_FAULTS: len(own),
        FLAT_FAULT_PLACES: [str(fault) for fault in own],
        ANSWER_FAULTS: len(answered),
        ANSWER_FAULT_PLACES: [str(fault) for fault in answered],
        FACTS_CHANGED: len(lost),
        FACTS_CHANGED_ENTITIES: list(lost),
        INVALID_LABELS: len(wrong),
        INVALID_LABEL_NAMES: list(wrong),
        MISSING_LABELS: len(missing),
        MISSING_LABEL_NAMES: list(missing),
        UNKNOWN_LABELS: len(layer.labels.keys() - values.keys()),
        INVALID_ATTRIBUTES: len(odd),
        INVALID_ATTRIBUTE_ENTITIES: list(odd),
    }


def view_faults(layer: Layer, scheme: Scheme) -> list[FlatFault]:
    """What is wrong with the flat view of a layer; a category that the scheme does not have is a key too many."""
    foreign = sum(entity.category not in scheme.by_name for entity in layer.entities)
    if foreign:
        entities = tuple(entity for entity in layer.entities if entity.category in scheme.by_name)
        layer = layer.model_copy(update={"entities": entities, "relations": ()})
    return [FlatFault(ValueForm.UNKNOWN)] * foreign + faults(shape(scheme.flat(layer)), scheme)


def answer_faults(layer: Layer, scheme: Scheme) -> list[FlatFault]:
    """What was wrong with the flat answer that a layer was read from, if it was and the importer kept its shape."""
    flat = kept_shape(layer)
    return faults(flat, scheme) if flat is not None else []


def comes_back(entity: Entity) -> bool:
    """Whether an entity's wording, written as a fact of the flat view, is read back as this one fact."""
    wording = " ".join(entity.text.split())
    return facts(wording) == [wording] and wording != ABSENT and wording.lower().strip(".") not in NOTHING


def _invalid_attributes(layer: Layer, scheme: Scheme) -> Iterator[str]:
    """The entities with an attribute of the scheme that has another value, or that their category does not have."""
    if not scheme.attributes:
        return
    attributes = {attribute.name: attribute for attribute in scheme.attributes}
    for entity in layer.entities:
        for name, value in entity.attributes.items():
            if (attribute := attributes.get(name)) is not None and (
                value not in attribute.values or (attribute.categories and entity.category not in attribute.categories)
            ):
                yield entity.id
                break


FLAT = MeasureSpec(
    name="flat",
    version=2,
    of=DecisionKind.LAYER,
    columns=(
        FLAT_FAULTS,
        FLAT_FAULT_PLACES,
        ANSWER_FAULTS,
        ANSWER_FAULT_PLACES,
        FACTS_CHANGED,
        FACTS_CHANGED_ENTITIES,
        INVALID_LABELS,
        INVALID_LABEL_NAMES,
        MISSING_LABELS,
        MISSING_LABEL_NAMES,
        UNKNOWN_LABELS,
        INVALID_ATTRIBUTES,
        INVALID_ATTRIBUTE_ENTITIES,
    ),
    rules=(
        Rule(
            "flat_view_whole",
            FLAT_FAULTS,
            "The flat view has exactly the scheme's keys, strings only, and N/A only alone.",
            beside=(FLAT_FAULT_PLACES,),
        ),
        Rule(
            "flat_answer_whole",
            ANSWER_FAULTS,
            "The flat answer that the layer was read from had exactly the scheme's keys, strings only, and N/A only "
            "alone.",
            severity=Severity.SOFT,
            beside=(ANSWER_FAULT_PLACES,),
        ),
        Rule(
            "facts_come_back",
            FACTS_CHANGED,
            "Every fact of the flat view is read back as one fact, and as this one.",
            severity=Severity.SOFT,
            beside=(FACTS_CHANGED_ENTITIES,),
        ),
        Rule(
            "label_values_known",
            INVALID_LABELS,
            "Every document label has a value that the scheme has.",
            beside=(INVALID_LABEL_NAMES,),
        ),
        Rule(
            "labels_given",
            MISSING_LABELS,
            "The layer gives a value for every document label of the scheme.",
            severity=Severity.SOFT,
            beside=(MISSING_LABEL_NAMES,),
            applies=lambda scheme: bool(scheme.labels),
        ),
        Rule("labels_known", UNKNOWN_LABELS, "Every document label is one of the scheme's.", severity=Severity.OFF),
        Rule(
            "attribute_values_known",
            INVALID_ATTRIBUTES,
            "Every attribute that the scheme has is of a category that may have it, with a value that the scheme has.",
            beside=(INVALID_ATTRIBUTE_ENTITIES,),
        ),
    ),
    measure=measure,
)
