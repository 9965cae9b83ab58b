"""A simulated study: scripted annotators and a scripted adjudicator work through the real server on real gold.

Nobody in it is a person, and it says nothing about people. It shows that agreement is computed right, and that
nothing is lost between three annotators' answers and the adjudicated layer: gold that at least one of them had
comes out as gold.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from measuring import table

from annotation.adjudication.consensus import majority, reviews_of
from annotation.adjudication.exchange import pull_decisions, push_disputes
from annotation.adjudication.settings import AdjudicationSettings
from annotation.agreement.ballot import Ballot, VotedEntity, VoteOutcome, ballot
from annotation.agreement.judgements import reviewed
from annotation.agreement.pairs import WITH, pairwise
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import ReviewedRecord
from annotation.label_studio.editor.variants.spans import result
from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from annotation.label_studio.exchange.result_parser import parse_result
from annotation.label_studio.exchange.task_payload import TaskRequest
from curation.record import Entity, Layer, Record
from curation.scheme import Scheme, load_scheme
from curation.scoring.changes import Marking, marking_of, markings
from curation.scoring.matching import overlap
from curation.store import Store
from review_parts.agreement_libraries import scipy_lenient, sets_strict, sides, sklearn_kappa, token_labels
from review_parts.api_annotators import Result
from review_parts.label_studio_servers import BenchmarkServer, label_studio
from review_parts.scripted_annotators import AVERAGE, CAREFUL, HASTY, annotate, reports

#: How the annotators work, who settles, and what the settled layer is called.
HABITS = {"anna": CAREFUL, "ben": AVERAGE, "clara": HASTY}
ADJUDICATOR = "deniz"

#: Every record has two annotators, and every third one has all three.
OVERLAP = (2, 2, 3)

RECORDS, QUICK = 24, 2


@dataclass
class SimulatedStudy:
    """The records with what is true of them, and what each annotator was made to say."""

    truth: dict[str, tuple[Record, Layer]]
    scheme: Scheme
    made: dict[tuple[str, str], Layer] = field(default_factory=dict)

    def answer(self, name: str, record_id: str) -> Layer:
        """What an annotator says about a record."""
        record, gold = self.truth[record_id]
        made = annotate(record, gold, HABITS[name], name=name, categories=self.scheme.names)
        self.made[record_id, name] = made.layer
        return made.layer


def run(*, quick: bool) -> dict[str, object]:
    """The whole study; figures of agreement, of the vote, and of what adjudication recovers."""
    scheme = load_scheme()
    study = SimulatedStudy({record.id: (record, gold) for record, gold in reports(QUICK if quick else RECORDS)}, scheme)
    settling = AdjudicationSettings(project=f"Settle {uuid.uuid4().hex[:12]}")
    with label_studio(unvalidated=True, layers=(), adjudication=settling) as server, server.store() as store:
        return _worked(study, server, store)


def _worked(study: SimulatedStudy, server: BenchmarkServer, store: Store) -> dict[str, object]:
    store.add_records(record for record, _ in study.truth.values())
    wanted = [TaskRequest(id, people) for id, people in zip(study.truth, cycle(OVERLAP), strict=False)]
    with server.client() as client:
        push(store, client, study.scheme, server.settings, ids=wanted)
        project = client.find_project(server.settings.project)
        assert project is not None
        _annotate(study, server, project.id)
        pull(store, client, study.scheme, server.settings)
        figures = _counted(study, store, client.project(project.id).tasks) | _agreement(study, store, server)
        pushed = push_disputes(store, client, study.scheme, server.settings, server.settings.adjudication)
        settling = client.find_project(server.settings.adjudication.project)
        assert settling is not None
        _adjudicate(study, server, store, settling.id)
        pulled = pull_decisions(store, client, study.scheme, server.settings, server.settings.adjudication)
        assert not pushed.refused
        assert not pulled.refused, pulled.refused
        doubled = client.project(settling.id).tasks - pushed.exchanged.created
    return figures | _recovered(study, store) | {"doubled": int(str(figures["doubled"])) + doubled}


def _annotate(study: SimulatedStudy, server: BenchmarkServer, project: int) -> None:
    """Each annotator in turn takes what the label stream shows next, until there is nothing left for anybody."""
    people = {name: server.person(name) for name in HABITS}
    waiting = set(people)
    for name in cycle(people):
        if not waiting:
            break
        task = people[name].next_task(project)
        if task is None:
            waiting.discard(name)
            continue
        record_id = task["data"]["record_id"]
        layer = study.answer(name, record_id)
        people[name].annotate(task["id"], _result(study, record_id, layer), lead_time=20 + 3.0 * len(layer.entities))
    for person in people.values():
        person.__exit__()


def _adjudicate(study: SimulatedStudy, server: BenchmarkServer, store: Store, project: int) -> None:
    with server.person(ADJUDICATOR) as person:
        while (task := person.next_task(project)) is not None:
            record_id = task["data"]["record_id"]
            (item,) = store.items([f"human:{name}" for name in HABITS], ids=[record_id])
            record, truth = study.truth[record_id]
            begun = next(prediction for prediction in task["predictions"] if prediction["model_version"] == "to decide")
            shown = parse_result(begun["result"], record, study.scheme).entities
            chosen = decide(shown, ballot(record, reviews_of(item)), truth)
            layer = Layer(record_id=record_id, name="decided", author="decided", entities=tuple(chosen))
            person.annotate(task["id"], _result(study, record_id, layer), parent_prediction=begun["id"])


def decide(shown: Iterable[Entity], vote: Ballot, truth: Layer) -> list[Entity]:
    """What an adjudicator who knows the truth keeps of what is shown: the truth where an annotator had it.

    Of a mark that no annotator had right, the one that most made there stays; other marks without truth are removed.
    """
    true = markings(truth)
    by_span = {(entity.category, entity.spans): entity for entity in shown}
    chosen: list[Entity] = []
    reached: set[Marking] = set()
    for mark in vote.marks:
        right = next((entity for entity in mark.votes.values() if marking_of(entity) in true), None)
        if right is not None:
            entity_shown = by_span[mark.category, mark.spans]
            chosen.append(entity_shown.model_copy(update={"assertion": right.assertion}))
            reached.add(marking_of(right))
    chosen += _nearest(true - reached, vote.marks, by_span, chosen)
    return chosen


def _nearest(
    missing: Iterable[Marking], marks: Iterable[VotedEntity], shown: Mapping[Any, Entity], chosen: list[Entity]
) -> list[Entity]:
    """For each mark that no annotator had right, that of most votes in its category that touches it, if any."""
    taken = {(entity.category, entity.spans) for entity in chosen}
    found: list[Entity] = []
    for spans, category, _ in sorted(missing):
        near = [
            mark
            for mark in marks
            if mark.category == category and overlap(mark.spans, spans) and (category, mark.spans) not in taken
        ]
        if near:
            best = max(near, key=lambda mark: (mark.outcome is VoteOutcome.IN, len(mark.votes)))
            taken.add((category, best.spans))
            found.append(shown[category, best.spans])
    return found


def _result(study: SimulatedStudy, record_id: str, layer: Layer) -> Result:
    record, _ = study.truth[record_id]
    plain = layer.model_copy(
        update={"entities": tuple(entity.model_copy(update={"score": None}) for entity in layer.entities)}
    )
    verdict = {"id": "v", "from_name": "verdict", "to_name": "text", "type": "choices"}
    return [*result(record, plain, study.scheme), {**verdict, "value": {"choices": ["fix"]}}]


def _counted(study: SimulatedStudy, store: Store, tasks: int) -> dict[str, object]:
    """Whether every answer came back once, with every mark where it was made."""
    lost = wrong = 0
    for (record_id, name), layer in study.made.items():
        back = store.layer(record_id, f"human:{name}")
        lost += back is None
        wrong += back is not None and len(markings(back) ^ markings(layer))
    return {
        "study_records": len(study.truth),
        "study_annotations": len(study.made),
        "doubled": tasks - len(study.truth),
        "lost": lost,
        "offsets_wrong": wrong,
    }


def _agreement(study: SimulatedStudy, store: Store, server: BenchmarkServer) -> dict[str, object]:
    """Agreement of each pair beside the same figures by other means, from what the annotators were made to say."""
    settings = AgreementSettings(resamples=200, minimum_records=1)
    ours = pairwise(reviewed(store, settings), study.scheme, settings)
    made = [
        ReviewedRecord(
            record, {f"human:{name}": layer for name in HABITS if (layer := study.made.get((record.id, name)))}
        )
        for record, _ in study.truth.values()
    ]
    rows: list[tuple[object, ...]] = []
    off = 0.0
    for pair, found in ours.per_pair.items():
        both = sides(made, pair)
        theirs = (sets_strict(*both), scipy_lenient(*both), sklearn_kappa(*token_labels(made, pair)))
        mine = tuple(agreement.value or 0.0 for agreement in (found.strict, found.lenient, found.kappa))
        off = max(off, *(abs(left - right) for left, right in zip(mine, theirs, strict=True)))
        names = pair.replace("human:", "").replace(WITH, " and ")
        rows.append((names, found.records, mine[0], theirs[0], mine[1], theirs[1], mine[2], theirs[2]))
    head = ("pair", "records", "F1 strict", "by sets", "F1 lenient", "by scipy", "kappa", "by scikit-learn")
    print(table(head, rows), "\n")
    return {"study_agreement_f1": _round(ours.overall.strict.value or 0.0), "study_agreement_off": off}


def _recovered(study: SimulatedStudy, store: Store) -> dict[str, object]:
    """The F1 of each annotator, the vote and the adjudicated gold against the truth; no mark is lost."""
    names = [f"human:{name}" for name in HABITS]
    hits: dict[str, list[tuple[int, int, int]]] = {}
    reach = recovered = beyond = invented = 0
    for item in store.items([*names, "gold"], ids=list(study.truth)):
        record, layer = study.truth[item.record.id]
        true, reviews = markings(layer), reviews_of(item)
        votes = {name: markings(review) for name, review in reviews.items()}
        anybody = set().union(*votes.values())
        vote = ballot(record, reviews)
        gold = markings(item.layers.get("gold"))
        sources = votes | {
            "majority": markings(majority(vote)),
            "any": anybody,
            "gold": gold,
        }
        for name, marks in sources.items():
            hits.setdefault(name, []).append((len(marks & true), len(marks), len(true)))
        reach += len(true & anybody)
        recovered += len(true & anybody & gold)
        beyond += len(true - anybody)
        invented += len(gold - true)
    labels = {"any": "every mark of any annotator", "majority": "majority", "gold": "adjudicated gold"}
    order = [*names, "any", "majority", "gold"]
    scores = {name: _scores(hits[name]) for name in order}
    rows = [(labels.get(name, name.removeprefix("human:")), len(hits[name]), *scores[name]) for name in order]
    print(table(("against the truth", "records", "precision", "recall", "F1"), rows), "\n")
    print(
        f"{reach} marks of the truth were seen by an annotator, {recovered} of them are gold; {beyond} were seen by "
        f"none, and in their place or by all alike {invented} marks are gold that are not the truth's."
    )
    return {
        "study_best_annotator_f1": max(_round(scores[name][2]) for name in names),
        "study_majority_f1": _round(scores["majority"][2]),
        "study_gold_f1": _round(scores["gold"][2]),
        "study_recovered": _round(recovered / reach if reach else 0.0),
        "study_beyond_reach": beyond,
    }


def _scores(hits: Iterable[tuple[int, int, int]]) -> tuple[float, float, float]:
    matched, said_, true = (sum(column) for column in zip(*hits, strict=True))
    return matched / max(said_, 1), matched / max(true, 1), 2 * matched / max(said_ + true, 1)


def _round(value: float) -> float:
    return round(value, 4)
