"""Several processes on one store, on SQLite and on PostgreSQL: each with connections of its own."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Event

import pytest
import sqlalchemy as sa

from curation.decision import TEXT, Decision, DecisionKind, Verdict, on_layer
from curation.errors import StoreError
from curation.record import Layer
from curation.stage import Result
from curation.store import Store

POLICY = "policy:validate@1"


@pytest.fixture
def stores(store_url: str) -> Iterator[list[Store]]:
    """Four stores on one database, as four processes have them."""
    with ExitStack() as stack:
        yield [stack.enter_context(Store.open(store_url)) for _ in range(4)]


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each gives, begun at the same moment."""
    barrier = Barrier(len(works))

    def begun(work: Callable[[], object]) -> object:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begun, works))


def cases(annotated, count):
    made = [annotated(f"Patient {number} hat [Fieber]{{signs_symptoms}}.", language="de") for number in range(count)]
    return [record for record, _ in made], [layer for _, layer in made]


class Stage:
    """A stage by hand."""

    name = "stage"
    fingerprint = "1"

    def __init__(self, *reads: str) -> None:
        self.reads = reads


def left(store: Store, stage: Stage) -> list[str]:
    return [item.record.id for page in store.pending(stage) for item in page.items]


OPEN = """
import sys, time
from pathlib import Path
from curation.store import Store
Path(sys.argv[2]).touch()
while len(list(Path(sys.argv[2]).parent.glob("ready*"))) < 4:
    time.sleep(0.001)
with Store.open(sys.argv[1]) as store:
    store.count_records()
"""


@pytest.mark.server
def test_four_processes_open_a_new_store_at_once(store_url: str, tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, store_url, str(tmp_path / f"ready{number}")], stderr=-1)
        for number in range(4)
    ]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in processes] == [(b"", 0)] * 4


def test_the_same_records_come_in_once(stores, annotated):
    records, _ = cases(annotated, 700)
    backwards = records[::-1]
    added = at_once(
        *(
            lambda store=store, some=some: store.add_records(some)
            for store, some in zip(stores, [records, backwards] * 2, strict=True)
        )
    )
    assert sum(each.imported for each in added) == 700
    assert stores[0].count_records() == {"de": 700}


def test_the_same_layers_come_in_once(stores, annotated):
    records, layers = cases(annotated, 300)
    stores[0].add_records(records)
    orders = [layers, layers[::-1], layers, sorted(layers, key=lambda layer: layer.record_id)]
    added = at_once(
        *(lambda store=store, some=some: store.add_layers(some) for store, some in zip(stores, orders, strict=True))
    )
    assert sum(added) == 300
    assert {len(stores[0].layer_history(record.id)) for record in records} == {1}


def test_what_two_processes_did_at_once_is_stored_once_also_where_they_say_different_things(stores, annotated):
    (record,), (gold,) = cases(annotated, 1)
    stores[0].add_records([record])
    said = [gold.model_copy(update={"name": "llm", "entities": entities}) for entities in (gold.entities, ())]

    def done(store, layer):
        (page,) = store.pending(Stage())
        barrier.wait()
        return store.commit(
            Stage(), [Result(record.id, layers=[layer], measures={"n": len(layer.entities)})], seen=page.seen
        )

    barrier = Barrier(2)
    at_once(*(lambda store=store, layer=layer: done(store, layer) for store, layer in zip(stores, said, strict=False)))
    (stored,) = stores[0].layer_history(record.id)
    assert dict(stores[0].measures()) == {record.id: {"n": len(stored.entities)}}
    assert stores[0].count_jobs() == {"stage": {"done": 1, "failed": 0}}


def test_a_failure_does_not_take_the_place_of_what_another_process_has_done(store, annotated):
    (record,), (gold,) = cases(annotated, 1)
    store.add_records([record])
    store.commit(Stage(), [Result(record.id, error="no answer")], seen={})
    store.commit(Stage(), [Result(record.id, layers=[gold])], seen={})
    assert store.commit(Stage(), [Result(record.id, error="no answer")], seen={}).failed == 0
    assert (store.failures(), store.layer(record.id, "gold")) == ([], gold)


def test_results_of_records_that_were_deleted_meanwhile_are_left_out(store, annotated):
    (gone, kept), (gold, other) = cases(annotated, 2)
    store.add_records([gone, kept])
    store.delete_records([gone], by="human:ruth", reason="asked", counts={gone.id: {}})
    assert store.commit(Stage(), [Result(gone.id, layers=[gold]), Result(kept.id, layers=[other])], seen={}).failed == 0
    assert store.decide([Decision(record_id=id, verdict=Verdict.ACCEPTED, by=POLICY) for id in (gone.id, kept.id)]) == 1
    assert store.count_jobs() == {"stage": {"done": 1, "failed": 0}}


