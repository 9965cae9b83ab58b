"""Translations that people corrected in Label Studio: records of their own in the place of the one that was shown.

Who corrected what stands in decisions on the record that was shown. One text, by whomever: it stands, and the record
before is set aside. Several texts: none stands until a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import JsonValue

from annotation.label_studio.exchange.verdicts import ANNOTATION, WITHDRAWN, decide, withdraw
from curation.author import REVIEW_RANK, AuthorKind, is_human, layer_kind
from curation.decision import REJECT, TEXT, Decision, Verdict
from curation.record import Layer, Record
from curation.store import Store
from curation.text.revision import Revision
from curation.translate.corrected import (
    CORRECTED,
    WRITTEN,
    carried_from,
    corrected_record,
    fault_in_correction,
    lost_in,
    moved_layer,
)
from curation.translate.projection.layers import is_carried

#: How setting aside is signed, and why.
POLICY = "policy:correction@1"
REPLACED = "its translation was corrected by a person: another record stands in its place"
TAKEN_BACK = "its author has written another text since, or none"
RESTORED = "nobody corrects its translation any more"
CONFLICT = "reviewers differ on the text of the translation: accept one record and reject the others"
#: What a decision's details call the answer that it rests on, and whose that is.
ANSWER, BY = "answer", "by"
#: The layers that go with the text: those that people are shown, and gold.
MOVED = frozenset({*REVIEW_RANK, AuthorKind.GOLD})


@dataclass(frozen=True, slots=True)
class TextCorrection:
    """What came of the text in an answer: whether a new one was stored, entities that it has no place for, why it was
    refused, and whether others have corrected otherwise.
    """

    made: bool = False
    lost: int = 0
    refused: str | None = None
    conflict: str | None = None


def correct(store: Store, layer: Layer) -> TextCorrection:
    """Store the corrected text of a person's answer with the layers of the record, and what that means for both.

    A text that is unchanged makes nothing; where the same person had corrected it before, that is taken back. An
    answer that is known makes nothing either.
    """
    written = layer.provenance.get(WRITTEN)
    record = next(store.records([layer.record_id]), None)
    if not isinstance(written, str) or record is None or not is_human(layer.name):
        return TextCorrection()
    revision = Revision.of(record.text, written) if written.strip() else None
    opinions = _opinions(store, record.id)
    rejects = layer.provenance.get("verdict") == REJECT
    takes_back = opinions.get(layer.author) is not None and revision is not None and revision.is_unchanged
    if takes_back or (rejects and any(opinions.values())):
        known = _is_known(store, layer)
        conflict = None if known else _stand(store, record.id, _answer_of(layer), layer.author, None, rejects=rejects)
        return TextCorrection(conflict=conflict)
    if (revision is not None and revision.is_unchanged) or _is_known(store, layer):
        return TextCorrection()
    original = next(store.records([record.translation_of]), None) if record.translation_of else None
    fault = fault_in_correction(record, written, original.text if original else None)
    if fault is None and rejects:
        fault = "expected no corrected text of a record that is rejected; the rejection counts"
    if fault is not None or revision is None:
        return TextCorrection(refused=fault)
    return _replaced(store, record, original, revision, layer)


def _replaced(
    store: Store, record: Record, original: Record | None, revision: Revision, layer: Layer
) -> TextCorrection:
    """Store the corrected record with its layers, and what that means for both."""
    new = corrected_record(record, revision, by=layer.author, at=layer.created)
    carried = list(_layers(store, record.id))
    sources = _sources(store, original, carried)
    # A person's marks have the ids of those that were shown.
    shown = next(iter(sources.values()), None)
    moved = [
        moved_layer(each, revision, new, original=original, source=sources.get(each.name, shown))
        for each in (*carried, layer)
    ]
    store.add_records([new])
    store.add_layers(moved)
    decide(store, moved[-1])
    conflict = _stand(store, record.id, _answer_of(layer), layer.author, new.id)
    return TextCorrection(made=True, lost=lost_in(moved[-1]), conflict=conflict)


def take_back(store: Store, record_id: str, annotation: object) -> int:
    """`withdraw` for a deleted annotation, also where it had corrected the text; 1 where there was one, else 0."""
    done = withdraw(store, record_id, annotation)
    known = [decision for decision in _history(store, record_id) if _answer(decision).get(ANNOTATION) == annotation]
    corrected = known[-1].details[CORRECTED] if known else None
    if isinstance(corrected, str):
        withdraw(store, corrected, annotation)
        answer = {**_answer(known[-1]), "updated": WITHDRAWN}
        _stand(store, record_id, answer, str(known[-1].details[BY]), None, gone=Verdict.NEEDS_REVIEW)
    return done


def _stand(
    store: Store,
    record_id: str,
    answer: dict[str, JsonValue],
    person: str,
    corrected: str | None,
    *,
    gone: Verdict = Verdict.REJECTED,
    rejects: bool = False,
) -> str | None:
    """What it means that a person has written the text of a record in the place of this one, or takes that back.

    One text, by whomever, stands, unless somebody else rejects the record; of several none does; without any the one
    before waits. gone: the verdict on a text that nobody holds any more. Returns the conflict.
    """
    before = _opinions(store, record_id)
    opinions = {**before, person: corrected}
    texts = {text: author for author, text in opinions.items() if text is not None}
    own: dict[str, JsonValue] = {ANSWER: answer}
    details = {**own, BY: person, CORRECTED: corrected}
    if (earlier := before.get(person)) is not None and earlier not in texts:
        _decide(store, earlier, gone, TAKEN_BACK, own)
    people = sorted(author for author, text in opinions.items() if text is not None)
    rejecting = sorted({*(_rejecting(store, record_id) - {*people, person}), *([person] if rejects else [])})
    if len(texts) > 1 or (texts and rejecting):
        for text in texts:
            _decide(store, text, Verdict.NEEDS_REVIEW, CONFLICT, own)
        _decide(store, record_id, Verdict.NEEDS_REVIEW, CONFLICT, details)
        said = f"{' and '.join(people)} corrected the translation{' otherwise' if len(texts) > 1 else ''}"
        rejected = f", {' and '.join(rejecting)} rejected the record" if rejecting else ""
        return f"{said}{rejected}: records {', '.join(sorted(texts))}"
    for text, author in texts.items():
        # Whoever writes a text holds it for right.
        _decide(store, text, Verdict.ACCEPTED, "corrected by a person", own, by=author)
        _decide(store, record_id, Verdict.REJECTED, REPLACED, details)
    if not texts:
        _decide(store, record_id, Verdict.NEEDS_REVIEW, RESTORED, details)
    return None


def _decide(
    store: Store, record_id: str, verdict: Verdict, reason: str, details: Mapping[str, JsonValue], *, by: str = POLICY
) -> None:
    decision = Decision(record_id=record_id, verdict=verdict, by=by, reason=reason, details=dict(details))
    store.decide_on([record_id], partial(iter, [decision]), taking_back=True)


def _answer_of(layer: Layer) -> dict[str, JsonValue]:
    """Which answer a layer came from."""
    return {name: layer.provenance.get(name) for name in (ANNOTATION, "updated", "project")}


def _answer(decision: Decision) -> dict[str, JsonValue]:
    """Which answer a decision rests on."""
    found = decision.details.get(ANSWER)
    return found if isinstance(found, dict) else {}


def _is_known(store: Store, layer: Layer) -> bool:
    return any(_answer(decision) == _answer_of(layer) for decision in _history(store, layer.record_id))


def _history(store: Store, record_id: str) -> Sequence[Decision]:
    """Who corrected a record's text, oldest first."""
    return [
        decision
        for decision in store.decision_history(record_id)
        if decision.subject == TEXT and decision.by == POLICY and CORRECTED in decision.details
    ]


