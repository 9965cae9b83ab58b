"""Stages in several processes: the same results record by record as in one, and nothing lost when a worker dies."""

import json
import operator
import os
from unittest import mock

import psutil
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from annotation.rules.annotator import LanguageRules, RulesAnnotator
from annotation.settings import RulesSettings
from curation.errors import ConfigError, WorkerError
from curation.processes import Processes
from curation.scheme import load_scheme
from curation.store.tables import layers, measures
from pipeline.runner import run_over, run_stage
from pipeline.steps.generate import generate_into
from pipeline.steps.validate import measure_translations
from pipeline.workspace import Workspace
from validation.stage import Measure

pytestmark = [pytest.mark.server, pytest.mark.long]

WITHOUT_EMBEDDINGS = {"validation.similarity.enabled": False, "curation.batch_size": 8}


def generated(folder, cases=20):
    """A workspace with records, half of them translations."""
    workspace = Workspace.make(folder, WITHOUT_EMBEDDINGS)
    with workspace.open_store() as store:
        generate_into(workspace, store, cases, languages=("en", "de"), seed=5, noise=0.2)
    return workspace


def measured(workspace, workers):
    """Every row that measuring keeps, with what it was measured on, by record and stage."""
    with workspace.open_store() as store, Processes(workers) as processes:
        settings = workspace.config.validation
        stage = Measure.over(store, workspace.scheme, settings)
        report = run_over(workspace, store, stage, processes=processes)
        measure_translations(workspace, store, settings, processes)
        with store.read() as connection:
            rows = connection.execute(sa.select(measures)).all()
    return report.done, {(row.record_id, row.stage): json.loads(row.found) for row in rows}


@pytest.fixture
def any_set_is_worth_it(monkeypatch):
    monkeypatch.setattr("curation.processes.WORTHWHILE", 1)


def test_several_processes_measure_what_one_does(tmp_path, any_set_is_worth_it):
    done, one = measured(generated(tmp_path / "one"), 1)
    done_by_two, two = measured(generated(tmp_path / "two"), 2)
    assert done == done_by_two == 40
    # With one worker pairs are left to the verdicts.
    assert {key for key in two if key[1] == "translation"} != set()
    assert {key: row for key, row in two.items() if key[1] != "translation"} == one


@pytest.mark.parametrize("workers", [1, 2])
def test_a_layer_that_cannot_be_read_is_no_failure_of_its_record(workers, tmp_path, any_set_is_worth_it):
    workspace = generated(tmp_path, 4)
    with workspace.open_store() as store, Processes(workers) as processes:
        stage = Measure.over(store, workspace.scheme, workspace.config.validation)
        with store.write() as connection:
            connection.execute(sa.update(layers).values(content="{"))
        with pytest.raises(ValidationError):
            run_over(workspace, store, stage, processes=processes)
        assert store.count_jobs().get("validate", {}) == {}


def test_pairs_that_processes_measured_are_those_of_one(tmp_path, any_set_is_worth_it):
    from validation.frame import whole_of
    from validation.measures.measure import Scope
    from validation.measures.translation import KEY, measure

    workspace = generated(tmp_path)
    _, rows = measured(workspace, 2)
    with workspace.open_store() as store:
        scope = Scope(workspace.scheme, workspace.config.validation)
        kept = measure(whole_of(store, scope, {}, ()))
        store.put_measures("translation", {id: {} for id in kept})
        anew = measure(whole_of(store, scope, {}, ()))
        with store.read() as connection:
            written = connection.execute(sa.select(measures).where(measures.c.stage == "translation")).all()
    assert kept == anew
    assert len(kept) == 20
    assert {row.record_id: json.loads(row.found) for row in written} == {
        id: row for (id, stage), row in rows.items() if stage == "translation"
    }
    assert all(row[KEY] for (_, stage), row in rows.items() if stage == "translation")


def test_several_processes_annotate_as_one_does(tmp_path, sqlite_store, any_set_is_worth_it):
    workspace = generated(tmp_path)
    stage = RulesAnnotator(workspace.scheme)
    with workspace.open_store() as store, Processes(2) as processes:
        with mock.patch.object(LanguageRules, "entities", side_effect=AssertionError("this process only stores")):
            assert run_over(workspace, store, stage, processes=processes).done == 40
        found = {item.record.id: item.layers["rules"] for item in store.items(["rules"])}
        for item in store.items():
            (result,) = stage([item])
            assert result.layers[0].digest == found[item.record.id].digest


BROKEN = "categories: {diagnosis: {patterns: [{id: p, score: 1, tokens: [{LOWER: {REGEX: '('}}]}]}}"


@pytest.mark.parametrize("workers", [1, 2])
def test_what_does_not_load_in_a_worker_stops_the_command_before_the_first_record(
    workers, tmp_path, any_set_is_worth_it
):
    workspace = generated(tmp_path / "w", 4)
    (tmp_path / "en.yaml").write_text(BROKEN, encoding="utf-8")
    stage = RulesAnnotator(workspace.scheme, RulesSettings(patterns=tmp_path))
    with workspace.open_store() as store, Processes(workers) as processes:
        with pytest.raises(ConfigError, match=r"expected what it works with to load, got error at .*no record was tri"):
            run_over(workspace, store, stage, processes=processes)
        assert store.count_jobs().get(stage.name, {}) == {}


def test_a_worker_that_dies_loses_nothing(tmp_path, any_set_is_worth_it):
    workspace = generated(tmp_path, cases=60)
    stage = RulesAnnotator(load_scheme())

    with workspace.open_store() as store:
        with Processes(2) as processes:
            (worker,) = set(processes.map(operator.call, [os.getpid]))

            def end_worker(records: int, failed: int = 0) -> None:
                if psutil.pid_exists(worker):
                    psutil.Process(worker).kill()

            with pytest.raises(WorkerError, match="same command goes on"):
                run_stage(store, stage, batch_size=4, processes=processes, advance=end_worker)
        with store.read() as connection:
            kept = connection.scalar(sa.select(sa.func.count()).where(layers.c.name == "rules"))
        assert 0 < kept == store.count_jobs()[stage.name]["done"] < 120
        assert run_stage(store, stage).done == 120 - kept
        with store.read() as connection:
            assert connection.scalar(sa.select(sa.func.count()).where(layers.c.name == "rules")) == 120


def test_what_needs_an_encoder_stays_in_one_process(tmp_path):
    settings = generated(tmp_path, cases=1).config.validation
    scheme = load_scheme()
    similarity = settings.similarity.model_copy(update={"enabled": True})
    assert Measure(scheme, settings, reads=()).can_go_apart
    assert not Measure(scheme, settings.model_copy(update={"similarity": similarity}), reads=()).can_go_apart
