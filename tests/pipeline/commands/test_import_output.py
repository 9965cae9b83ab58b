"""What an import says to people is the same by `curate import` and by `curate run`."""

from __future__ import annotations

from curation.sources import Lost, Notice, Problem
from pipeline.commands.run import _say_step
from pipeline.steps.imports import ImportReport
from pipeline.steps.run import FinishedStep


def test_a_run_says_all_that_an_import_said(capsys):
    report = ImportReport(imported=1, layers=1, entities=2, realigned=1)
    report.note(Notice("a.txt:1", "counted in bytes"))
    report.note(Problem("a.ann:2", "expected an annotation, got something else", Lost.ENTITY))
    _say_step(FinishedStep("import", report, 0.1))
    said = capsys.readouterr().err
    for words in (
        "realigned 1",
        "left out 1",
        "notices 1",
        "counted in bytes: a.txt:1",
        "a.ann:2: expected an annotation",
    ):
        assert words in said
