"""A newer adapter is taken in as soon as it is whole, and one that is not changes nothing."""

from __future__ import annotations

import shutil

import pytest

from annotation.label_studio.backend.active_annotator import ActiveAnnotator
from annotation.label_studio.settings import BackendSettings
from annotation.settings import AnnotationSettings
from curation.errors import UsageError
from curation.tagging.folder import ADAPTER_WEIGHTS, MANIFEST, AdapterManifest, write_manifest
from training.encoder import train
from training.settings import TrainingSettings

TEXT = "A [54-year-old]{age} [woman]{gender} came with [fever]{signs_symptoms}."


@pytest.fixture(scope="module")
def trained(annotated, scheme, tmp_path_factory):
    """The folders of two adapters, the second the newer one."""
    place = tmp_path_factory.mktemp("trained")
    quick = TrainingSettings(epochs=1, batch_size=1, window=24, stride=8, rank=2, alpha=4, threads=1)
    return [
        train(
            [annotated(TEXT)], scheme=scheme, settings=quick.model_copy(update={"seed": seed}), to=place / f"a-{seed}"
        ).folder
        for seed in (1, 2)
    ]


def follow(scheme, adapters, annotator="adapter"):
    return ActiveAnnotator(scheme, AnnotationSettings(), BackendSettings(annotator=annotator), adapters=adapters)


@pytest.mark.model
def test_the_first_adapter_takes_over_from_the_rules_and_the_next_from_it(trained, scheme, tmp_path):
    current = follow(scheme, tmp_path)
    assert (current().version, current.look()) == ("rules@3", False)
    shutil.copytree(trained[0], tmp_path / "one")
    assert current.look()
    first = current().version
    assert first.startswith("adapter:a-1@")
    assert not current.look()
    shutil.copytree(trained[1], tmp_path / "two")
    assert current.look()
    assert current().version.startswith("adapter:a-2@")
    assert current.versions == [current().version, first]


@pytest.mark.model
def test_an_adapter_that_is_not_finished_or_not_whole_changes_nothing(trained, scheme, tmp_path):
    shutil.copytree(trained[0], tmp_path / "one")
    current = follow(scheme, tmp_path)
    before = current()
    shutil.copytree(trained[1], tmp_path / "two", ignore=shutil.ignore_patterns(MANIFEST))
    assert not current.look()
    (tmp_path / "two" / ADAPTER_WEIGHTS).write_bytes(b"half of it")
    shutil.copyfile(trained[1] / MANIFEST, tmp_path / "two" / MANIFEST)
    assert not current.look()
    assert current() is before
    shutil.rmtree(tmp_path / "one")
    assert not current.look()
    assert current() is before


@pytest.mark.model
def test_a_named_adapter_is_followed_when_it_is_trained_anew(trained, scheme, tmp_path):
    shutil.copytree(trained[0], tmp_path / "mine")
    current = follow(scheme, tmp_path / "others", f"adapter:{tmp_path / 'mine'}")
    assert current().version.startswith("adapter:a-1@")
    shutil.copytree(trained[1], tmp_path / "mine", dirs_exist_ok=True)
    assert current.look()
    assert current().version.startswith("adapter:a-2@")


@pytest.mark.parametrize("spoken", ["adapter:nowhere", "nobody"])
def test_an_annotator_that_is_not_there_is_told_at_once(spoken, scheme, tmp_path):
    with pytest.raises(UsageError):
        follow(scheme, tmp_path, spoken)


@pytest.mark.parametrize(("task", "model"), [("relations", "pairs"), ("entities", "decoder"), ("labels", "decoder")])
def test_a_named_adapter_that_needs_more_than_a_text_is_refused_and_another_is_passed_over(
    task, model, scheme, tmp_path
):
    (tmp_path / "mine").mkdir()
    write_manifest(
        AdapterManifest(
            name="mine",
            kind="lora",
            task=task,
            model=model,
            scheme=scheme.name,
            scheme_digest=scheme.digest,
            labels=(),
            languages=("en",),
            window=24,
            stride=8,
            base_model="base",
            base_digest="-",
            weights_digest="-",
        ),
        tmp_path / "mine",
    )
    with pytest.raises(UsageError, match=rf"mine: expected one that .* got {task} by {model}; `curate annotate"):
        follow(scheme, tmp_path / "others", f"adapter:{tmp_path / 'mine'}")
    assert follow(scheme, tmp_path)().version.startswith("rules@")
