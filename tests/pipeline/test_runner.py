from collections import Counter

import pytest

from curation.errors import (
    ConfigError,
    ContradictionError,
    CurateError,
    EnvironmentFailureError,
    LanguageModelError,
    UsageError,
)
from curation.record import Layer
from curation.stage import Result
from pipeline.runner import run_over, run_stage
from pipeline.workspace import Workspace


class Rules:
    """A stage by hand: it writes an empty layer, and fails where it is told to."""

    name = "annotate:test"
    reads = ()

    def __init__(self, *, fingerprint="1", fails=(), loses=(), raises=None, measures=None):
        self.fingerprint, self.fails, self.loses, self.raises = fingerprint, set(fails), set(loses), raises
        self.measures = measures or {}
        self.seen = Counter()

    def __call__(self, items):
        self.seen.update(item.record.id for item in items)
        if self.raises and any(item.record.id in self.fails for item in items):
            raise self.raises
        return [
            Result(item.record.id, error="cannot")
            if item.record.id in self.fails
            else Result(
                item.record.id,
                layers=[Layer(record_id=item.record.id, name="test", author="test@1")],
                measures=self.measures,
            )
            for item in items
            if item.record.id not in self.loses
        ]


@pytest.fixture
def records(sqlite_store, annotated):
    made = [annotated(f"Patient {number}.")[0] for number in range(50)]
    sqlite_store.add_records(made)
    return made


@pytest.mark.parametrize("workers", [1, 4])
def test_every_record_is_done_once_and_a_second_run_does_nothing(sqlite_store, records, workers):
    stage = Rules()
    report = run_stage(sqlite_store, stage, batch_size=7, workers=workers)
    assert (report.done, report.failed) == (50, 0)
    assert run_stage(sqlite_store, stage).done == 0
    assert stage.seen == {record.id: 1 for record in records}
    assert sqlite_store.layer_names() == {"test": 50}


def test_a_new_fingerprint_runs_again(sqlite_store, records):
    run_stage(sqlite_store, Rules())
    assert run_stage(sqlite_store, Rules(fingerprint="2")).done == 50


def test_only_new_records_are_done(sqlite_store, records, annotated):
    run_stage(sqlite_store, Rules())
    sqlite_store.add_records([annotated("One more.")[0]])
    assert run_stage(sqlite_store, Rules()).done == 1


def test_a_failure_is_kept_and_can_be_retried(sqlite_store, records):
    bad = records[3].id
    report = run_stage(sqlite_store, Rules(fails=[bad]))
    assert (report.done, report.failed) == (49, 1)
    assert [(failure.record_id, failure.error) for failure in sqlite_store.failures()] == [(bad, "cannot")]
    again = run_stage(sqlite_store, Rules())
    assert (again.done, again.failed, again.unchanged, again.failed_before) == (0, 0, 49, 1)
    retried = run_stage(sqlite_store, Rules(), retry_failed=True)
    assert (retried.done, retried.unchanged, retried.failed_before) == (1, 49, 0)
    assert sqlite_store.failures() == []


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (ContradictionError("record x: expected a, got b"), "record x: expected a, got b"),
        (ValueError("words of the patient"), "ValueError at test_runner.py:"),
        (OSError(28, "words of the patient"), "OSError (No space left on device) at test_runner.py:"),
    ],
)
def test_one_record_that_raises_does_not_take_its_batch_along(sqlite_store, records, error, kept):
    report = run_stage(sqlite_store, Rules(fails=[records[3].id], raises=error), batch_size=10)
    assert (report.done, report.failed) == (49, 1)
    (failure,) = sqlite_store.failures()
    assert failure.error.startswith(kept)
    assert "patient" not in failure.error


def test_a_record_that_a_stage_forgets_is_a_failure(sqlite_store, records):
    run_stage(sqlite_store, Rules(loses=[records[0].id]))
    assert [failure.error for failure in sqlite_store.failures()] == ["the stage gave no result for this record"]


def test_ctrl_c_keeps_what_was_finished(sqlite_store, records):
    def interrupt(done, failed=0):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stage(sqlite_store, Rules(), batch_size=10, advance=interrupt)
    assert sqlite_store.layer_names() == {"test": 10}
    assert run_stage(sqlite_store, Rules(), batch_size=10).done == 40


