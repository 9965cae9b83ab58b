"""The store's contract, on SQLite and on PostgreSQL alike."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from curation.decision import ANYWHERE, TEXT, Decision, DecisionKind, Verdict, on_layer
from curation.errors import ContradictionError, EgressBlockedError, StoreError, UsageError
from curation.record import Layer
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.stage import Result
from curation.store import Added, ReviewEvent, ReviewTask, Store
from curation.store.egress import EgressCounts
from curation.store.engine import remote_database


@pytest.fixture
def pair(annotated):
    return annotated("A [54-year-old]{age} [woman]{gender} 👩 with [Übelkeit]{signs_symptoms}.", group="p1")


class Stage:
    """A stage by hand."""

    name = "stage"

    def __init__(self, fingerprint="1", reads=()):
        self.fingerprint, self.reads = fingerprint, reads


def left(store, stage, **options):
    return [item.record.id for page in store.pending(stage, **options) for item in page.items]


def many(annotated, count):
    return [annotated(f"Patient {number}, [fever]{{signs_symptoms}}.")[0] for number in range(count)]


def test_a_record_comes_back_as_it_went_in(store, pair):
    record, gold = pair
    assert store.add_records([record]) == Added(imported=1, unchanged=0)
    assert store.add_records([record, record]) == Added(imported=0, unchanged=2)
    assert list(store.records()) == [record]
    assert store.add_layers([gold]) == 1
    assert store.layer(record.id, "gold") == gold


def test_threads_may_open_new_stores_at_once(tmp_path):
    def opened(number):
        with Store.open(f"sqlite:///{tmp_path / str(number)}.db") as store:
            return store.count_records()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(opened, range(16))) == [{}] * 16


def test_records_stream_in_the_order_they_came(store, annotated):
    records = many(annotated, 25)
    store.add_records(records)
    assert [record.id for record in store.records(page=7)] == [record.id for record in records]
    assert {record.id for record in store.records([records[3].id, "unknown"])} == {records[3].id}
    assert store.count_records() == {"en": 25}
    assert list(store.records(language="de")) == []


def test_layers_are_append_only_and_the_latest_counts(store, pair):
    record, gold = pair
    store.add_records([record])
    store.add_layers([gold])
    corrected = gold.model_copy(update={"entities": gold.entities[:1]})
    assert store.add_layers([gold, corrected, corrected]) == 1
    assert store.layer(record.id, "gold").entities == gold.entities[:1]
    assert [len(layer.entities) for layer in store.layer_history(record.id)] == [3, 1]
    assert store.layer_names() == {"gold": 1}


def test_a_layer_that_contradicts_its_record_is_not_stored(store, pair, annotated):
    record, gold = pair
    store.add_records([record])
    other = annotated("Quite [another]{age} text")[1].model_copy(update={"record_id": record.id})
    with pytest.raises(ContradictionError, match=record.id):
        store.add_layers([gold, other])
    with pytest.raises(ContradictionError, match="expected one of the categories mood"):
        store.add_layers([gold], categories={"mood": None})
    assert store.layer_names() == {}
    with pytest.raises(StoreError, match="expected record nobody in the store"):
        store.add_layers([Layer(record_id="nobody", name="gold", author="gold")])


def test_items_carry_the_layers_asked_for_and_can_be_filtered(store, pair, annotated):
    record, gold = pair
    rules = gold.model_copy(update={"name": "rules", "author": "rules@1"})
    second, _ = annotated("Kein [Fieber]{signs_symptoms}.", language="de")
    store.add_records([record, second])
    store.add_layers([gold, rules])
    found = {item.record.id: dict(item.layers) for item in store.items(["rules", "few-shot"])}
    assert found == {record.id: {"rules": rules}, second.id: {}}
    assert [item.record.id for item in store.items(language="en")] == [record.id]
    assert [item.read() for item in store.stored_items(["rules", "few-shot"])] == list(
        store.items(["rules", "few-shot"])
    )


def test_measures_are_replaced_stage_by_stage(store, pair):
    record, _ = pair
    store.add_records([record])
    store.put_measures("length", {record.id: {"words": 3}})
    store.put_measures("length", {record.id: {"words": 4}})
    store.put_measures("language", {record.id: {"detected": "en", "sure": None}})
    assert dict(store.measures()) == {record.id: {"words": 4, "detected": "en", "sure": None}}
    assert dict(store.measures(["unknown"])) == {}


def test_the_latest_decision_counts_and_none_is_lost(store, pair):
    record, _ = pair
    store.add_records([record])
    accepted = Decision(record_id=record.id, verdict=Verdict.ACCEPTED, by="policy@1")
    doubted = Decision(record_id=record.id, verdict=Verdict.QUARANTINED, by="policy@1", reason="too short")
    assert store.decide([accepted]) == 1
    assert store.decide([accepted.model_copy(update={"created": doubted.created})]) == 0
    assert store.decide([doubted]) == 1
    assert store.decisions() == {record.id: doubted}
    assert store.decision_history(record.id) == [accepted, doubted]
    assert store.count_decisions() == {"": {"quarantined": 1}}


def of_layer(record, layer, verdict, by="policy@1"):
    return Decision(record_id=record.id, verdict=verdict, by=by, kind=DecisionKind.LAYER, layer=layer)


def of_privacy(record, destination, verdict, by="policy@1"):
    return Decision(record_id=record.id, verdict=verdict, by=by, kind=DecisionKind.PRIVACY, destination=destination)


def test_the_latest_decision_counts_for_each_subject_by_itself(store, annotated):
    record, other = many(annotated, 2)
    store.add_records([record, other])
    text = Decision(record_id=record.id, verdict=Verdict.ACCEPTED, by="policy@1")
    rules, gold = of_layer(record, "rules", Verdict.QUARANTINED), of_layer(record, "gold", Verdict.ACCEPTED)
    again = of_layer(record, "rules", Verdict.ACCEPTED, by="human:anna")
    assert store.decide([text, rules, gold, of_layer(other, "rules", Verdict.REJECTED)]) == 4
    assert store.decide([again, gold]) == 1
    assert store.decisions() == {record.id: text}
    assert store.decisions([record.id], subject=on_layer("rules")) == {record.id: again}
    assert store.verdicts(subject=on_layer("rules")) == {record.id: Verdict.ACCEPTED, other.id: Verdict.REJECTED}
    assert store.verdicts([record.id]) == {record.id: Verdict.ACCEPTED}
    assert list(store.latest_decisions([record.id])) == [text, gold, again]
    assert [one.record_id for one in store.latest_decisions(verdict=Verdict.REJECTED)] == [other.id]
    assert list(store.latest_decisions(verdict=Verdict.QUARANTINED)) == []
    assert [one.by for one in store.decisions_not_by("policy")] == ["human:anna"]
    assert store.count_decisions(DecisionKind.LAYER) == {
        "gold": {"accepted": 1},
        "rules": {"accepted": 1, "rejected": 1},
    }


def test_a_decision_for_one_destination_counts_before_the_one_for_anywhere(store, annotated):
    record, other = many(annotated, 2)
    store.add_records([record, other])
    anywhere = [of_privacy(one, ANYWHERE, Verdict.QUARANTINED) for one in (record, other)]
    released = of_privacy(record, "export", Verdict.ACCEPTED, by="human:ruth")
    store.decide([released, *anywhere])
    assert store.privacy_decisions("export") == {record.id: released, other.id: anywhere[1]}
    assert store.privacy_decisions("hub", [record.id]) == {record.id: anywhere[0]}
    assert store.decisions() == {}


def test_the_newest_layer_of_a_name_tells_its_author(store, pair):
    record, gold = pair
    store.add_records([record])
    old, new = (gold.model_copy(update={"name": "mine", "author": by}) for by in ("rules@1", "llm:some@v1"))
    store.add_layers([gold, old])
    store.add_layers([new])
    assert store.layer_authors() == {"gold": "gold", "mine": "llm:some@v1"}


#: The columns of the table of decisions, and a decision in it, as they were before decisions had kinds.
OLD = {
    "record_id": "r",
    "verdict": "quarantined",
    "content": json.dumps(
        {
            "record_id": "r",
            "verdict": "quarantined",
            "by": "policy:validate@1",
            "reason": "entities_grounded: observed 0.5, expected at least 0.8",
            "details": {"expectation": "entities_grounded", "failures": [{"expectation": "entities_grounded"}]},
            "created": "2026-01-01T00:00:00Z",
        }
    ),
}


def test_decisions_of_an_old_store_become_decisions_on_texts(store_url, scheme):
    from alembic import command
    from alembic.config import Config

    from curation.store import migrations

    engine = sa.create_engine(store_url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        record = {"id": "r", "group_id": "g", "source": "test", "language": "en", "text": "Fever.", "meta": "{}"}
        gold = Layer(record_id="r", name="gold", author="gold")
        layer = {"record_id": "r", "name": "gold", "author": "gold", "digest": gold.digest}
        rows = (("records", record), ("layers", {**layer, "content": gold.model_dump_json()}), ("decisions", OLD))
        for table, row in rows:
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
    engine.dispose()
    with Store.open(store_url) as store:
        (old,) = store.decision_history("r")
        assert (old.subject, old.verdict, old.by) == (TEXT, Verdict.QUARANTINED, "policy:validate@1")
        assert old.details["failures"] == [{"expectation": "entities_grounded"}]
        assert store.decisions() == {"r": old}
        assert store.verdicts(subject=on_layer("gold")) == {}
        assert store.count_decisions() == {"": {"quarantined": 1}}
        assert store.decide([old.model_copy(update={"verdict": Verdict.ACCEPTED})]) == 1
        assert store.verdicts() == {"r": Verdict.ACCEPTED}
        with pytest.raises(UsageError, match=r"1 layer not validated.*run `curate validate --layer gold`"):
            freeze(store, scheme, name="cases", layers=["gold"], split=SplitSettings())


def test_work_is_left_until_its_result_is_stored(store, annotated):
    records = many(annotated, 3)
    store.add_records(records)
    stage = Stage()
    ids = [record.id for record in records]
    assert left(store, stage) == ids
    assert store.commit(stage, [Result(ids[0], measures={"n": 1}), Result(ids[1], error="no")], seen={}).failed == 1
    assert left(store, stage) == ids[2:]
    assert left(store, stage, retry_failed=True) == ids[1:]
    assert store.count_jobs() == {"stage": {"done": 1, "failed": 1}}
    assert [(f.record_id, f.error, f.attempts) for f in store.failures()] == [(ids[1], "no", 1)]
    store.commit(stage, [Result(ids[1], error="still no")], seen={})
    assert store.failures()[0].attempts == 2
    assert left(store, Stage(fingerprint="2")) == ids


def test_a_newer_layer_makes_a_result_stale(store, pair):
    record, gold = pair
    store.add_records([record])
    store.add_layers([gold])
    stage = Stage(reads=["gold"])
    (page,) = store.pending(stage)
    assert page.items[0].read().layers == {"gold": gold}
    store.commit(stage, [Result(record.id)], seen=page.seen)
    assert left(store, stage) == []
    store.add_layers([gold.model_copy(update={"name": "rules"})])
    assert left(store, stage) == []
    store.add_layers([gold.model_copy(update={"entities": ()})])
    assert left(store, stage) == [record.id]


def test_a_result_that_contradicts_its_record_is_kept_as_a_failure(store, pair, annotated):
    record, _ = pair
    wrong = annotated("[Other]{age} words")[1].model_copy(update={"record_id": record.id})
    store.add_records([record])
    assert store.commit(Stage(), [Result(record.id, layers=[wrong])], seen={}).failed == 1
    assert "expected its wording" in store.failures()[0].error
    assert store.layer_names() == {}


def test_the_review_ledger_remembers_what_was_pushed(store, pair):
    record, _ = pair
    store.add_records([record])
    begun = ReviewTask(record_id=record.id, project="p", pushed="abc")
    store.put_review_tasks("p", [begun])
    done = begun.model_copy(update={"task_id": 2**40, "predictions": ("rules@1",)})
    store.put_review_tasks("p", [done])
    assert store.review_tasks("p") == {record.id: done}
    assert store.review_tasks("other") == {}
    assert store.review_cursor("p") is None
    store.set_review_cursor("p", "2026-01-01T00:00:00Z")
    store.set_review_cursor("p", "2026-01-02T00:00:00Z")
    assert store.review_cursor("p") == "2026-01-02T00:00:00Z"


def test_what_a_review_refused_is_kept_as_it_came_and_once(store):
    refused = ReviewEvent(
        project="p",
        kind="refused",
        task_id=2**40,
        annotation_id=7,
        reasons=("expected a list, got none",),
        content='{"id": "\\ud800\\u0000"}',
    )
    deleted = ReviewEvent(project="p", kind="deleted", task_id=1, record_id="r")
    assert store.add_review_events([refused, deleted, refused]) == [refused, deleted]
    later = refused.model_copy(update={"created": datetime.now(UTC)})
    assert store.add_review_events([later, deleted.model_copy(update={"task_id": 2})]) != []
    assert store.review_events("p", kind="refused") == [refused]
    assert [event.task_id for event in store.review_events("p")] == [2**40, 1, 2]
    assert store.review_events("other") == []


def test_a_frozen_set_keeps_the_layer_version_it_was_made_of(store, pair):
    record, gold = pair
    store.add_records([record])
    store.add_layers([gold])
    members = {record.id: ("train", store.latest_layer_keys("gold")[record.id])}
    frozen = store.put_set("cases", "d1", {"seed": 0}, members)
    store.add_layers([gold.model_copy(update={"entities": ()})])
    assert list(store.set_members("d1")) == [("train", record, gold)]
    assert list(store.set_members("d1", split="test")) == []
    assert store.put_set("cases", "d1", {"seed": 0}, members) == frozen
    second = store.put_set("cases", "d2", {}, {})
    assert (frozen.version, second.version) == (1, 2)
    assert store.curated_set("cases") == second
    assert store.curated_set("cases@1") == store.curated_set("d1") == frozen
    with pytest.raises(UsageError, match=r"there are: cases@1, cases@2"):
        store.curated_set("case")


def test_a_run_without_an_end_is_seen(store):
    first, second = store.start_run("import"), store.start_run("annotate")
    store.end_run(first, state="done", manifest={"n": 1})
    assert [(run.id, run.state, run.manifest) for run in store.runs()] == [
        (first, "done", {"n": 1}),
        (second, "started", {}),
    ]


def test_the_store_can_be_opened_again(store_url, pair):
    for expected in (Added(1, 0), Added(0, 1)):
        with Store.open(store_url) as store:
            assert store.add_records([pair[0]]) == expected


def test_a_store_of_a_newer_version_is_refused(store_url):
    Store.open(store_url).close()
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"expected a store of revision 0008 or older, found 9999"):
        Store.open(store_url)


@pytest.mark.database
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "expected a store URL"),
        ("mysql://host/name", "expected a store on sqlite or postgresql, got mysql"),
        ("sqlite:////no/such/folder/records.db", "expected the folder /no/such/folder"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/none", r"expected a database at .*me:\*\*\*@127"),
    ],
)
def test_a_store_that_cannot_be_opened_says_why(url, message):
    with pytest.raises(StoreError, match=message):
        Store.open(url)


def test_the_tables_are_what_the_migrations_made(store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from curation.store.tables import metadata

    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize(
    ("url", "environment", "remote"),
    [
        ("sqlite:///records.db", {"PGHOST": "db.example"}, None),
        ("postgresql+psycopg://me@127.0.0.1:5432/name", {}, None),
        ("postgresql+psycopg:///name", {}, None),
        ("postgresql+psycopg:///name?host=/var/run/postgresql", {}, None),
        ("postgresql+psycopg://me@db.example:5432/name", {}, "db.example/name"),
        ("postgresql+psycopg:///name?host=db.example", {}, "db.example/name"),
        ("postgresql+psycopg:///name?host=localhost,db.example", {}, "db.example/name"),
        ("postgresql+psycopg://localhost/name?hostaddr=10.0.0.7", {}, "10.0.0.7/name"),
        ("postgresql+psycopg:///name", {"PGHOST": "db.example"}, "db.example/name"),
        ("postgresql+psycopg://localhost/name", {"PGHOSTADDR": "10.0.0.7"}, "10.0.0.7/name"),
        ("postgresql+psycopg:///name?service=team", {}, "the service team"),
    ],
)
def test_a_database_on_another_machine_is_known_as_such(url, environment, remote, monkeypatch):
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert remote_database(sa.make_url(url)) == remote


def test_new_records_go_to_another_machine_through_the_gate_only(store, pair):
    store.remote = "db.example/name"
    with pytest.raises(EgressBlockedError, match="expected the gate"):
        store.add_records([pair[0]])
    assert store.record_ids() == []
    passed: list[list[str]] = []
    store.let_out = lambda records: passed.append([record.id for record in records])
    store.add_records([pair[0]])
    store.add_records([pair[0]])
    assert passed == [[pair[0].id], []]


def test_a_record_is_found_by_its_text(store, pair):
    store.add_records([pair[0]])
    assert store.with_text(pair[0].text) == pair[0]
    assert store.with_text("another") is None


def test_what_left_is_written_down_in_counts_and_ids(store):
    line = store.begin_egress(run=None, destination="model", address="llm.example", policy="allow")
    store.count_egress(line, EgressCounts(texts=2, characters=30), records=["b", "a", "b"])
    store.count_egress(line, EgressCounts(texts=1, characters=5, with_identifiers=1, refused=2), refused=["c"])
    store.count_egress(line, EgressCounts(texts=1, characters=5, with_identifiers=2), records=["a"])
    (found,) = store.egress()
    assert (found.run, found.texts, found.characters, found.with_identifiers, found.refused) == (None, 4, 40, 3, 2)
    assert (found.records, found.refused_records) == (("b", "a"), ("c",))
