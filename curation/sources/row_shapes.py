"""The shapes in which rows hold lists of annotations, brought into one: a table of fields for each annotation."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curation.sources.mapping import EntitySource, FactSource
from curation.sources.place_fields import place, says_place

#: Columns that usually hold annotations, in the order tried.
USUAL_COLUMNS = ("entities", "spans", "annotations", "ents", "extractions", "mentions", "annotation", "labels", "label")
#: Those of them that may be a label of the whole text, or a remark.
LABELS = frozenset({"labels", "label", "annotation"})
#: Columns of parts of the text that are no annotations, however they look.
PARTS = frozenset("tokens words sentences sents sections chunks paragraphs passages relations".split())
USUAL = EntitySource(path="*")
FACTS = FactSource(path="*")
CATEGORY = tuple(name for name in USUAL.category if isinstance(name, str))
#: What tables write where there is nothing.
EMPTY = frozenset({"", "0", "nan", "NaN", "<NA>", "None", "null", "0.0"})
#: So many items of a list are looked into for annotations.
LOOKED_AT = 50
#: A string longer than this is no cell of a table.
LONGEST_CELL = 1_000_000
Fields = dict[str, Any]


def shaped(value: Any, text: str) -> list[Any] | None:
    """The annotations in a column: tables of fields (what is none stays as it is); None: of no shape that is known.

    Known are lists of objects or of lists, lists for each sentence, parallel lists of one field each, objects by id
    or by type, a single annotation, and all of these as JSON (or as Python writes it) in a string.
    """
    value = decoded(value)
    if isinstance(value, list | tuple):
        return _of_list([item for item in value if item is not None], text)
    return _of_object(value, text) if isinstance(value, dict) else None


def decoded(value: Any) -> Any:
    """What a string holds that is written as a list or an object; any other value as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"[", "{"} or len(value) > LONGEST_CELL:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return _of_python(value.strip())


def _of_python(value: str) -> Any:
    """A list or an object as Python writes it, which is how tables made with pandas hold them."""
    if "'" not in value or value[-1] not in {"]", "}"}:
        return value
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return value


def annotation_columns(values: Mapping[str, Any]) -> list[str]:
    """The usual columns of annotations that hold a list or an object, in the order tried."""
    usual = [name for name in values if isinstance(name, str) and name.lower() in USUAL_COLUMNS]
    held = [name for name in usual if isinstance(decoded(values[name]), dict | list | tuple)]
    return sorted(held, key=lambda name: USUAL_COLUMNS.index(name.lower()))


def strings_of_annotations(values: Mapping[str, Any]) -> list[str]:
    """The usual columns that hold a string or a number where annotations should be: broken ones, or of their own form.

    A label may be a word; one that begins as a list or an object should be one.
    """
    found = []
    for name, value in values.items():
        if not isinstance(name, str) or name.lower() not in USUAL_COLUMNS or not isinstance(value, str | int | float):
            continue
        words = isinstance(value, str) and value.lstrip()[:1] not in {"[", "{"}
        plain = isinstance(decoded(value), str | int | float) and str(value).strip() not in EMPTY
        if plain and not (name.lower() in LABELS and (words or not isinstance(value, str))):
            found.append(name)
    return found


def looks_like_annotations(value: Any) -> bool:
    """Whether a column of any name holds annotations with offsets and types."""
    if isinstance(value, str):
        value = decoded(value) if value.lstrip()[:2] in {"[{", "[[", '{"', "{'"} else None
    if isinstance(value, dict):
        groups = [inner for inner in value.values() if isinstance(inner, list)]
        return (
            _is_parallel(value)
            or any(isinstance(item, dict) and _has_place(item) for group in groups for item in group[:1])
            or any(looks_like_annotations(inner) for inner in value.values() if isinstance(inner, dict | list))
        )
    if not isinstance(value, list | tuple):
        return False
    first = next((item for item in value if item is not None), None)
    if isinstance(first, dict):
        inner = [part for part in first.values() if isinstance(part, list | dict)]
        typed = any(isinstance(first.get(name), str | int) for name in CATEGORY)
        placed = _has_place(first) or any(isinstance(part, dict) and _has_place(part) for part in inner)
        return (typed and placed) or holds_annotations(value)
    return isinstance(first, list | tuple) and [type(item) for item in first[:3]] == [int, int, str]


def holds_annotations(value: Any) -> bool:
    """Whether one of the first objects of a list (such as a sentence or a section) holds annotations inside."""
    items = value[:LOOKED_AT] if isinstance(value, list) else ()
    parts = (part for item in items if isinstance(item, dict) for part in item.values())
    return any(looks_like_annotations(part) for part in parts if isinstance(part, list | dict))


def _has_place(fields: Mapping[str, Any]) -> bool:
    return place(fields, (), other=frozenset(CATEGORY)).spans is not None


