"""People in what leaves: numbers in the place of their names, in data as on cards, and the way back from these."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from curation.author import human, is_human, is_repeat, own_name, pseudonym, repeat
from curation.record import Layer, Record

#: What stands in the place of a person's name, with a number.
PERSON = "person"


def in_data(name: str, people: Sequence[str]) -> str:
    """The name under which a layer or an author leaves: `human:person-2` for the second of the people.

    Without a number for a person who is none of these; machines keep their names.
    """
    if not (is_human(name) or is_repeat(name)):
        return name
    person = human(own_name(name))
    number = people.index(person) + 1 if person in people else None
    return (repeat if is_repeat(name) else human)(pseudonym(number))


def by_pseudonym(people: Sequence[str]) -> dict[str, str]:
    """The people's names by those under which their layers leave."""
    names = [*people, *(repeat(own_name(person)) for person in people)]
    return {in_data(name, people): name for name in names}


def in_words(text: str, people: Sequence[str]) -> str:
    """The text of a card with `person 2` in the place of a name; of a person who is none of these, without a number."""
    if is_human(text) and text not in people:
        return f"a {PERSON}"

    def label(name: str) -> str:
        numbered = f"{PERSON} {people.index(human(own_name(name))) + 1}"
        return repeat(numbered) if is_repeat(name) else numbered

    return _replaced(text, people, label)


def in_names(text: str, people: Sequence[str]) -> str:
    """The name of a set or of layers with pseudonyms in the place of people's names."""
    if is_human(text) or is_repeat(text):
        return in_data(text, people)
    return _replaced(text, people, lambda name: in_data(name, people))


def layer_without_name(layer: Layer, people: Sequence[str]) -> Layer:
    """The layer under its author's pseudonym."""
    changed = {"name": in_data(layer.name, people), "author": in_data(layer.author, people)}
    same = changed == {"name": layer.name, "author": layer.author}
    return layer if same else layer.model_copy(update=changed)


def record_without_names(record: Record, people: Sequence[str]) -> Record:
    """The record whose description has pseudonyms where it names people, such as who corrected a translation."""
    meta = _unnamed(record.meta, people)
    return record if meta == record.meta else record.model_copy(update={"meta": meta})


def _unnamed(value: Any, people: Sequence[str]) -> Any:
    if isinstance(value, str):
        return in_data(value, people)
    if isinstance(value, dict):
        return {key: _unnamed(inner, people) for key, inner in value.items()}
    return [_unnamed(inner, people) for inner in value] if isinstance(value, list) else value


def _replaced(text: str, people: Sequence[str], name_of: Callable[[str], str]) -> str:
    """The text with another name for each person's layer in it, the longest first, each once."""
    names = sorted([*people, *(repeat(own_name(person)) for person in people)], key=len, reverse=True)
    return re.sub("|".join(map(re.escape, names)), lambda found: name_of(found[0]), text) if names else text
