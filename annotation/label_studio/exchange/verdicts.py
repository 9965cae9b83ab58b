"""Decisions by a person's answer: its verdict, on the marks and on the text."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from curation.author import is_human, is_repeat
from curation.decision import REJECT, TEXT, Decision, DecisionKind, Verdict
from curation.record import Layer
from curation.store import Store

WITHDRAWN = "annotation deleted in Label Studio"

#: What a decision's details call the annotation that it rests on.
ANNOTATION = "annotation"


def decide(store: Store, layer: Layer) -> int:
    """Store the verdict that came with a person's layer; 1 where it was new, else 0."""
    # The verdict on a hidden repeat decides nothing: it only measures agreement with oneself.
    if is_repeat(layer.name) or layer.provenance["verdict"] is None:
        return 0
    make = partial(_decisions, store, layer)
    return int(store.decide_on([layer.record_id], make, taking_back=True) > 0)


def withdraw(store: Store, record_id: str, annotation: object) -> int:
    """Let a decision that rests on a deleted annotation become `needs_review`; 1 where there was one, else 0."""
    make = partial(_withdrawn, store, record_id, annotation)
    return int(store.decide_on([record_id], make, taking_back=True) > 0)


def _decisions(store: Store, layer: Layer) -> list[Decision]:
    """What a person's verdict on a layer means for it and for the text; nothing where it is known."""
    source = layer.provenance
    details = {ANNOTATION: source[ANNOTATION], "updated": source["updated"], "project": source["project"]}
    verdict, reasons = str(source["verdict"]), source["reasons"]
    if any(details.items() <= past.details.items() for past in store.decision_history(layer.record_id)):
        return []
    on_marks = Decision(
        record_id=layer.record_id,
        verdict=Verdict.REJECTED if verdict == REJECT else Verdict.ACCEPTED,
        by=layer.author,
        kind=DecisionKind.LAYER,
        layer=layer.name,
        reason=", ".join(map(str, reasons)) if isinstance(reasons, list) and reasons else verdict,
        details={**details, "verdict": verdict},
        created=layer.created,
    )
    return [on_marks, *_about_text(store, on_marks)]


def _withdrawn(store: Store, record_id: str, annotation: object) -> list[Decision]:
    return [
        _text_without(store, record_id, annotation) if decision.subject == TEXT else _again(decision)
        for decision in store.latest_decisions([record_id])
        if decision.details.get(ANNOTATION) == annotation and decision.reason != WITHDRAWN
    ]


def _about_text(store: Store, on_marks: Decision) -> list[Decision]:
    """What a verdict on marks means for the text: a rejected record is of no use, whatever its marks are.

    An accepted one leaves the verdict on the text alone, but for a rejection that it takes back: the person's
    own, or as an adjudicator one by a reviewer.
    """
    if on_marks.verdict is Verdict.REJECTED:
        return [_on_text(on_marks)]
    annotation = on_marks.details[ANNOTATION]
    latest = store.decisions([on_marks.record_id]).get(on_marks.record_id)
    is_adjudicated = on_marks.layer is not None and not is_human(on_marks.layer)
    rests_on = latest.details.get(ANNOTATION) if latest and latest.verdict is Verdict.REJECTED else None
    is_own = rests_on == annotation and latest is not None and latest.by == on_marks.by
    if rests_on is not None and (is_adjudicated or is_own):
        return [_text_without(store, on_marks.record_id, None if is_adjudicated else annotation)]
    return []


def _text_without(store: Store, record_id: str, annotation: object) -> Decision:
    """What counts of a text without the rejection that an annotation was, or without any by reviewers for None.

    That is another reviewer's rejection, else what was decided elsewhere before, else the question again.
    """
    latest = store.latest_decisions([record_id]) if annotation is not None else ()
    rejections = [decision for decision in latest if decision.verdict is Verdict.REJECTED and decision.layer]
    others = [decision for decision in rejections if decision.details.get(ANNOTATION) not in (None, annotation)]
    history = [decision for decision in store.decision_history(record_id) if decision.subject == TEXT]
    elsewhere = [decision for decision in history if ANNOTATION not in decision.details]
    if others:
        return _on_text(others[-1]).model_copy(update={"created": datetime.now(UTC)})
    return elsewhere[-1].model_copy(update={"created": datetime.now(UTC)}) if elsewhere else _again(history[-1])


def _on_text(on_marks: Decision) -> Decision:
    """The same verdict on the record's text."""
    return on_marks.model_copy(update={"kind": DecisionKind.TEXT, "layer": None})


def _again(decision: Decision) -> Decision:
    """A decision whose annotation was deleted, as `needs_review`."""
    return decision.model_copy(
        update={"verdict": Verdict.NEEDS_REVIEW, "reason": WITHDRAWN, "created": datetime.now(UTC)}
    )
