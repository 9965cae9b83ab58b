"""One annotation of a row, read from its fields: type, wording, place, assertion, attributes, codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from curation.record import Assertion
from curation.sources.draft import DraftEntity, Span
from curation.sources.mapping import EntitySource
from curation.sources.paths import MISSING, OUTER, Node, pick
from curation.sources.place_fields import Place, is_place, number, place
from curation.sources.reading import DENYING, shown
from curation.sources.row_shapes import (
    USUAL,
    fields_of,
)
from curation.text.assertion_words import NEGATION_FIELDS, assertion_of_word

#: Other fields that give an assertion in a word; and what the words of a field that says "negated" mean.
ASSERTIONS = ("assertion_status", "polarity", "presence")
TRUTHS = dict.fromkeys(("true", "1", "yes", "negated"), Assertion.NEGATED) | dict.fromkeys(
    ("false", "0", "no", "affirmed", ""), Assertion.PRESENT
)
UNKNOWN_ASSERTION = (
    f"expected an assertion such as {', '.join(Assertion)}, got another; say what it means in a --mapping "
    "(attributes, assertions)"
)
#: Fields of an annotation besides those of its mapping that are read, and those that only its tool needs.
USUAL_FIELDS = tuple(str(name) for name in (*USUAL.annotator, *USUAL.assertion, *NEGATION_FIELDS, *ASSERTIONS))
TOOLS_OWN = ("token_start", "token_end", "extraction_index", "group_index", "index_in_batch", "alignment_status",
             "color", "input_hash", "task_hash", "index")  # fmt: skip


def left_fields(fields: Mapping[Any, Any]) -> Iterator[str]:
    """The names of the fields that hold something and have no use."""
    for name in _of_no_use(tuple(fields)):
        if fields[name] not in (None, False, "", [], {}):
            yield name


@lru_cache(maxsize=1024)
def _of_no_use(keys: tuple[Any, ...]) -> tuple[str, ...]:
    """The fields of these names that are not read, nor say a place, nor are a tool's own numbers."""
    known = {name.replace("_", "").lower() for name in (*USUAL.of_no_place, "span", *USUAL_FIELDS, *TOOLS_OWN)}
    names = [key for key in keys if isinstance(key, str)]
    return tuple(name for name in names if name.replace("_", "").lower() not in known and not is_place(name))


def read_mention(node: Node, source: EntitySource, id_: str, whole: str) -> tuple[DraftEntity, tuple[str, ...]]:
    """The annotation in a node, and its fields that look like a place and were not understood; one that cannot be
    read brings the reason why.
    """
    names = _names(node, source)
    type_ = source.type or _type(node, names.category)
    if isinstance(node.value, list | tuple) and not source.start:
        node = Node(fields_of(node.value, whole), node.path, node.ancestors)
        names = _names(node, source)
        type_ = type_ or _type(node, names.category)
    if fault := _fault(node):
        return DraftEntity(id_, type_ or "?", refused=fault), ()
    if not type_ and isinstance(name := pick(node, ("entity",)), str) and source.category == USUAL.category:
        type_ = name
    texts = _wordings(node, names.text, type_)
    found = _place(node, source, texts)
    score = pick(node, names.score)
    assertion = _assertion(node, names)
    entity = DraftEntity(
        id=as_word(pick(node, names.id)) or id_,
        type=type_,
        spans=found.spans,
        wording=_wording(texts, found.spans),
        attributes=_attributes(node, names.attributes),
        codes=_codes(node, names.codes),
        assertion=assertion or Assertion.PRESENT,
        score=float(score) if isinstance(score, int | float) and 0 <= score <= 1 else None,
        annotator=as_word(pick(node, names.annotator)),
        refused=not_read(found.unread) or ("" if assertion else UNKNOWN_ASSERTION),
    )
    return entity, tuple(found.unread)


def denies(name: str, value: str) -> bool:
    """Whether an attribute that stayed one may say that an entity is not there, or not surely."""
    if not DENYING.search(name):
        return False
    word = value.strip().lower()
    if "neg" in name.lower():
        return TRUTHS.get(word) is not Assertion.PRESENT
    return word not in ("", "1", "+") and assertion_of_word(value)[0] is not Assertion.PRESENT


def _assertion(node: Node, names: _FieldNames) -> Assertion | None:
    """What the source says of an annotation, in any of the words of the field; None where it is not understood."""
    if (stated := pick(node, names.assertion)) is not MISSING:
        return _of_words(stated) if isinstance(stated, dict) else assertion_of_word(stated or "present")[0]
    for name in names.other_assertions:
        if (stated := pick(node, (name,))) is not MISSING:
            return assertion_of_word(stated)[0] if name in ASSERTIONS else TRUTHS.get(str(stated).lower())
    return Assertion.PRESENT


def _of_words(stated: Mapping[str, Any]) -> Assertion | None:
    """The one assertion but "present" that an object gives (as Azure's does); None where there are several."""
    words = [
        Assertion.FAMILY if word == "other" else assertion_of_word(word)[0]
        for word in stated.values()
        if word != "subject"
    ]
    found = set(words) - {Assertion.PRESENT}
    return found.pop() if len(found) == 1 else None if found else Assertion.PRESENT


def _fault(node: Node) -> str:
    """Why there is no annotation in what should be one."""
    if not isinstance(node.value, dict | list | tuple):
        return f"expected an annotation with fields, got {type(node.value).__name__}"
    if "lists of unequal lengths" in node.value:
        return "expected lists of one length in its fields, got lists of several lengths"
    return ""


