"""What several samples and models say together: entities, relations and document labels that have enough votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import TypeVar

from annotation.agreement.ballot import Ballot, VotedEntity, ballot
from annotation.llm.apply import AGREEMENT, DIGITS, LOGPROB
from annotation.llm.poll import Poll
from curation.record import Entity, Record, Relation

UNDECIDED = "not decided without the answers that are missing"
TOO_FEW = "{} without enough votes"

Value = TypeVar("Value", bound=Hashable)


@dataclass(slots=True)
class AgreedAnnotations:
    """What is kept, who says each entity (samples by model), what its score is made from; and what was left out."""

    entities: list[Entity] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    votes: dict[str, dict[str, int]] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


def agreed(record: Record, poll: Poll, labels: Iterable[str]) -> AgreedAnnotations:
    """What the voters of a poll say together about a record.

    An entity is the same where its category is and its places overlap; a voter has one vote in each. It is kept with
    the assertion that most of its voters give, when enough voters say so; its place is that of most of these, then
    the longest. labels: the names of document labels.
    """
    layers = {voter.name: voter.layer for voter in poll.voters if voter.layer is not None}
    vote = ballot(record, layers, matching="lenient", unplaced=True)
    found = AgreedAnnotations()
    kept: dict[int, tuple[Entity, dict[str, Entity], float]] = {}
    for number, mark in enumerate(vote.marks):
        yes = _with_assertion(mark, poll)
        read = poll.readers(mark.category, mark.spans)
        is_kept, agreement = poll.outcome(yes, read)
        if is_kept:
            kept[number] = _entity(replace(mark, votes=yes), poll, found.left_out), yes, agreement
        else:
            is_there = is_kept is False and poll.outcome(mark.votes, read)[0]
            found.left_out[_why(is_kept, "assertion" if is_there else "entity")] += 1
    ids: dict[int, str] = {}
    for number in sorted(kept, key=lambda number: (not kept[number][0].spans, kept[number][0].spans)):
        entity, yes, agreement = kept[number]
        id = ids[number] = f"T{len(ids) + 1}"
        found.entities.append(entity.model_copy(update={"id": id, "score": round(agreement, DIGITS)}))
        found.votes[id] = dict(Counter(voter.model for voter in poll.voters if voter.name in yes))
        found.scores[id] = _scores(yes.values(), agreement)
    _add_relations(vote, ids, poll, found)
    _add_labels(labels, poll, found)
    return found


def _why(is_kept: bool | None, what: str) -> str:
    return UNDECIDED if is_kept is None else TOO_FEW.format(what)


def _favourite(values: Iterable[Value]) -> Value:
    """The value with most votes; of several the first."""
    return Counter(values).most_common(1)[0][0]


def _with_assertion(mark: VotedEntity, poll: Poll) -> dict[str, Entity]:
    """The votes for the assertion that most of an entity's voters give, in the order of the poll."""
    votes = {voter.name: mark.votes[voter.name] for voter in poll.voters if voter.name in mark.votes}
    assertion = _favourite(entity.assertion for entity in votes.values())
    return {name: entity for name, entity in votes.items() if entity.assertion is assertion}


def _entity(mark: VotedEntity, poll: Poll, left_out: Counter[str]) -> Entity:
    """The entity at the place that most of its voters give, as the one has it that aligned it best."""
    alike = [entity for entity in mark.votes.values() if entity.spans == mark.spans]
    source = max(alike, key=lambda entity: entity.alignment_score)
    attributes: dict[str, str] = {}
    for name in dict.fromkeys(name for entity in mark.votes.values() for name in entity.attributes):
        values = [entity.attributes.get(name) for entity in mark.votes.values()]
        # What any says is kept of a union: who does not say it does not speak against it.
        voting = [value for value in values if value is not None] if poll.merge == "union" else values
        value = _favourite(voting)
        if value is not None and 2 * voting.count(value) > len(voting):
            attributes[name] = value
        else:
            left_out[TOO_FEW.format("attribute")] += 1
    return source.model_copy(update={"attributes": attributes})


def _scores(entities: Collection[Entity], agreement: float) -> dict[str, float]:
    """What the score is made from; of the tokens' probabilities the mean over those that have one."""
    logprobs = [entity.score for entity in entities if entity.score is not None]
    scores = {LOGPROB: fmean(logprobs)} if logprobs else {}
    return {name: round(score, DIGITS) for name, score in {**scores, AGREEMENT: agreement}.items()}


def _add_relations(vote: Ballot, ids: Mapping[int, str], poll: Poll, found: AgreedAnnotations) -> None:
    """Adds the relations that enough voters give between entities that are kept."""
    for link in vote.links:
        if link.head not in ids or link.tail not in ids:
            found.left_out["relation of an entity that was left out"] += 1
            continue
        ends = [vote.marks[number] for number in (link.head, link.tail)]
        first, second = (poll.readers(end.category, end.spans) for end in ends)
        is_kept, _ = poll.outcome(link.voters, first & second)
        if is_kept:
            id = f"R{len(found.relations) + 1}"
            found.relations.append(Relation(id=id, type=link.type, head=ids[link.head], tail=ids[link.tail]))
        else:
            found.left_out[_why(is_kept, "relation")] += 1


def _add_labels(names: Iterable[str], poll: Poll, found: AgreedAnnotations) -> None:
    """Adds the value of each document label that enough voters give."""
    for name in names:
        given: Sequence[tuple[str, str]] = [
            (voter.name, voter.layer.labels[name])
            for voter in poll.voters
            if voter.layer is not None and name in voter.layer.labels
        ]
        if not given:
            continue
        value = _favourite(value for _, value in given)
        is_kept, _ = poll.outcome([voter for voter, said in given if said == value], poll.readers(name))
        if is_kept:
            found.labels[name] = value
        else:
            found.left_out[_why(is_kept, "document label")] += 1
