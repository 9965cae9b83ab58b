"""A misspelt layer, category or language in curate.toml or in an option is refused with the nearest name."""

from __future__ import annotations

import pytest
from command_line import curate

from annotation.label_studio.settings import LabelStudioSettings
from annotation.label_studio.shown_layers import shown_layers
from curation.errors import UsageError
from curation.store import Store
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long


@pytest.fixture
def folder(tmp_path, annotated):
    workspace = Workspace.make(tmp_path)
    record, layer = annotated("A [fever]{signs_symptoms}.")
    with workspace.open_store() as store:
        store.add_records([record])
        store.add_layers([layer.model_copy(update={"name": "rules"})])
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "words", "said"),
    [
        (
            "run.layer = 'ruls'\nrun.annotators = []",
            ["run"],
            "run.layer: expected a layer of the store, got 'ruls'",
        ),
        (
            "review.layers = ['ruls']",
            ["review", "queue"],
            "review.layers: expected a layer of the store, got 'ruls'",
        ),
        (
            "annotation.few_shot.once = ['gendr']",
            ["annotate", "--with", "few-shot"],
            "annotation.few_shot.once: expected a category of the scheme, got 'gendr'; did you mean gender?",
        ),
        ("", ["annotate", "--with", "rulez"], "got 'rulez'; did you mean rules?"),
        ("", ["annotate", "--with", "rules:de"], "expected rules without a word after it, got 'rules:de'"),
        ("", ["review", "guidelines", "--language", "dee"], "got 'dee'; did you mean de?"),
        ("review.language = 'fr'", ["review", "guidelines"], "got 'fr'; there are: en, de"),
    ],
)
def test_a_name_that_nothing_has_is_refused(folder, settings: str, words: list[str], said: str):
    (folder / "curate.toml").write_text(settings, encoding="utf-8")
    refused = curate(*words, "--workspace", folder, code=1 if "once" in said else 2)
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("layers", [("rules",), ("adapter", "rules"), ("human:carl",), ("own",), ()])
def test_a_layer_that_is_there_or_may_come_is_no_fault(sqlite_store: Store, annotated, layers: tuple[str, ...]):
    record, layer = annotated("A [fever]{signs_symptoms}.")
    sqlite_store.add_records([record])
    sqlite_store.add_layers([layer.model_copy(update={"name": "own"})])
    assert shown_layers(sqlite_store, LabelStudioSettings(layers=layers)) == layers
    with pytest.raises(UsageError, match="did you mean own"):
        shown_layers(sqlite_store, LabelStudioSettings(layers=(*layers, "won")))


@pytest.mark.model
def test_the_categories_kept_once_by_default_may_be_absent_from_a_scheme(folder):
    (folder / "scheme.yaml").write_text("name: signs\ncategories: [signs_symptoms]\n", encoding="utf-8")
    curate("annotate", "--with", "few-shot", "--workspace", folder)