@pytest.mark.parametrize("name", ["gold", "llm:qwen2.5-7b", 'human:Anna "B" O\'Neil', "$.x", "1", "ß ü"])
def test_a_result_notes_which_layers_it_was_made_from_whatever_their_names(store, annotated, name):
    records, layers = cases(annotated, 2)
    named = [layer.model_copy(update={"name": name}) for layer in layers]
    store.add_records(records)
    store.add_layers(named)
    stage = Stage(name, "second")
    (page,) = store.pending(stage)
    store.commit(stage, [Result(record.id) for record in records], seen=page.seen)
    assert (left(store, stage), store.count_pending(stage)) == ([], 0)
    assert store.seen_layers("stage", [record.id for record in records]) == {
        (layer.record_id, name): layer.digest for layer in named
    }
    store.add_layers([named[1].model_copy(update={"entities": ()})])
    assert left(store, stage) == [records[1].id]


def test_a_layer_that_is_read_only_now_makes_a_result_stale(store, annotated):
    (record,), (gold,) = cases(annotated, 1)
    store.add_records([record])
    store.add_layers([gold.model_copy(update={"name": "older"}), gold])
    (page,) = store.pending(Stage("gold"))
    store.commit(Stage("gold"), [Result(record.id)], seen=page.seen)
    assert (left(store, Stage("gold")), left(store, Stage("gold", "older"))) == ([], [record.id])


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_layer_that_is_committed_late_is_still_read(stores, annotated):
    """Its row has the lower number, and is there only after the row with the higher one was read."""
    (late, early), (late_layer, early_layer) = cases(annotated, 2)
    store, other = stores[:2]
    store.add_records([late, early])
    stage = Stage("gold")
    with ThreadPoolExecutor(1) as pool:
        with other.write() as connection:
            other.append_layers(connection, [late_layer])
            store.add_layers([early_layer])
            (page,) = store.pending(stage)
            results = [Result(item.record.id) for item in page.items]
            stored = pool.submit(store.commit, stage, results, seen=page.seen)
        stored.result()
    assert left(store, stage) == [late.id]


def on(record_id: str, verdict: Verdict, by: str, **about: object) -> Decision:
    return Decision(record_id=record_id, verdict=verdict, by=by, **about)


def test_a_policy_never_comes_after_a_persons_word_that_counts(store, annotated):
    (record,), (gold,) = cases(annotated, 1)
    store.add_records([record])
    store.add_layers([gold])
    marks = {"kind": DecisionKind.LAYER, "layer": "gold"}
    for about in ({}, marks):
        for word in Verdict:
            store.decide([on(record.id, word, "human:anna", **about)])
            for verdict in (Verdict.ACCEPTED, Verdict.NEEDS_REVIEW, Verdict.QUARANTINED):
                assert store.decide([on(record.id, verdict, POLICY, **about)]) == 0
    store.decide([on(record.id, Verdict.ACCEPTED, "human:anna", **marks)])
    store.add_layers([gold.model_copy(update={"entities": ()})])
    assert store.decide([on(record.id, Verdict.QUARANTINED, POLICY, **marks)]) == 1, (
        "of a version that she has not seen"
    )
    store.decide([on(record.id, Verdict.REJECTED, "human:anna", **marks)])
    store.add_layers([gold])
    assert store.decide([on(record.id, Verdict.ACCEPTED, POLICY, **marks)]) == 0, "what she rejected waits for a person"
    store.decide([on(record.id, Verdict.ACCEPTED, "human:anna")])
    assert store.decide([on(record.id, Verdict.REJECTED, "policy:deidentify@1")]) == 1, "its copy stands in its place"


def test_nobody_decides_between_reading_and_writing(stores, annotated):
    (record,), _ = cases(annotated, 1)
    stores[0].add_records([record])
    reading, ended = Event(), Event()

    def of_policy():
        reading.set()
        assert not ended.wait(0.3), "a person's decision came between"
        assert stores[0].decisions() == {}
        return [on(record.id, Verdict.ACCEPTED, POLICY)]

    def person():
        reading.wait()
        stores[1].decide([on(record.id, Verdict.REJECTED, "human:anna")])
        ended.set()

    at_once(lambda: stores[0].decide_on([record.id], of_policy), person)
    assert [decision.by for decision in stores[0].decision_history(record.id)] == [POLICY, "human:anna"]


