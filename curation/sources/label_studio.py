"""Tasks that Label Studio exported as JSON: what each person said about each text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from curation.record import Assertion
from curation.sources.draft import Draft, DraftEntity, DraftRelation
from curation.sources.reading import ReadingContext, shown

#: The name of the text and of the control of assertions in our own projects, and what stands between an entity's id
#: and the number of its fragment, from the second on.
TEXT, ASSERTION, FRAGMENT = "text", "assertion", "--"
#: The results that are spans of a plain text.
SPANS = frozenset({"labels"})
#: The results that say something of a region or of the whole text, by the key of their values.
SAYING = {
    "choices": "choices",
    "taxonomy": "taxonomy",
    "textarea": "text",
    "rating": "rating",
    "number": "number",
    "datetime": "datetime",
}
#: Between the steps of a nested choice, from the outermost.
STEP = " / "


def is_task(values: Mapping[str, Any]) -> bool:
    """Whether a row is a task of Label Studio, with what people or models said beside its data."""
    said = [item for name in ("annotations", "predictions") for item in _list(values.get(name))]
    return (
        isinstance(values.get("data"), dict)
        and any(isinstance(values.get(name), list) for name in ("annotations", "predictions"))
        and all(isinstance(item, dict) and isinstance(item.get("result"), list) for item in said)
    )


def task_data(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a task: its data, and the number of the task where the data have no id."""
    return {"id": values.get("id"), **values["data"]}


def task_drafts(draft: Draft, values: Mapping[str, Any], reading: ReadingContext) -> Iterator[Draft]:
    """The draft once for each finished annotation of the task, by the person who made it; else the text alone.

    Predictions are the word of a model, not of a person: they come in only where they were exported from here.
    """
    finished = [found for found in _list(values.get("annotations")) if not found.get("was_cancelled")]
    predicted = _list(values.get("predictions"))
    draft.left_out += len(_list(values.get("annotations"))) - len(finished)
    if predicted and reading.own is not None and not finished:
        finished, predicted = predicted, []
    if predicted:
        reading.tally.notice(draft.where, "predictions of a model beside annotations are not read")
    if not finished:
        yield draft
    for found in finished:
        taken = deepcopy(draft)
        taken.annotated = True
        taken.annotator = _name(found.get("completed_by") or found.get("model_version"))
        _take(taken, found["result"], reading)
        yield taken


def _take(draft: Draft, results: list[Any], reading: ReadingContext) -> None:
    """Puts the regions of an annotation on a draft, with what is said of them."""
    regions: dict[str, DraftEntity] = {}
    results = [result for result in results if isinstance(result, dict)]
    for result in results:
        if result.get("type") in SPANS:
            _add_region(regions, result, draft)
    for result in results:
        kind, value = result.get("type"), result.get("value")
        if kind in SPANS:
            continue
        if kind == "relation":
            types = _list(result.get("labels")) or ["related_to"]
            ends = (str(result.get("from_id")), str(result.get("to_id")))
            for type_ in types:
                draft.relations.append(DraftRelation(f"R{len(draft.relations) + 1}", str(type_), *ends))
        elif kind in SAYING and isinstance(value, dict):
            _say(draft, regions, result, value.get(SAYING[kind]))
        else:
            reading.tally.notice(draft.where, f"results of the type {shown(kind)} are not read")
    draft.entities = list(regions.values())


def _add_region(regions: dict[str, DraftEntity], result: Mapping[str, Any], draft: Draft) -> None:
    value = result.get("value")
    if not isinstance(value, dict) or not all(type(value.get(name)) is int for name in ("start", "end")):
        draft.left_out += 1
        return
    base, _, number = str(result.get("id")).rpartition(FRAGMENT)
    span = (value["start"], value["end"])
    if base in regions and number.isdecimal():
        regions[base].spans = (*(regions[base].spans or ()), span)
        regions[base].wording = None
        return
    score = result.get("score")
    for index, label in enumerate(_list(value.get("labels"))):
        id = str(result.get("id")) + (f".{index + 1}" if index else "")
        regions[id] = DraftEntity(
            id,
            str(label),
            spans=(span,),
            wording=value.get("text") if isinstance(value.get("text"), str) else None,
            score=score if isinstance(score, float) and 0 <= score <= 1 else None,
        )


def _say(draft: Draft, regions: Mapping[str, DraftEntity], result: Mapping[str, Any], said: Any) -> None:
    """What a control says of a region is its assertion or an attribute; of the whole text, a document label."""
    name = str(result.get("from_name"))
    words = "; ".join(map(_worded, said if isinstance(said, list) else [] if said is None else [said]))
    entity = regions.get(str(result.get("id")))
    if not words:
        return
    if entity is None:
        draft.labels[name] = words
    elif name == ASSERTION and words in set(Assertion):
        entity.assertion = Assertion(words)
    else:
        entity.attributes[name] = words


def _worded(choice: Any) -> str:
    """A choice as words; of a nested one all steps."""
    return STEP.join(map(str, choice)) if isinstance(choice, list) else str(choice)


def _name(completed_by: Any) -> str:
    """Who annotated: by e-mail or name, or the number that the server has for the person."""
    if isinstance(completed_by, dict):
        completed_by = completed_by.get("email") or completed_by.get("username") or completed_by.get("id")
    return f"label-studio-{completed_by}" if isinstance(completed_by, int) else str(completed_by or "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