def _opinions(store: Store, record_id: str) -> dict[str, str | None]:
    """By person, the record of the text that they wrote in the place of this one; None where they took it back."""
    found: dict[str, str | None] = {}
    for decision in _history(store, record_id):
        corrected = decision.details[CORRECTED]
        found[str(decision.details[BY])] = corrected if isinstance(corrected, str) else None
    return found


def _rejecting(store: Store, record_id: str) -> set[str]:
    """The people who reject a record by their latest answer."""
    newest = {layer.name: layer for layer in store.layer_history(record_id) if is_human(layer.name)}
    return {layer.author for layer in newest.values() if layer.provenance.get("verdict") == REJECT}


def _sources(store: Store, original: Record | None, carried: Sequence[Layer]) -> dict[str, Layer]:
    """By the names of layers, the versions of the original's that they were carried over from."""
    if original is None or not any(map(carried_from, carried)):
        return {}
    versions = {layer.digest: layer for layer in store.layer_history(original.id)}
    return {layer.name: versions[then] for layer in carried if (then := carried_from(layer)) in versions}


def _layers(store: Store, record_id: str) -> Iterator[Layer]:
    """The newest layers of a record that were not made by its reviewers."""
    newest = {layer.name: layer for layer in store.layer_history(record_id)}
    for layer in newest.values():
        if layer_kind(layer.name, layer.author) in MOVED or (is_carried(layer) and not is_human(layer.name)):
            yield layer