def test_in_hundreds_of_interleavings_the_persons_word_stays(stores, annotated):
    chance = random.Random(5)
    records, layers = cases(annotated, 150)
    stores[0].add_records(records)
    stores[0].add_layers(layers)
    marks = {"kind": DecisionKind.LAYER, "layer": "gold"}

    def validations(store: Store, seed: int) -> None:
        pace = random.Random(seed)
        for record in records:
            verdict = pace.choice([Verdict.ACCEPTED, Verdict.QUARANTINED])
            store.decide([on(record.id, verdict, POLICY), on(record.id, verdict, POLICY, **marks)])
            time.sleep(pace.random() / 500)

    def person(store: Store, verdict: Verdict, about: dict[str, object]) -> None:
        for record in records:
            time.sleep(chance.random() / 250)
            store.decide([on(record.id, verdict, "human:anna", **about)])

    at_once(
        lambda: validations(stores[0], 1),
        lambda: validations(stores[1], 2),
        lambda: person(stores[2], Verdict.REJECTED, {}),
        lambda: person(stores[3], Verdict.ACCEPTED, marks),
    )
    ids = [record.id for record in records]
    assert stores[0].verdicts(ids) == dict.fromkeys(ids, Verdict.REJECTED)
    assert {decision.by for decision in stores[0].decisions(ids, subject=on_layer("gold")).values()} == {"human:anna"}
    for id in ids:
        of_text = [decision.by for decision in stores[0].decision_history(id) if decision.subject == TEXT]
        assert of_text[-1] == "human:anna"
        assert of_text.count("human:anna") == 1


def test_a_snapshot_sees_nothing_that_comes_in_meanwhile(stores, annotated):
    (first, second), (gold, other) = cases(annotated, 2)
    store, writer = stores[:2]
    store.add_records([first])
    store.add_layers([gold])
    with store.snapshot() as known:
        writer.add_records([second])
        writer.add_layers([gold.model_copy(update={"entities": ()}), other])
        writer.decide([on(first.id, Verdict.ACCEPTED, "human:anna")])
        assert (known.record_ids(), known.layer(first.id, "gold"), known.decisions()) == ([first.id], gold, {})
        assert known.latest_layer_keys("gold").keys() == {first.id}
        assert (len(store.record_ids()), store.decisions().keys()) == (2, {first.id})
    assert store.layer(first.id, "gold").entities == ()


def test_a_set_of_a_record_that_was_deleted_meanwhile_is_not_frozen(store, annotated):
    (record,), (gold,) = cases(annotated, 1)
    store.add_records([record])
    store.add_layers([gold])
    members = {record.id: ("train", store.latest_layer_keys("gold")[record.id])}
    store.delete_records([record], by="human:ruth", reason="asked", counts={record.id: {}})
    with pytest.raises(StoreError, match="1 of them were deleted meanwhile"):
        store.put_set("cases", "d1", {}, members)
    assert store.curated_sets() == []


def test_the_same_set_frozen_four_times_is_one_version(stores, annotated):
    records, layers = cases(annotated, 20)
    stores[0].add_records(records)
    stores[0].add_layers(layers)
    members = {id: ("train", row) for id, row in stores[0].latest_layer_keys("gold").items()}
    frozen = at_once(*(lambda store=store: store.put_set("cases", "d1", {"splits": {}}, members) for store in stores))
    assert {curated.version for curated in frozen} == {1}
    assert len(list(stores[0].set_members("d1"))) == 20


def test_doubled_layers_of_an_old_store_go_and_members_of_sets_stay(store_url, annotated):
    from alembic import command
    from alembic.config import Config

    from curation.store import migrations

    (first, second), (gold, other) = cases(annotated, 2)
    engine = sa.create_engine(store_url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for record in (first, second):
            insert(
                connection,
                "records",
                id=record.id,
                group_id="g",
                source="t",
                language="de",
                text=record.text,
                meta="{}",
            )
        changed = other.model_copy(update={"entities": ()})
        for layer in (gold, gold, other, gold, changed, other, other):
            insert(connection, "layers", **layer_row(layer))
        insert(connection, "sets", digest="d", name="s", version=1, frozen="now", manifest="{}")
        insert(connection, "set_members", digest="d", record_id=first.id, split="train", layer_seq=2)
        for record, seen in ((first, 4), (second, 5)):
            insert(
                connection,
                "jobs",
                record_id=record.id,
                stage="stage",
                fingerprint="1",
                seen=seen,
                state="done",
                attempts=1,
                updated="now",
            )
    engine.dispose()
    # Four processes open it at once: one of them brings it up to date, the others wait.
    with ExitStack() as stack:
        store, *_ = [stack.enter_context(opened) for opened in at_once(*[lambda: Store.open(store_url)] * 4)]
        assert [layer.digest for layer in store.layer_history(first.id)] == [gold.digest] * 2
        assert [layer.digest for layer in store.layer_history(second.id)] == [
            each.digest for each in (other, changed, other)
        ]
        if store_url.startswith("sqlite"):
            # What was made from a row that went stands beside the one that says the same.
            noted = {(first.id, gold.name): gold.digest, (second.id, other.name): changed.digest}
            assert store.seen_layers("stage", [first.id, second.id]) == noted
        stale = left(store, Stage("gold"))
    assert stale == ([second.id] if store_url.startswith("sqlite") else [first.id, second.id])


def layer_row(layer: Layer) -> dict[str, str]:
    return layer.model_dump(include={"record_id", "name", "author"}) | {
        "digest": layer.digest,
        "content": layer.model_dump_json(),
    }


def insert(connection: sa.Connection, table: str, **row: object) -> None:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
