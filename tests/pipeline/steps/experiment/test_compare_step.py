"""Variants are measured on the same records, once each, and compared pair by pair."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import curate, curate_json
from experiment_workspace import WORDING
from verdicts import given

from curation.errors import NothingToGoByError, UsageError
from curation.record import Entity, Layer, Record
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from pipeline.steps.experiment.compare import compare
from pipeline.workspace import Workspace

pytestmark = pytest.mark.model

VARIANTS = """
baseline: rules
variants:
  rules: {with: rules}
  one: {training: {epochs: 1}}
  more: {training: {epochs: 12}}
"""


def written(folder: Path, content: str) -> Path:
    path = folder / "variants.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_variants_are_measured_on_the_same_records_and_not_twice(
    workspace: Workspace, store: Store, tmp_path: Path
) -> None:
    path = written(tmp_path, VARIANTS)
    done = compare(workspace, store, path, seeds=2)
    content: Any = done.result.content
    assert [cell["key"] for cell in content["cells"]] == [
        *("rules", "one-seed-0", "one-seed-1", "more-seed-0", "more-seed-1")
    ]
    assert len({cell["test"] for cell in content["cells"]}) == 1
    assert [(pair["a"], pair["b"]) for pair in content["pairs"]] == [("rules", "one"), ("rules", "more")]
    strict = next(row for row in content["pairs"][1]["differences"] if row["table"] == "strict")
    figures = content["variants"]
    assert strict["difference"] == pytest.approx(
        figures["more"]["strict"]["value"] - figures["rules"]["strict"]["value"]
    )
    assert strict["p_adjusted"] >= strict["p"]
    assert done.result.answers[0].startswith("best by strict: ")
    ledger = workspace.folder / "experiments" / "compare" / "ledger.jsonl"
    before = ledger.read_text()
    again: Any = compare(workspace, store, written(tmp_path, VARIANTS + "  few: {with: few-shot}\n"), seeds=2)
    assert ledger.read_text().startswith(before)
    assert len(again.result.content["cells"]) == 6
    assert len(again.result.content["pairs"]) == 3
    for file in (*ledger.parent.glob("*.json*"), *ledger.parent.glob("documents/*"), *ledger.parent.glob("result/*")):
        assert not any(word in file.read_bytes() for word in WORDING), file
    with pytest.raises(UsageError, match=r"variants\.one\.training\.epochs was 1, now 2"):
        compare(workspace, store, written(tmp_path, VARIANTS.replace("epochs: 1}", "epochs: 2}")), seeds=2)
    assert json.loads((ledger.parent / "result" / "result.json").read_text())["baseline"] == "rules"


def test_prompts_with_and_without_examples_are_variants(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    script = workspace.folder / "script.jsonl"
    script.write_text('{"answer": {"age": "54"}}\n', encoding="utf-8")
    config = workspace.folder / "curate.toml"
    config.write_text(config.read_text() + '\n[models.script]\nkind = "scripted"\nscript = "script.jsonl"\n')
    again = Workspace.at(workspace.folder)
    path = written(
        tmp_path,
        """
variants:
  rules: {with: rules}
  naive: {with: "llm:script", prompt: naive.v1}
  retrieved: {with: "llm:script", prompt: advanced.v1, examples: true}