def test_what_was_measured_before_does_not_stand_for_what_cannot_be_measured_now(sqlite_store, records):
    good = run_stage(sqlite_store, Rules(measures={"words": 3}))
    assert good.done == 50
    bad = records[3].id
    run_stage(sqlite_store, Rules(fingerprint="2", fails=[bad], measures={"words": 4}))
    assert set(sqlite_store.measured_ids(Rules.name)) == {record.id for record in records} - {bad}


class TransportError(Exception):
    """Such as httpx raises, by the name of its class."""


PASSING = [
    ConnectionRefusedError(111, "refused"),
    OSError(28, "No space left on device"),
    MemoryError(),
    ImportError("no module"),
    TransportError("lost"),
    ConfigError("no such model"),
    UsageError("expected weights, found none"),
    LanguageModelError("unreachable", "HTTP 503"),
    LanguageModelError("denied", "HTTP 401"),
]
LASTING = [
    ValueError("words"),
    ContradictionError("record x: expected a, got b"),
    LanguageModelError("unparsable", "expected JSON"),
    LanguageModelError("rejected", "HTTP 400"),
    RecursionError(),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: f"{type(error).__name__} {error}")
def test_what_is_no_fault_of_the_record_is_tried_again_by_itself_and_not_counted(sqlite_store, records, error):
    bad = records[3].id
    for _ in range(2):
        report = run_stage(sqlite_store, Rules(fails=[bad], raises=error), batch_size=10)
        assert (report.failed, report.may_pass, report.failed_before) == (1, 1, 0)
        (failure,) = sqlite_store.failures()
        assert (failure.record_id, failure.may_pass, failure.attempts) == (bad, True, 0)
    again = run_stage(sqlite_store, Rules())
    assert (again.done, again.unchanged) == (1, 49)
    assert sqlite_store.failures() == []


@pytest.mark.parametrize("error", LASTING, ids=lambda error: type(error).__name__)
def test_what_the_record_fails_by_stays_failed(sqlite_store, records, error):
    bad = records[3].id
    report = run_stage(sqlite_store, Rules(fails=[bad], raises=error), batch_size=10)
    assert (report.failed, report.may_pass) == (1, 0)
    assert (run_stage(sqlite_store, Rules()).done, sqlite_store.failures()[0].may_pass) == (0, False)


def test_the_attempts_of_a_record_outlive_a_failure_of_the_machine(sqlite_store, records):
    bad = records[3].id
    run_stage(sqlite_store, Rules(fails=[bad], raises=ValueError()))
    run_stage(sqlite_store, Rules(fails=[bad], raises=MemoryError()), retry_failed=True)
    assert sqlite_store.failures()[0].attempts == 1
    run_stage(sqlite_store, Rules(fails=[bad], raises=ValueError()))
    assert sqlite_store.failures()[0].attempts == 2


def test_a_stage_stops_when_nothing_but_the_machine_fails(sqlite_store, records):
    everyone = [record.id for record in records[5:]]
    stage = Rules(fails=everyone, raises=ConnectionRefusedError(111, "refused"))
    with pytest.raises(EnvironmentFailureError, match="the same command goes on from there"):
        run_stage(sqlite_store, stage, batch_size=5)
    assert sqlite_store.layer_names() == {"test": 5}
    assert len(stage.seen) < 40
    assert run_stage(sqlite_store, Rules()).done == 45


@pytest.mark.parametrize(
    ("error", "said"),
    [(UsageError("expected weights"), "expected weights"), (KeyError("B-age"), "no record was tried")],
)
def test_what_cannot_be_loaded_stops_the_stage_before_the_first_record(sqlite_store, records, tmp_path, error, said):
    class Unloadable(Rules):
        def load(self, languages):
            assert languages == ["en"]
            raise error

    stage = Unloadable()
    with pytest.raises(CurateError, match=said) as stopped:
        run_over(Workspace.make(tmp_path), sqlite_store, stage)
    assert "\n" not in str(stopped.value)
    assert (stage.seen, sqlite_store.count_jobs()) == ({}, {})
    run_stage(sqlite_store, Rules())
    assert run_over(Workspace.make(tmp_path), sqlite_store, stage).unchanged == 50, "nothing is left: nothing is loaded"