def not_read(names: Sequence[str]) -> str:
    if not names:
        return ""
    fields = ", ".join(shown(name) for name in names)
    return (
        f"expected fields that say where it stands, got {fields}, which look like a place and were not understood; "
        "name them in a --mapping (start, end)"
    )


def _type(node: Node, names: tuple[str | int, ...]) -> str:
    """The type in the first field that has one; alone, or as the only one of a list of ``labels``."""
    for name in names:
        value = pick(node, (name,))
        if name == "labels" and isinstance(value, list) and len(value) == 1:
            value = value[0]
        if word := as_word(value):
            return word
    return ""


@dataclass(frozen=True, slots=True)
class _FieldNames:
    """The fields that hold something of an annotation, of those that its source may have."""

    category: tuple[Any, ...]
    id: tuple[Any, ...]
    text: tuple[Any, ...]
    score: tuple[Any, ...]
    attributes: tuple[Any, ...]
    codes: tuple[Any, ...]
    assertion: tuple[Any, ...]
    other_assertions: tuple[Any, ...]
    annotator: tuple[Any, ...]


def _names(node: Node, source: EntitySource) -> _FieldNames:
    """The fields to look at, in order: looking for each that may be there takes most of the time."""
    return _names_among(source, tuple(node.value) if isinstance(node.value, dict) else None)


@lru_cache(maxsize=1024)
def _names_among(source: EntitySource, keys: tuple[Any, ...] | None) -> _FieldNames:
    """Without keys the annotation is a list. Without a mapping also the fields that are written otherwise
    (``entityType``).
    """
    usual = source is USUAL

    def present(names: tuple[Any, ...], alike: bool = False) -> tuple[Any, ...]:
        if keys is None:
            return _in_lists(names) if alike else names
        if alike and usual:
            return _alike(keys, names)
        return tuple(name for name in names if name in keys or (isinstance(name, str) and "." in name))

    return _FieldNames(
        category=present(source.category, alike=True),
        id=present(source.id),
        text=present(source.text, alike=True),
        score=present(source.score),
        attributes=present(source.attributes),
        codes=present(source.codes),
        assertion=present(source.assertion),
        other_assertions=present((*ASSERTIONS, *NEGATION_FIELDS)) if usual and keys is not None else (),
        annotator=present(source.annotator),
    )


def _in_lists(names: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Those that can be found in a list or around it."""
    return tuple(name for name in names if isinstance(name, int) or name[:1].isdecimal() or name.startswith(OUTER))


def _alike(keys: tuple[Any, ...], names: tuple[str | int, ...]) -> tuple[str | int, ...]:
    plain = {str(key).replace("_", "").lower(): key for key in reversed(keys)}
    found = (name if name in keys else plain.get(str(name).replace("_", "").lower()) for name in names)
    return tuple(dict.fromkeys(name for name in found if name is not None))


def as_word(value: Any) -> str:
    """A name or number as a word; nothing for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _wordings(node: Node, names: tuple[str | int, ...], type_: str) -> list[str]:
    """What the source says stands there: one, or one for each fragment."""
    for name in names:
        value = pick(node, (name,))
        if name == "entity" and value == type_:
            continue
        words = value if isinstance(value, list) else [value]
        kinds = str if name == "span" else str | int | float
        if words and all(isinstance(word, kinds) and not isinstance(word, bool) for word in words):
            return [str(word) for word in words]
    return []


def _place(node: Node, source: EntitySource, wordings: Sequence[str]) -> Place:
    """Where it stands: by the fields that the mapping names; else by any that say a place."""
    if source.start and (start := pick(node, source.start)) is not MISSING:
        return _mapped_place(start, pick(node, source.end), wordings, source)
    fields = node.value if isinstance(node.value, dict) else {}
    found = place(fields, wordings, other=source.of_no_place)
    if source.start and found.spans is not None:
        return Place(None, tuple(name for name in fields if name not in source.of_no_place))
    return found


def _mapped_place(start: Any, end: Any, wordings: Sequence[str], source: EntitySource) -> Place:
    """The offsets; with lists, one fragment each; without an end, as long as the wording."""
    starts = start if isinstance(start, list) else [start]
    ends: list[Any] = [number(first) + len(words) for first, words in zip(starts, wordings, strict=False)]
    if end is not MISSING:
        ends = end if isinstance(end, list) else [end]
    if len(starts) != len(ends):
        return Place(None, tuple(str(name) for name in (*source.start, *source.end)))
    return Place(tuple((number(first), number(last)) for first, last in zip(starts, ends, strict=True)))


def _wording(words: Sequence[str], spans: tuple[Span, ...] | None) -> str | None:
    """The whole wording; nothing can be compared where it has not as many parts as there are fragments."""
    if len(words) == 1 or (words and (spans is None or len(words) == len(spans))):
        return " ".join(words)
    return None


def _attributes(node: Node, names: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        value = of_pairs(pick(node, (name,)))
        if isinstance(value, dict):
            found |= {str(key): str(inner) for key, inner in value.items() if inner is not None}
        elif value is not MISSING and not isinstance(value, list):
            found[name.rpartition(".")[2]] = str(value)
    return found


def of_pairs(value: Any) -> Any:
    """A list of names with values as one object; anything else as it is."""
    if isinstance(value, list) and all(isinstance(pair, dict) and pair.keys() == {"name", "value"} for pair in value):
        return {str(pair["name"]): pair["value"] for pair in value}
    return value


def _codes(node: Node, names: tuple[str, ...]) -> tuple[str, ...]:
    found = (pick(node, (name,)) for name in names)
    return tuple(
        str(code)
        for value in found
        if value is not MISSING
        for code in (value if isinstance(value, list) else [value])
        if code not in (None, "")
    )