""",
    )
    done = compare(again, store, path, name="prompts")
    content: Any = done.result.content
    assert list(content["variants"]) != []
    naive = next(cell for cell in content["cells"] if cell["key"] == "naive")
    assert naive["details"]["spending"]["answers"] > 0
    # The answer has one key of fifteen: what it says counts, and that it is not whole is told.
    assert (naive["details"]["failed_by_kind"], naive["scores"]["validity"]["value"]) == ({"incomplete": 8}, 1)
    assert [(pair["a"], pair["b"]) for pair in content["pairs"]] == [
        *(("rules", "naive"), ("rules", "retrieved"), ("naive", "retrieved"))
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "variants: {a: {training: {epoch: 1}}}",
            "variant a: unknown key training.epoch; did you mean",
        ),
        ("variants: {a: {with: ruels}}", "expected an annotator of .*did you mean rules"),
        ("variants: {a: {training: {epochs: 0}}}", "variant a: training.epochs: expected a number greater"),
        ("variants: {a: {training: {model: tager}}}", "did you mean tagger"),
        ("variants: {a: {with: 'llm:none'}}", "expected a language model"),
        ("variants: {a: {training: {processes: 2}}}", "expected training.processes = 1 for an experiment"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_trained(
    workspace: Workspace, store: Store, tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        compare(workspace, store, written(tmp_path, content), name="refused")
    assert not (workspace.folder / "experiments" / "refused").exists()


@pytest.mark.parametrize("annotator", ["rules", "few-shot"])
def test_an_annotator_with_nothing_to_go_by_is_refused_as_annotating_refuses_it(
    workspace: Workspace, tmp_path: Path, annotator: str
) -> None:
    own = Workspace.make(tmp_path / "own", {"training.threads": 1})
    (own.folder / "scheme.yaml").write_text("name: own\nlanguages: [de]\ncategories: {device: a machine}\n")
    own = Workspace.at(own.folder)
    with own.open_store() as store:
        for number in range(6):
            id, text = f"r{number}", f"Die Pumpe {number * 17} von Fall {number * 31} läuft."
            device = Entity.at(text, 4, 9, "device", id="T1")
            store.add_records([Record(id=id, group=id, source="t", language="de", text=text)])
            store.add_layers([Layer(record_id=id, name="gold", author="gold", entities=(device,))])
        store.decide(given(store.record_ids(), "gold"))
        freeze(store, own.scheme, name="s", layers=["gold"], split=SplitSettings(train=0.5, validation=0, test=0.5))
        path = written(tmp_path, f"variants: {{a: {{with: {annotator}}}}}")
        with pytest.raises(NothingToGoByError, match=f"{annotator} has no .* for anything in the scheme own"):
            compare(own, store, path)
    assert not (own.folder / "experiments").exists()


@pytest.mark.parametrize("figure", ["strickt", "bertscore f1", "label smoking accuracy"])
def test_a_figure_that_nothing_can_have_is_refused_before_anything_is_trained(
    workspace: Workspace, store: Store, tmp_path: Path, figure: str
) -> None:
    with pytest.raises(UsageError, match=f"expected a figure, got '{figure}'"):
        compare(workspace, store, written(tmp_path, VARIANTS), name="unknown", figure=figure)
    assert not (workspace.folder / "experiments" / "unknown").exists()


def test_the_command_prints_a_table_and_one_object(workspace: Workspace, tmp_path: Path) -> None:
    path = written(tmp_path, "variants: {rules: {with: rules}, few: {with: few-shot}}")
    words = ("experiment", "compare", path, "--name", "printed", "--workspace", workspace.folder)
    printed = curate(*words)
    assert "rules" in printed.stdout
    assert "best by strict" in printed.stdout
    assert curate_json(*words)["kind"] == "compare"


def test_a_variant_that_is_trained_is_read_with_its_own_settings_of_annotating(
    workspace: Workspace, store: Store, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        "variants: {all: {training: {epochs: 12}}, "
        "sure: {training: {epochs: 12}, annotation: {adapter: {threshold: 1.0}}}}",
    )
    content: Any = compare(workspace, store, path, name="thresholds").result.content
    every, sure = (content["variants"][name]["token"]["value"] for name in ("all", "sure"))
    assert every > 0
    assert sure != every
    with pytest.raises(UsageError, match=r"variants\.sure\.annotation\.adapter\.threshold was 1.0, now 0.5"):
        compare(workspace, store, written(tmp_path, path.read_text().replace("1.0", "0.5")), name="thresholds")
