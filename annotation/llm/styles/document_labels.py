"""The document labels in an answer."""

from __future__ import annotations

from annotation.llm.reading import NotReadError, Reading, known_name, the_only
from curation.models.bounded_schema import Schema, closed_object, one_of
from curation.scheme import Scheme


def label_schema(scheme: Scheme) -> Schema:
    """One value for each document label."""
    return closed_object({label.name: one_of(label.values) for label in scheme.labels})


def read_labels(values: object, scheme: Scheme, reading: Reading) -> None:
    """Adds the labels that the scheme has, with values that it has; those that the answer lacks are unread."""
    names = {label.name: dict.fromkeys(label.values, ()) for label in scheme.labels}
    for spoken, value in values.items() if isinstance(values, dict) else ():
        name = known_name(spoken, dict.fromkeys(names, ()))
        meant = known_name(the_only(value), names[name]) if name else None
        if name and meant and reading.labels.get(name, meant) == meant:
            reading.labels[name] = meant
        else:
            reading.dropped["unknown document label"] += 1
    reading.unread += [name for name in names if name not in reading.labels]


def read_only_labels(values: object, scheme: Scheme, reading: Reading) -> None:
    """`read_labels` of an answer about nothing else. Raises NotReadError where it has none: that is no empty layer."""
    read_labels(values, scheme, reading)
    if not reading.labels:
        raise NotReadError("missing keys", "values of the document labels")
