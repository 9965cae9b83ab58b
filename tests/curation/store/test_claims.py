"""Several processes share one stage: every record is done once, also when some of them are killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from curation.record import Record, record_id
from curation.stage import Result
from curation.store import Store
from curation.store.claims import TRIES, WORKER_DIED

RECORDS = 120
HOUR = 3600.0

#: Claims, does each record for a while, commits it, and says so. poison: the record at which it kills itself.
WORK = """
import os, signal, sys, time
from pathlib import Path
from curation.record import Layer
from curation.stage import Result
from curation.store import Store

url, name, lease, seconds, poison, said = sys.argv[1:]

class Stage:
    name, fingerprint, reads = "stage", "1", ()

with Store.open(url) as store, Path(said).open("a") as done:
    while True:
        claimed = store.claim(Stage(), 8, worker=name, lease=float(lease))
        if not claimed.items and not claimed.elsewhere:
            break
        if not claimed.items:
            time.sleep(0.02)
        for item in claimed.items:
            if item.record.id == poison:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(float(seconds))
            layer = Layer(record_id=item.record.id, name=f"by {name}", author="rules@1")
            result = Result(item.record.id, layers=[layer])
            if not store.commit(Stage(), [result], seen=claimed.seen, claim=claimed.token).late:
                print(item.record.id, file=done, flush=True)
