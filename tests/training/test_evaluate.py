"""The evaluation report: what it says, and that it stands on its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from curation.record import Layer, Record
from curation.scheme import Scheme
from training.evaluate import EvaluationReport, evaluate
from training.report import write_report

Make = Callable[..., tuple[Record, Layer]]

GOLD = (
    "A [54-year-old]{age} [woman]{gender} with [fever]{signs_symptoms} and [gout]{diagnosis}.",
    "Ein [Mann]{gender} mit [Blutungen]{diagnosis}.",
)
PREDICTED = (
    "A [54-year-old]{age} [woman]{gender} [with fever]{signs_symptoms} and gout.",
    "Ein [Mann]{gender} mit [Blutungen]{diagnosis}.",
)


def report(scheme: Scheme, annotated: Make) -> EvaluationReport:
    gold = [annotated(text, language=language) for text, language in zip(GOLD, ("en", "de"), strict=True)]
    predicted = [
        annotated(text, language=language, layer="rules")[1]
        for text, language in zip(PREDICTED, ("en", "de"), strict=True)
    ]
    return evaluate(gold, predicted, scheme)


def test_entities_and_the_flat_view_are_scored_together(scheme: Scheme, annotated: Make) -> None:
    found = report(scheme, annotated).to_json()
    assert (found["records"], found["gold"], found["predicted"]) == (2, ["gold"], ["rules"])
    assert found["strict"]["micro"]["f1"] == 2 * 4 / (6 + 5)
    assert found["lenient"]["micro"]["f1"] == 2 * 5 / (6 + 5)
    assert found["flat"]["per_category"]["diagnosis"]["rouge1"] == 0.5
    assert found["flat"]["validity"] == 1


def test_the_report_is_one_page_with_its_figures_and_its_plot(scheme: Scheme, annotated: Make, tmp_path: Path) -> None:
    files = write_report(report(scheme, annotated), tmp_path / "reports", scheme=scheme)
    page = files.page.read_text()
    assert "<svg" in page
    assert "Signs and symptoms" in page
    assert ">0.727<" in page.replace(" ", "")  # strict micro F1, 8 / 11
    assert not re.findall(r"""(?:src|href)=["'](?!#)[^"']+""", page)
    assert files.plot.read_bytes().startswith(b"\x89PNG")
    assert json.loads(files.figures.read_text())["strict"]["micro"]["gold"] == 6


def test_the_report_holds_no_clinical_text(scheme: Scheme, annotated: Make, tmp_path: Path) -> None:
    files = write_report(report(scheme, annotated), tmp_path)
    told = files.page.read_text() + files.figures.read_text()
    assert not any(word in told for word in ("54-year-old", "Blutungen", "gout"))


def test_an_evaluation_of_nothing_is_still_a_report(scheme: Scheme, annotated: Make, tmp_path: Path) -> None:
    record, gold = annotated("Nothing to see.")
    files = write_report(evaluate([(record, gold)], [], scheme), tmp_path, scheme=scheme)
    assert "n/a" in files.page.read_text()
    assert json.loads(files.figures.read_text())["strict"]["micro"]["f1"] is None


def test_validity_is_that_of_the_answers_that_layers_were_read_from(scheme: Scheme, annotated: Make) -> None:
    gold = [annotated(f"A [{number}-year-old]{{age}} with gout.") for number in (31, 42, 53, 64)]
    whole = dict.fromkeys(scheme.names, "absent") | {"age": "facts"}
    shapes = [whole, whole | {"age": "list"}, None]
    predicted = [
        layer.model_copy(update={"name": "m", "author": "m", "provenance": {"flat": shape} if shape else {}})
        for (_, layer), shape in zip(gold, shapes, strict=False)
    ]
    found = evaluate(gold, predicted, scheme)
    assert (found.flat.validity, found.flat.problems) == (1 / 2, {"not all strings": 1, "no answer": 1})
    # What came out of a mended answer is measured; an answer that did not come scores nothing.
    assert found.flat.per_category["age"].rouge1 == 3 / 4
    assert found.facts is not None
    assert found.facts.per_category["age"].presence.omitted == 1
