"""A finished cell is in the ledger whole or not at all, and a plan is not changed under its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import UsageError
from training.experiments.grid import GridCell, OnProgress, run_grid
from training.experiments.ledger import LEDGER, CellLedger, FinishedCell
from training.experiments.plan import PLAN, ExperimentPlan, opened
from training.experiments.spent import Meter, Spent

CELLS = [GridCell(f"c{number}", {"number": number}, content=f"content {number}", size=10) for number in range(3)]


def finished(cell: GridCell) -> FinishedCell:
    return FinishedCell(key=cell.key, parameters=cell.parameters, content=cell.content)


def test_a_line_that_a_killed_process_has_left_is_cut_off(tmp_path: Path) -> None:
    ledger = CellLedger(tmp_path)
    ledger.add(finished(CELLS[0]))
    whole = (tmp_path / LEDGER).read_bytes()
    for torn in (b'{"key":"c1","para', b"{", b'{"key":"c1"}'):
        (tmp_path / LEDGER).write_bytes(whole + torn)
        again = CellLedger(tmp_path)
        assert list(again.cells) == ["c0"]
        assert (tmp_path / LEDGER).read_bytes() == whole
    (tmp_path / LEDGER).write_bytes(b'{"key":')
    assert list(CellLedger(tmp_path).cells) == []
    again = CellLedger(tmp_path)
    again.add(finished(CELLS[1]))
    assert list(CellLedger(tmp_path).cells) == ["c1"]


def test_a_line_that_is_damaged_is_named(tmp_path: Path) -> None:
    (tmp_path / LEDGER).write_text("nothing of this kind\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"expected a finished cell in line 1 of .*ledger\.jsonl"):
        CellLedger(tmp_path)


def test_a_grid_does_each_cell_once_and_tells_its_progress(tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    done: list[str] = []

    def run(cell: GridCell, advance: OnProgress) -> FinishedCell:
        if cell.key == "c1" and "killed" not in done:
            done.append("killed")
            raise KeyboardInterrupt
        done.append(cell.key)
        advance(3, "a third")
        advance(7, "more")
        return finished(cell)

    with pytest.raises(KeyboardInterrupt):
        run_grid(CELLS, CellLedger(tmp_path), run, lambda more, note: told.append((more, note)))
    cells = run_grid(CELLS, CellLedger(tmp_path), run, lambda more, note: told.append((more, note)))
    assert [cell.key for cell in cells] == ["c0", "c1", "c2"]
    assert done == ["c0", "killed", "c1", "c2"]
    assert sum(more for more, _ in told) == 30
    assert (4, "cell 2 of 3 (c1), more") in told


def test_a_cell_of_other_contents_is_refused(tmp_path: Path) -> None:
    ledger = CellLedger(tmp_path)
    ledger.add(finished(CELLS[0]))
    changed = GridCell("c0", {"number": 0}, content="another")
    with pytest.raises(UsageError, match="expected the cell c0 as it was measured on"):
        run_grid([changed], ledger, lambda cell, advance: finished(cell), lambda more, note: None)


def test_another_plan_of_the_name_is_refused_with_what_differs(tmp_path: Path) -> None:
    plan = ExperimentPlan(kind="compare", name="x", fixed={"set": "a@1", "training.epochs": 2, "variants.lora": "{}"})
    assert opened(tmp_path, plan) == opened(tmp_path, plan)
    with pytest.raises(UsageError, match=r"training\.epochs was 2, now 3; choose another --name"):
        opened(tmp_path, plan.model_copy(update={"fixed": plan.fixed | {"training.epochs": 3}}))
    with pytest.raises(UsageError, match="set was a@1, now not there"):
        opened(tmp_path, plan.model_copy(update={"fixed": {"training.epochs": 2}}))
    with pytest.raises(UsageError, match="it is a compare, now learning-curve"):
        opened(tmp_path, plan.model_copy(update={"kind": "learning-curve"}))
    opened(tmp_path, plan.model_copy(update={"fixed": plan.fixed | {"variants.full": "{}"}}))
    with pytest.raises(UsageError, match=r"variants\.lora was \{\}, now 1"):
        opened(tmp_path, plan.model_copy(update={"fixed": plan.fixed | {"variants.lora": 1}}))
    (tmp_path / PLAN).write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="expected the plan of an experiment at"):
        opened(tmp_path, plan)


def test_what_ended_runs_of_a_cell_took_is_added(tmp_path: Path) -> None:
    def ended() -> None:
        with Meter(tmp_path) as meter:
            meter.training_seconds = 2.0
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ended()
    with Meter(tmp_path) as meter:
        meter.training_seconds, meter.tokens = 3.0, 100
        spent = meter.spent
    assert spent.training_seconds == 5.0
    assert spent.tokens_per_second == 20
    assert spent.seconds >= 0
    assert (spent.peak_memory or 0) > 1_000_000
    assert Spent().tokens_per_second is None