"""


class Stage:
    """A stage by hand."""

    name = "stage"
    reads = ()

    def __init__(self, fingerprint: str = "1") -> None:
        self.fingerprint = fingerprint


@pytest.fixture
def stores(store_url: str) -> Iterator[list[Store]]:
    """Two stores on one database, as two processes have them."""
    with ExitStack() as stack:
        yield [stack.enter_context(Store.open(store_url)) for _ in range(2)]


@pytest.fixture
def ids(stores) -> list[str]:
    return add(stores[0], 6)


def add(store: Store, count: int) -> list[str]:
    texts = [f"Der Patient {number} hat Fieber." for number in range(count)]
    found = [record_id(text, language="de") for text in texts]
    records = [
        Record(id=id, group=id, source="test", language="de", text=text) for id, text in zip(found, texts, strict=True)
    ]
    store.add_records(records)
    return found


def claim(store, size=100, *, worker="one", lease=HOUR, stage=None, **more):
    return store.claim(stage or Stage(), size, worker=worker, lease=lease, **more)


def claimed_ids(claimed) -> list[str]:
    return [item.record.id for item in claimed.items]


def die(store: Store, worker: str) -> int:
    """The worker ends without a word."""
    return store.end_leases(lambda name: name == worker)


def start(url: str, folder: Path, name: str, *, lease: float = 30.0, seconds: float = 0.0, poison: str = "-"):
    words = [url, name, str(lease), str(seconds), poison, str(folder / f"{name}.txt")]
    return subprocess.Popen([sys.executable, "-c", WORK, *words], stderr=subprocess.PIPE)


def end(*processes) -> list[int]:
    """The exit codes."""
    assert [process.communicate(timeout=90)[1] for process in processes] == [b""] * len(processes)
    return [process.returncode for process in processes]


def said(folder: Path) -> Counter[str]:
    return Counter(id for path in folder.glob("*.txt") for id in path.read_text().split())


def layers(store: Store, ids: list[str]) -> Counter[int]:
    return Counter(len(store.layer_history(id)) for id in ids)


@pytest.mark.server
@pytest.mark.parametrize("count", [2, 4])
def test_processes_that_share_a_stage_do_each_record_once(store_url, tmp_path, count):
    with Store.open(store_url) as store:
        ids = add(store, RECORDS)
        workers = [start(store_url, tmp_path, f"worker{number}", seconds=0.002) for number in range(count)]
        assert end(*workers) == [0] * count
        assert said(tmp_path) == Counter(ids)
        assert layers(store, ids) == {1: RECORDS}
        assert store.count_jobs() == {"stage": {"done": RECORDS, "failed": 0}}


@pytest.mark.server
def test_what_a_killed_process_had_is_done_by_the_others_when_its_lease_ends(store_url, tmp_path):
    with Store.open(store_url) as store:
        ids = add(store, RECORDS)
        killed = start(store_url, tmp_path, "killed", lease=1.0, seconds=0.05)
        while not said(tmp_path):
            time.sleep(0.01)
        others = [start(store_url, tmp_path, f"worker{number}", seconds=0.002) for number in range(2)]
        killed.kill()
        assert end(killed, *others) == [-9, 0, 0]
        assert layers(store, ids) == {1: RECORDS}
        assert set(said(tmp_path)) <= set(ids)
        # What stood in the store when it was killed may not have been said.
        assert RECORDS - sum(said(tmp_path).values()) in (0, 1)


@pytest.mark.server
def test_a_record_that_kills_its_workers_is_a_failure_and_all_others_are_done(store_url, tmp_path):
    with Store.open(store_url) as store:
        ids = add(store, 20)
        deaths = 0
        while end(start(store_url, tmp_path, f"worker{deaths}", poison=ids[3])) == [-9]:
            assert die(store, f"worker{deaths}")
            deaths += 1
        assert deaths == TRIES
        (failure,) = store.failures()
        assert (failure.record_id, failure.kind, failure.may_pass) == (ids[3], WORKER_DIED, False)
        assert f"ended {TRIES} times before there was a result" in failure.error
        assert store.count_jobs() == {"stage": {"done": 19, "failed": 1}}


def test_each_record_is_had_by_one_worker(stores, ids):
    first, second = claim(stores[0], 4), claim(stores[1], 4, worker="two")
    assert (claimed_ids(first), claimed_ids(second)) == (ids[:4], ids[4:])
    assert first.token != second.token
    third = claim(stores[1], worker="two")
    assert (third.items, third.elsewhere, third.token) == ([], 6, second.token)
    stores[0].commit(Stage(), [Result(id) for id in ids[:4]], seen=first.seen, claim=first.token)
    assert claim(stores[1], worker="two").elsewhere == 2
    # Another stage, and another worker of the same process, know nothing of it.
    assert claimed_ids(claim(stores[0], 1, worker="three")) == []


def test_stages_are_claimed_apart(stores, ids):
    other = Stage()
    other.name = "other"
    assert claimed_ids(claim(stores[0])) == claimed_ids(claim(stores[1], worker="two", stage=other)) == ids


def test_a_late_worker_stores_nothing_and_hears_it(stores, ids):
    late = claim(stores[0], 2)
    die(stores[1], "one")
    # What nobody had comes first.
    assert claimed_ids(claim(stores[1], worker="two")) == ids[2:]
    other = claim(stores[1], 2, worker="two")
    assert claimed_ids(late) == claimed_ids(other) == ids[:2]
    failed = [Result(id, error="late", measures={"n": 1}) for id in ids[:2]]
    committed = stores[0].commit(Stage(), failed, seen=late.seen, claim=late.token)
    assert (committed.failed, committed.late) == (0, set(ids[:2]))
    assert (stores[0].failures(), dict(stores[0].measures())) == ([], {})
    assert not stores[1].commit(Stage(), [Result(id) for id in ids[:2]], seen={}, claim=other.token).late
    assert stores[0].commit(Stage(), failed, seen={}, claim=late.token).late == set(ids[:2])
    assert stores[0].count_jobs() == {"stage": {"done": 2, "failed": 0}}


def test_a_worker_that_is_slow_keeps_what_nobody_else_has_taken(stores, ids):
    slow = claim(stores[0], 2, lease=0.0)
    assert not stores[0].commit(Stage(), [Result(id) for id in ids[:2]], seen={}, claim=slow.token).late


def test_a_lease_is_renewed(stores, ids):
    held = claim(stores[0], lease=0.3)
    for _ in range(4):
        time.sleep(0.1)
        assert stores[0].renew(held.token, 0.3) == 6
    assert claim(stores[1], worker="two").items == []
    time.sleep(0.35)
    assert claimed_ids(claim(stores[1], worker="two")) == ids
    assert stores[0].renew(held.token, HOUR) == 0


def test_what_is_given_back_is_free_at_once_and_counts_as_no_try(stores, ids):
    for _ in range(2 * TRIES):
        held = claim(stores[0])
        assert claimed_ids(held) == ids
        stores[1].release("of another", ids)
        assert claim(stores[1], worker="two").items == []
        stores[0].release(held.token, ids)
    assert claimed_ids(claim(stores[1], worker="two")) == ids


def test_a_worker_is_given_no_record_again_of_which_a_result_has_come(stores, ids):
    class Retried(Stage):
        """Fails always."""

    held = claim(stores[0], retry_failed=True)
    failed = [Result(id, error="no", kind="refused", may_pass=id == ids[1]) for id in ids]
    assert stores[0].commit(Retried(), failed, seen={}, claim=held.token).failed == 6
    assert claim(stores[0], retry_failed=True).items == []
    assert claim(stores[0], kinds=["refused"]).elsewhere == 0
    # What begins later tries what it is asked to, and what may pass.
    assert claimed_ids(claim(stores[1], worker="two")) == [ids[1]]
    again = claim(stores[1], worker="three", kinds=["refused"])
    assert claimed_ids(again) == [ids[0], *ids[2:]]


def test_two_runs_with_other_settings_end(stores, ids):
    first, second = Stage("1"), Stage("2")
    for _ in range(3):
        for store, stage, worker in zip(stores, (first, second), ("one", "two"), strict=True):
            held = claim(store, 2, stage=stage, worker=worker)
            store.commit(stage, [Result(id) for id in claimed_ids(held)], seen={}, claim=held.token)
    assert claim(stores[0], stage=first).items == []


def test_what_workers_died_with_comes_last_and_the_last_time_alone(stores, ids):
    assert claimed_ids(claim(stores[0], 2, worker="dead0")) == ids[:2]
    die(stores[1], "dead0")
    busy = claim(stores[1], worker="busy")
    assert claimed_ids(busy) == ids[2:]
    for number in range(1, TRIES - 1):
        assert claimed_ids(claim(stores[0], 2, worker=f"dead{number}")) == ids[:2]
        die(stores[1], f"dead{number}")
    stores[1].release(busy.token, ids[2:])
    held = claim(stores[0])
    assert claimed_ids(held) == ids[2:]
    # Not beside others.
    waits = claim(stores[0])
    assert (waits.items, waits.elsewhere) == ([], 6)
    stores[0].commit(Stage(), [Result(id) for id in ids[2:]], seen={}, claim=held.token)
    alone = claim(stores[0])
    assert claimed_ids(alone) == ids[:1]
    assert claimed_ids(claim(stores[0])) == []
    die(stores[1], "one")
    given_up = claim(stores[1], worker="two")
    assert (given_up.given_up, claimed_ids(given_up)) == (1, ids[1:2])
    stores[1].commit(Stage(), [Result(ids[1])], seen={}, claim=given_up.token)
    assert claim(stores[1], worker="two").elsewhere == 0
    assert [(failure.record_id, failure.kind, failure.attempts) for failure in stores[0].failures()] == [
        (ids[0], WORKER_DIED, 1)
    ]
    # It is left alone until somebody asks, and then it is tried as often again.
    assert claim(stores[1], worker="three").items == []
    assert claimed_ids(claim(stores[1], worker="four", retry_failed=True)) == ids[:1]
    assert claimed_ids(claim(stores[1], worker="five", stage=Stage("2"))) == ids[1:]


def test_with_new_settings_the_tries_are_counted_anew(stores, ids):
    for number in range(2 * TRIES):
        assert claimed_ids(claim(stores[0], 1, worker=str(number), stage=Stage(str(number)))) == ids[:1]
        die(stores[1], str(number))
    assert stores[0].failures() == []


def test_claims_go_with_their_records(stores, ids):
    held = claim(stores[0], 2)
    (gone,) = stores[0].records(ids[:1])
    stores[1].delete_records([gone], by="human:ruth", reason="asked", counts={gone.id: {}})
    committed = stores[0].commit(Stage(), [Result(id) for id in ids[:2]], seen=held.seen, claim=held.token)
    assert (committed.failed, committed.late) == (0, set())
    assert stores[0].count_jobs() == {"stage": {"done": 1, "failed": 0}}


def test_the_clock_is_the_database_s(stores, ids, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)
    held = claim(stores[0], lease=HOUR)
    monkeypatch.setattr(time, "time", lambda: 1e12)
    assert claim(stores[1], worker="two").items == []
    assert stores[1].renew(held.token, HOUR) == 6


def test_all_is_claimed_page_by_page_and_what_comes_meanwhile_too(stores, ids):
    found: list[str] = []
    while (held := claim(stores[0], 2)).items:
        found += claimed_ids(held)
        stores[0].commit(Stage(), [Result(id) for id in claimed_ids(held)], seen={}, claim=held.token)
    assert found == ids
    assert add(stores[1], 8)[6:] == claimed_ids(claim(stores[0]))


def test_a_claim_tells_the_rows_of_the_layers_that_are_read(stores, annotated):
    record, gold = annotated("He has [fever]{signs_symptoms}.")
    stores[0].add_records([record])
    stores[0].add_layers([gold])
    stage = Stage()
    stage.reads = ("gold",)
    held = claim(stores[0], stage=stage)
    assert held.items[0].layers == {"gold": gold}
    stores[0].add_layers([gold.model_copy(update={"entities": ()})])
    stores[0].commit(stage, [Result(record.id)], seen=held.seen, claim=held.token)
    # Made from the older layer: the next run does it again.
    assert claimed_ids(claim(stores[1], worker="two", stage=stage)) == [record.id]


def test_claims_of_an_old_store(store_url, annotated):
    from alembic import command
    from alembic.config import Config

    from curation.store import migrations

    engine = sa.create_engine(store_url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        for number in range(2):
            record = {"id": f"r{number}", "text": "Fieber."}
            connection.execute(
                sa.text(
                    "INSERT INTO records (id, group_id, source, language, text, meta) "
                    "VALUES (:id, 'g', 'test', 'de', :text, '{}')"
                ),
                record,
            )
        connection.execute(
            sa.text(
                "INSERT INTO jobs (record_id, stage, fingerprint, state, error, attempts, updated) "
                "VALUES ('r0', 'stage', '1', 'failed', 'no answer', 2, 'now')"
            )
        )
    engine.dispose()
    with Store.open(store_url) as store:
        (failure,) = store.failures()
        assert (failure.record_id, failure.attempts, failure.kind) == ("r0", 2, None)
        assert store.spending() == []
        assert claimed_ids(claim(store)) == ["r1"]
        assert claimed_ids(claim(store, worker="two", retry_failed=True)) == ["r0"]


def test_who_kills_a_run_again_and_again_does_not_meet_the_same_records(stores, ids):
    for number in range(3):
        assert claimed_ids(claim(stores[0], 2, worker=str(number))) == ids[2 * number : 2 * number + 2]
        die(stores[1], str(number))
    assert claimed_ids(claim(stores[0], worker="last")) == ids


def test_a_stage_may_allow_more_ends_before_a_record_is_suspected(stores, ids):
    for number in range(TRIES + 2):
        held = stores[0].claim(Stage(), 6, worker=str(number), lease=HOUR, tries=TRIES + 3)
        assert claimed_ids(held) == ids
        die(stores[1], str(number))
    assert claimed_ids(stores[0].claim(Stage(), 6, worker="last", lease=HOUR, tries=TRIES + 3)) == ids[:1]
    assert stores[0].failures() == []


def test_a_claim_reads_no_more_of_the_jobs_the_more_are_done(postgres_url):
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE claims_by_key"))
    url = postgres_url.rsplit("/", 1)[0] + "/claims_by_key"
    with Store.open(url) as store:
        add(store, 400)
        for _ in range(10):
            claimed = claim(store, 20)
            results = [Result(id) for id in claimed_ids(claimed)]
            store.commit(Stage(), results, seen=claimed.seen, claim=claimed.token)
    by_stage = sa.text("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'jobs_stage'")
    other = sa.create_engine(url)
    with other.connect() as connection:
        # As long as nobody has analysed the tables, all jobs of a stage would be read for each record.
        assert connection.execute(by_stage).scalar_one() == 0
    other.dispose()
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE claims_by_key WITH (FORCE)"))
    engine.dispose()