def _of_list(items: Sequence[Any], text: str) -> list[Any] | None:
    if items and all(isinstance(item, str | int | float) for item in items):
        return None
    if items and all(isinstance(item, list) and all(isinstance(inner, dict) for inner in item) for item in items):
        if _begin_anew(items):
            return None
        items = [inner for item in items for inner in item]
    return [fields_of(item, text) if isinstance(item, list | tuple) else item for item in items]


def _begin_anew(lists: Sequence[Sequence[Fields]]) -> bool:
    """Whether lists without wordings each begin before the one before ends: they may count from its own start each."""
    before = 0
    for fields in lists:
        if any(isinstance(item.get(str(name)), str) for item in fields for name in USUAL.text):
            return False
    for fields in lists:
        spans = [span for item in fields for span in place(item, (), other=frozenset(CATEGORY)).spans or ()]
        if spans and min(spans)[0] < before:
            return True
        before = max((end for _, end in spans), default=before)
    return False


def _of_object(value: Mapping[str, Any], text: str) -> list[Any] | None:
    inner = next((name for name in USUAL_COLUMNS if isinstance(value.get(name), list | dict)), None)
    if inner is not None and not _is_parallel(value):
        return shaped(value[inner], text)
    if not value:
        return []
    if _is_parallel(value):
        return _rows_of(value)
    if _is_single(value):
        return [dict(value)]
    groups = [_of_group(str(key), inner, text) for key, inner in value.items() if inner is not None]
    return None if None in groups else [item for group in groups for item in group or ()]


def _is_parallel(value: Mapping[str, Any]) -> bool:
    """Whether each field lists its values for all annotations."""
    lists = {name: inner for name, inner in value.items() if isinstance(inner, list)}
    return any(name == "text" or says_place(name) for name in lists) and any(name in lists for name in CATEGORY)


def _rows_of(value: Mapping[str, Any]) -> list[Any] | None:
    """One table for each annotation of parallel lists; None when the lists are of unequal lengths."""
    lists = {name: inner for name, inner in value.items() if isinstance(inner, list)}
    if len({len(inner) for inner in lists.values()}) != 1:
        return None
    return [dict(zip(lists, items, strict=True)) for items in zip(*lists.values(), strict=True)]


def _is_single(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(name), str) for name in CATEGORY) and (
        _has_place(value) or any(isinstance(value.get(str(name)), str) for name in USUAL.text)
    )


def _of_group(key: str, value: Any, text: str) -> list[Any] | None:
    """The annotations under a key, which is their type, or the id of the one that has a type itself."""
    if isinstance(value, dict):
        if any(value.get(name) is not None for name in CATEGORY):
            return [{"id": key, **value}]
        return [{**value, "category": key}]
    if isinstance(value, str):
        return [{"category": key, "text": fact} for fact in split_facts(value, FACTS)]
    if not isinstance(value, list):
        return None
    if len(value) == 2 and all(isinstance(item, int) for item in value):
        value = [value]
    return list(_typed(key, [item for item in value if item is not None], text))


def _typed(key: str, items: Sequence[Any], text: str) -> Iterator[Any]:
    for item in items:
        if isinstance(item, str):
            yield {"category": key, "text": item}
        elif isinstance(item, list | tuple):
            fields = fields_of([*item, key], text)
            yield {**fields, "category": key}
        elif isinstance(item, dict):
            yield item if any(item.get(name) is not None for name in CATEGORY) else {**item, "category": key}
        else:
            yield item


def fields_of(items: Sequence[Any], text: str) -> Fields:
    """The fields of an annotation that is a list: two offsets (or pairs of them), a type, and perhaps the wording.

    Of two words the one that stands at the offsets, or alone in the text, is the wording.
    """
    if sum(isinstance(item, str) and item.isdecimal() for item in items) == 2:  # lists of one type hold them as strings
        items = [int(item) if isinstance(item, str) and item.isdecimal() else item for item in items]
    words = [item for item in items if isinstance(item, str)]
    scores = [item for item in items if isinstance(item, float) and not item.is_integer()]
    rest = [item for item in items if item not in words and item not in scores and item is not None]
    found: Fields = {"span": rest[0] if len(rest) == 1 and isinstance(rest[0], list | tuple) else rest} if rest else {}
    if len(scores) == 1:
        found["score"] = scores[0]
    if len(words) == 1:
        found["category"] = words[0]
    elif len(words) == 2:
        spans = place(found, ()).spans or ()
        there = {text[start:end] for start, end in spans} if rest else {word for word in words if word in text}
        if rest or len(there) == 1:
            wording = next((word for word in words if word in there), words[0])
            found |= {"text": wording, "category": next((word for word in words if word != wording), wording)}
    return found


def split_facts(value: Any, source: FactSource) -> Iterator[str]:
    """The facts in a string, without those that stand for absence."""
    for fact in str(value if value is not None else "").split(source.separator):
        if fact.strip().lower().strip(".") not in source.absent:
            yield fact.strip()
