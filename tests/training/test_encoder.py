"""A small adapter learns twelve texts by heart, is saved, and comes back the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.downloads import downloads_allowed
from curation.embeddings.encoder import packaged_encoder_path
from curation.errors import UsageError
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.tagging.encoder import base_folder
from curation.tagging.folder import AdapterManifest, load_encoder, load_tagger, read_manifest
from curation.tagging.tagger import padded
from training.encoder import Trained, scored, train
from training.settings import TrainingSettings

pytestmark = pytest.mark.model

Pairs = list[tuple[Record, Layer]]

TEXTS = (
    "A [54-year-old]{age} [woman]{gender} came with [fever]{signs_symptoms} and [chest pain]{signs_symptoms}.",
    "[Haemoglobin 7.9 g/dL]{laboratory_values} in a [23-year-old]{age} [man]{gender} with [gout]{diagnosis}.",
    "She received [prednisolone 40 mg daily]{pharmacological_therapy} and was [discharged home]"
    "{patient_outcome_assessment}. No [cough]{signs_symptoms negated}.",
    "[CT of the abdomen]{diagnostic_techniques_procedures} showed [acute appendicitis]{diagnosis}.",
    "Eine [61-jährige]{age} [Patientin]{gender} klagte über [Rückenschmerzen]{signs_symptoms}.",
    "[Appendectomy]{interventional_therapy} was done; he [recovered fully]{patient_outcome_assessment}.",
    "The [boy]{gender} 🙂 had [a dry cough]{signs_symptoms} and [sodium 128 mmol/L]{laboratory_values}.",
    "[Intravenous heparin]{pharmacological_therapy} for [pulmonary embolism]{diagnosis}.",
    "[Retired miner]{social_history}, [smokes 20 cigarettes a day]{life_style}.",
    "[Mother with breast cancer]{family_history}. [Previous stroke]{medical_surgical_history}.",
    "Known [type 2 diabetes]{comorbidities}; [skin biopsy]{diagnostic_techniques_procedures} showed "
    "[non-caseating granulomas]{pathology}.",
    "[Chest radiograph]{diagnostic_techniques_procedures} was normal in the [30-year-old]{age} "
    "[nurse]{social_history}.",
)

#: Short windows, so that the longer texts are read in several.
SETTINGS = TrainingSettings(epochs=20, batch_size=6, window=24, stride=10, rank=16, alpha=32, patience=30, threads=1)


@pytest.fixture(scope="module")
def pairs(annotated: Callable[..., tuple[Record, Layer]]) -> Pairs:
    return [annotated(text) for text in TEXTS]


@pytest.fixture(scope="module")
def trained(pairs: Pairs, scheme: Scheme, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(pairs, pairs, scheme=scheme, settings=SETTINGS, to=tmp_path_factory.mktemp("adapters") / "tiny")


def test_a_small_adapter_learns_its_texts_by_heart(trained: Trained) -> None:
    validation = trained.manifest.metrics["validation"]
    assert isinstance(validation, dict)
    assert validation["strict"]["micro"]["f1"] > 0.9  # type: ignore[index,call-overload,operator]
    assert max(trained.history) == validation["strict"]["micro"]["f1"]  # type: ignore[index,call-overload]


def test_the_saved_adapter_finds_what_the_trained_one_found(trained: Trained, pairs: Pairs, scheme: Scheme) -> None:
    tagger, manifest = load_tagger(trained.folder)
    assert manifest == trained.manifest
    targets = json.loads((trained.folder / "adapter_config.json").read_text())["target_modules"]
    assert targets == sorted(targets)  # the same training writes the same file
    assert scored(tagger, pairs, scheme).to_json() == manifest.metrics["validation"]


def test_offsets_are_exact_in_long_texts_with_emoji(trained: Trained, pairs: Pairs) -> None:
    text = "🙂\r\n".join(record.text for record, _ in pairs) * 3
    tagger, _ = load_tagger(trained.folder)
    (spans,) = tagger([text])
    found = [text[start:end] for span in spans for start, end in span.spans]
    assert found.count("Rückenschmerzen") == 3
    assert found.count("54-year-old") == 3
    assert all(0 < span.score <= 1 for span in spans)
    borders = [border for span in spans for place in span.spans for border in place]
    assert borders == sorted(borders)


def test_texts_are_read_alike_alone_and_together(trained: Trained, pairs: Pairs) -> None:
    tagger, _ = load_tagger(trained.folder, batch_size=3)
    texts = [record.text for record, _ in pairs] + ["", "\n"]
    together = tagger(texts)
    places = [[(span.category, span.spans) for span in spans] for spans in together]
    assert places == [[(span.category, span.spans) for span in tagger([text])[0]] for text in texts]
    assert together[-2:] == [[], []]


def test_the_folder_holds_safe_weights_and_no_path_of_this_machine(trained: Trained) -> None:
    names = {file.name for file in trained.folder.iterdir()}
    assert names == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "clincurate.json",
        "tokenizer.json",
    }
    config = json.loads((trained.folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "sentence-transformers/all-MiniLM-L6-v2"
    told = "".join((trained.folder / name).read_text() for name in names if name != "adapter_model.safetensors")
    assert str(Path.home()) not in told
    assert str(Path(__file__).parents[2]) not in told


# peft asks transformers for a name that is on its way out.
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_peft_alone_loads_the_adapter(trained: Trained, pairs: Pairs) -> None:
    import torch
    from peft import PeftConfig, PeftModel
    from transformers import AutoModelForTokenClassification

    config = PeftConfig.from_pretrained(trained.folder)
    assert str(config.base_model_name_or_path).endswith("/all-MiniLM-L6-v2")
    assert config.task_type == "TOKEN_CLS"
    base = packaged_encoder_path()
    head = AutoModelForTokenClassification.from_pretrained(base, num_labels=len(trained.manifest.labels))
    model = PeftModel.from_pretrained(head, trained.folder).eval()
    ours, split, _ = load_encoder(trained.folder)
    ids, mask = padded([pieces.ids for pieces in split([record.text for record, _ in pairs[:2]])], split)
    with torch.no_grad():
        logits = [found(input_ids=ids, attention_mask=mask).logits for found in (model, ours.to("cpu"))]
    assert torch.allclose(*logits, atol=1e-4)


def test_the_manifest_and_the_card_say_what_was_learnt_from_but_not_its_wording(
    trained: Trained, pairs: Pairs, scheme: Scheme
) -> None:
    manifest = read_manifest(trained.folder)
    assert manifest.training["records"] == len(TEXTS)
    assert manifest.training["entities"] == sum(scheme.counts(e) for _, layer in pairs for e in layer.entities)
    assert set(manifest.categories) == set(scheme.names)
    assert manifest.author == f"adapter:tiny@{manifest.weights_digest[:8]}"
    card = (trained.folder / "README.md").read_text()
    assert card.startswith("---\nlanguage:\n- en\n")
    assert "not a medical\ndevice" in card
    assert "| all (micro) |" in card
    assert "appendicitis" not in card + (trained.folder / "clincurate.json").read_text()


def test_without_a_manifest_or_with_other_weights_a_folder_does_not_load(trained: Trained, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in trained.folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    weights = copy / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(UsageError, match="expected weights with the digest"):
        load_tagger(copy)
    weights.unlink()
    with pytest.raises(UsageError, match="found none"):
        load_tagger(copy)
    (copy / "clincurate.json").write_text('{"format": 1}')
    with pytest.raises(UsageError, match="expected the manifest of an adapter"):
        load_tagger(copy)
    (copy / "clincurate.json").unlink()
    with pytest.raises(UsageError, match="curate train"):
        load_tagger(copy)


def test_an_adapter_is_refused_on_another_encoder(trained: Trained, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in trained.folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    manifest = trained.manifest.model_copy(update={"base_digest": "0" * 16})
    (copy / "clincurate.json").write_text(manifest.model_dump_json())
    with pytest.raises(UsageError, match="expected encoder all-MiniLM-L6-v2 with the digest 0000"):
        load_tagger(copy)


@pytest.fixture
def copy(trained: Trained, tmp_path: Path) -> Path:
    """A copy of the adapter, as somebody else would have sent it."""
    return shutil.copytree(trained.folder, tmp_path / "adapters" / "copy")


def rewrite(folder: Path, manifest: AdapterManifest, **changes: object) -> None:
    (folder / "clincurate.json").write_text(manifest.model_copy(update=changes).model_dump_json())


@pytest.mark.parametrize("name", ["tokenizer.json", "adapter_config.json"])
def test_a_changed_file_beside_the_weights_is_one_line(copy: Path, name: str) -> None:
    file = copy / name
    file.write_text(file.read_text() + "\n")
    with pytest.raises(UsageError, match=f"expected {name} with the digest") as refused:
        load_tagger(copy)
    assert len(str(refused.value).splitlines()) == 1
    file.unlink()
    with pytest.raises(UsageError, match=f"expected {name} at .*, found none"):
        load_tagger(copy)


def test_an_encoder_with_other_settings_is_refused(trained: Trained, copy: Path) -> None:
    rewrite(copy, trained.manifest, files={**trained.manifest.files, "encoder/config.json": "0" * 16})
    with pytest.raises(UsageError, match=r"expected encoder/config\.json with the digest 0000"):
        load_tagger(copy)


def test_a_manifest_of_before_has_no_digests_and_says_so(trained: Trained, copy: Path) -> None:
    assert trained.manifest.unchecked == ()
    rewrite(copy, trained.manifest, files={})
    _, manifest = load_tagger(copy)
    assert manifest.unchecked == ("adapter_config.json", "tokenizer.json", "encoder/config.json")


@pytest.mark.parametrize("key", ["megatron_config", "auto_mapping"])
def test_settings_that_name_code_are_refused(trained: Trained, copy: Path, key: str) -> None:
    config = copy / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {key: {"parent_library": "evil"}}))
    rewrite(copy, trained.manifest, files={})
    with pytest.raises(UsageError, match=f"expected settings that name no code, got {key}"):
        load_tagger(copy)


def test_nothing_is_fetched_for_an_adapter(trained: Trained, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetch(name: str, *, local_files_only: bool, **_: object) -> str:
        asked.append((name, local_files_only))
        raise OSError

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    rewrite(copy, trained.manifest, base_model="evil/encoder")
    with pytest.raises(UsageError, match="--allow-download"):
        load_tagger(copy)
    for value, local in (("1", True), ("", True), ("0", False)):
        monkeypatch.setenv("HF_HUB_OFFLINE", value)
        with pytest.raises(UsageError, match="--allow-download"):
            base_folder("my/encoder", download=downloads_allowed())
        assert asked[-1] == ("my/encoder", local)
    assert asked[0] == ("evil/encoder", True)


def test_an_adapter_names_no_encoder_outside_of_its_workspace(trained: Trained, copy: Path, tmp_path: Path) -> None:
    outside = packaged_encoder_path()
    for name in (str(outside), "../../../srv/encoder", "/srv/nowhere"):
        rewrite(copy, trained.manifest, base_model=name)
        with pytest.raises(UsageError, match="curate trust"):
            load_tagger(copy)
    rewrite(copy, trained.manifest, base_model=str(outside))
    assert load_tagger(copy, base=outside)
    inside = tmp_path / "models" / "encoder"
    shutil.copytree(outside, inside)
    rewrite(copy, trained.manifest, base_model=str(inside))
    assert load_tagger(copy)


def test_an_interrupted_training_leaves_the_adapter_before_it(trained: Trained, pairs: Pairs, scheme: Scheme) -> None:
    def stop(done: int, total: int, loss: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(pairs, scheme=scheme, settings=SETTINGS, to=trained.folder, on_step=stop)
    assert load_tagger(trained.folder)[1] == trained.manifest


def test_steps_are_reported_and_equal_seeds_give_equal_weights(pairs: Pairs, scheme: Scheme, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"epochs": 2, "threads": 1})
    seen: list[tuple[int, int, float]] = []
    once = train(pairs, scheme=scheme, settings=settings, to=tmp_path / "a", on_step=lambda *step: seen.append(step))
    again = train(pairs, scheme=scheme, settings=settings, to=tmp_path / "b")
    assert [done for done, _, _ in seen] == list(range(1, seen[0][1] + 1))
    assert seen[-1][2] < seen[0][2]
    assert once.manifest.weights_digest == again.manifest.weights_digest
    assert once.history == ()
    other = settings.model_copy(update={"seed": 1})
    assert train(pairs, scheme=scheme, settings=other, to=tmp_path / "c").manifest.weights_digest != (
        once.manifest.weights_digest
    )


def test_training_ends_when_patience_does_and_the_best_epoch_is_kept(
    pairs: Pairs, scheme: Scheme, tmp_path: Path
) -> None:
    hopeless = SETTINGS.model_copy(update={"epochs": 9, "patience": 2, "learning_rate": 1e-9})
    result = train(pairs, pairs[:2], scheme=scheme, settings=hopeless, to=tmp_path / "short")
    assert len(result.history) == 3


def test_full_tuning_is_saved_and_comes_back_too(pairs: Pairs, scheme: Scheme, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"epochs": 1, "full": True})
    result = train(pairs, pairs, scheme=scheme, settings=settings, to=tmp_path / "full")
    tagger, manifest = load_tagger(result.folder)
    assert manifest.kind == "full"
    assert scored(tagger, pairs, scheme).to_json() == manifest.metrics["validation"]


def test_nothing_to_learn_from_and_windows_that_do_not_fit_are_refused(
    pairs: Pairs, scheme: Scheme, tmp_path: Path
) -> None:
    empty = [(record, layer.model_copy(update={"entities": ()})) for record, layer in pairs]
    with pytest.raises(UsageError, match="12 records without any"):
        train(empty, scheme=scheme, settings=SETTINGS, to=tmp_path / "none")
    wide = TrainingSettings(window=4096)
    with pytest.raises(UsageError, match="window of at most 512"):
        train(pairs, scheme=scheme, settings=wide, to=tmp_path / "none")
    with pytest.raises(ValueError, match="stride below"):
        TrainingSettings(window=32, stride=30)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("changes", [{"gradient_checkpointing": True}, {"dora": True, "targets": ("query", "value")}])
def test_other_ways_of_tuning_are_saved_and_come_back(
    pairs: Pairs, scheme: Scheme, tmp_path: Path, changes: dict[str, object]
) -> None:
    plain = SETTINGS.model_copy(update={"epochs": 1})
    whole = train(pairs[:6], scheme=scheme, settings=plain, to=tmp_path / "plain")
    other = train(pairs[:6], scheme=scheme, settings=plain.model_copy(update=changes), to=tmp_path / "other")
    same = other.manifest.weights_digest == whole.manifest.weights_digest
    assert same == ("gradient_checkpointing" in changes), "what is computed again is the same"
    assert load_tagger(other.folder)[1] == other.manifest


def test_layers_that_the_encoder_does_not_have_are_named(pairs: Pairs, scheme: Scheme, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"targets": ("nolayer",)})
    with pytest.raises(UsageError, match=r"in training\.targets, got nolayer"):
        train(pairs, scheme=scheme, settings=settings, to=tmp_path / "none")
