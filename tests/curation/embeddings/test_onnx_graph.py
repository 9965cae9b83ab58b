"""The encoder in ONNX Runtime: the same vectors as PyTorch's, kept graphs, and what cannot be run."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from curation.embeddings import encoder as embeddings
from curation.embeddings import graph_model, onnx_graph
from curation.embeddings.encoder import PACKAGED_ENCODER, load_encoder, packaged_encoder_path
from curation.embeddings.graph_model import kept_model
from curation.errors import ConfigError, MissingExtraError

pytestmark = pytest.mark.model

TEXTS = ["fever", "", "No chest pain, but shortness of breath on exertion.", "\ud800 Fieber", "Husten " * 5_000]


@pytest.fixture(autouse=True)
def not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test loads its models anew."""
    monkeypatch.setattr(embeddings, "_load", embeddings._load.__wrapped__)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the user's."""
    monkeypatch.setattr(onnx_graph, "cache_folder", lambda: tmp_path)
    return tmp_path / "encoders"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders of a small untaught encoder by its pooling: the same weights, other vectors."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(packaged_encoder_path())
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    weights = tmp_path_factory.mktemp("weights")
    BertModel(config).save_pretrained(weights)
    tokenizer.save_pretrained(weights)
    folders = {}
    for pooling in ("mean", "cls"):
        folders[pooling] = str(tmp_path_factory.mktemp(pooling))
        read = Transformer(str(weights))
        SentenceTransformer(modules=[read, Pooling(32, pooling_mode=pooling)]).save(folders[pooling])
    return folders


def graphs(cache: Path) -> list[Path]:
    return list(cache.rglob("*.onnx"))


def test_the_vectors_are_those_of_torch_and_share_their_name_and_revision() -> None:
    own, onnx = load_encoder(backend="torch"), load_encoder(backend="onnx")
    assert (own.backend, onnx.backend) == ("torch", "onnx")
    assert (own.name, own.revision, own.dimensions) == (onnx.name, onnx.revision, onnx.dimensions)
    assert np.allclose(own.encode(TEXTS), onnx.encode(TEXTS), atol=1e-5)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kept graph of the packaged encoder, in a cache of the test's own."""
    revision = load_encoder().revision
    made = onnx_graph.graph_path(PACKAGED_ENCODER, revision)
    monkeypatch.setattr(onnx_graph, "cache_folder", lambda: tmp_path)
    copied = onnx_graph.graph_path(PACKAGED_ENCODER, revision)
    shutil.copytree(made.parent, copied.parent)
    return copied


def test_the_packaged_encoder_needs_its_kept_graph_alone(kept: Path) -> None:
    line = f"""
import sys
from pathlib import Path
import numpy as np
from curation.embeddings import graph_model, onnx_graph
from curation.embeddings.encoder import load_encoder
onnx_graph.cache_folder = lambda: Path({str(kept.parents[2])!r})
graph_model.DEVICES = ()
np.save({str(kept.parents[2] / "found.npy")!r}, load_encoder().encode({TEXTS!r}))
assert not {{"torch", "transformers", "sentence_transformers"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", line], check=True, timeout=120)
    own, alone = load_encoder(backend="torch"), load_encoder(backend="onnx")
    assert type(alone._model).__name__ == "GraphModel"
    assert (own.name, own.revision, own.dimensions) == (alone.name, alone.revision, alone.dimensions)
    assert list(own._batches(TEXTS[:3])) == list(alone._batches(TEXTS[:3]))
    assert np.allclose(own.encode(TEXTS), np.load(kept.parents[2] / "found.npy"), atol=1e-5)


@pytest.mark.parametrize("broken", ["graph cut short", "other words", "vectors cut short", "no vectors", "no graph"])
def test_a_kept_graph_that_does_not_fit_is_left_for_the_model(kept: Path, broken: str) -> None:
    revision = load_encoder(backend="onnx").revision
    vectors = kept.with_name(onnx_graph.EXPECTED)
    if broken == "other words":
        _with_other_words(kept)
    elif broken.startswith("no "):
        (vectors if broken == "no vectors" else kept).unlink()
    else:
        path = kept if broken == "graph cut short" else vectors
        path.write_bytes(path.read_bytes()[:1_000])
    assert kept_model(packaged_encoder_path(), name=PACKAGED_ENCODER, revision=revision) is None


def test_where_pytorch_may_find_a_gpu_it_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(graph_model.sys, "platform", "linux")
    monkeypatch.setattr(graph_model, "DEVICES", (str(tmp_path / "none"),))
    assert graph_model.has_no_gpu()
    monkeypatch.setattr(graph_model, "DEVICES", (str(tmp_path / "none"), str(tmp_path)))
    assert not graph_model.has_no_gpu()
    monkeypatch.setattr(embeddings, "kept_model", lambda *_, **__: pytest.fail("not asked for"))
    monkeypatch.setattr(embeddings, "_device", lambda: "cpu")
    assert load_encoder(backend="torch").backend == "torch"


@pytest.mark.usefixtures("cache")
def test_many_texts_in_several_passes_at_once_keep_their_places(tiny: dict[str, str]) -> None:
    several = load_encoder(tiny["mean"], "onnx")
    several._passes = 4
    texts = [f"Day {day}: {'pain ' * (day % 40)}" for day in range(400)]
    assert len(list(several._batches(texts))) > 10
    assert np.allclose(load_encoder(tiny["mean"], "torch").encode(texts), several.encode(texts), atol=1e-5)


def test_the_graph_is_made_once_and_the_models_own_weights_are_let_go(
    cache: Path, tiny: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_encoder(tiny["mean"], "onnx")
    (graph,) = graphs(cache)
    assert sum(weights.numel() for weights in first._model.parameters()) == 0
    monkeypatch.setattr(onnx_graph, "_write", lambda *_: pytest.fail("exported again"))
    again = load_encoder(tiny["mean"], "onnx")
    assert np.array_equal(first.encode(TEXTS), again.encode(TEXTS))
    assert list(cache.iterdir()) == [graph.parent]


@pytest.mark.parametrize("broken", ["cut short", "other words", "no vectors"])
def test_a_graph_that_does_not_fit_is_made_anew(cache: Path, tiny: dict[str, str], broken: str) -> None:
    sound = load_encoder(tiny["mean"], "onnx").encode(TEXTS)
    (path,) = graphs(cache)
    if broken == "cut short":
        path.write_bytes(path.read_bytes()[:100_000])
    elif broken == "no vectors":
        path.with_name(onnx_graph.EXPECTED).unlink()
    else:
        _with_other_words(path)
    assert np.allclose(load_encoder(tiny["mean"], "onnx").encode(TEXTS), sound, atol=1e-5)


@pytest.mark.usefixtures("cache")
def test_weights_alone_do_not_tell_a_graph(tiny: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two encoders of one name and the same weights, as when a folder's pooling is edited."""
    place = onnx_graph.graph_path("edited", "1")
    monkeypatch.setattr(onnx_graph, "graph_path", lambda name, revision: place)
    found = {pooling: load_encoder(folder, "onnx").encode(TEXTS) for pooling, folder in tiny.items()}
    for pooling, folder in tiny.items():
        assert np.allclose(found[pooling], load_encoder(folder, "torch").encode(TEXTS), atol=1e-5)
    assert not np.allclose(found["mean"], found["cls"], atol=1e-2)


def _with_other_words(path: Path) -> None:
    """The same graph with other vectors for its words."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path)
    words = next(one for one in graph.graph.initializer if "word_embeddings" in one.name)
    words.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(words)[::-1].copy(), words.name))
    onnx.save(graph, path)


WRITE = onnx_graph._write


def _refuses(*_: object) -> None:
    raise RuntimeError("no such operator: fever")


def _other(model: Any, path: Path) -> None:
    WRITE(model, path)
    _with_other_words(path)


@pytest.mark.parametrize(("write", "why"), [(_refuses, "could not be exported"), (_other, "gives other vectors")])
def test_a_model_that_cannot_be_run_is_refused_if_asked_for_and_else_torch_runs_it(
    cache: Path,
    tiny: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    write: Any,
    why: str,
) -> None:
    expected = load_encoder(tiny["mean"], "torch").encode(TEXTS)
    monkeypatch.setattr(onnx_graph, "_write", write)
    with pytest.raises(ConfigError, match=f'{why}.*Set its backend = "torch"'):
        load_encoder(tiny["mean"], "onnx")
    assert list(cache.iterdir()) == []
    with caplog.at_level(logging.WARNING):
        encoder = load_encoder(tiny["mean"], "auto")
    assert encoder.backend == "torch"
    assert why in caplog.text
    assert "fever" not in caplog.text
    assert np.allclose(encoder.encode(TEXTS), expected, atol=1e-5)


def test_a_cache_that_cannot_be_written_leaves_torch(
    cache: Path, tiny: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    cache.write_text("a file where a folder should be", encoding="utf-8")
    assert load_encoder(tiny["mean"]).backend == "torch"
    assert "could not be exported" in caplog.text


def test_without_the_packages_auto_is_torch_and_onnx_says_what_to_install(
    tiny: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_graph, "missing", lambda: ["onnxruntime"])
    assert load_encoder(tiny["mean"]).backend == "torch"
    with pytest.raises(MissingExtraError, match=r"onnxruntime.*annotate"):
        load_encoder(tiny["mean"], "onnx")


def test_a_gpu_is_left_to_torch_unless_onnx_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[Any] = []
    monkeypatch.setattr(onnx_graph, "hand_over", lambda model, **_: handed.append(model))
    on_a_gpu = SimpleNamespace(device=SimpleNamespace(type="cuda"))
    assert embeddings._run_by(on_a_gpu, "auto", "n", "r") == "torch"
    assert handed == []
    assert embeddings._run_by(on_a_gpu, "onnx", "n", "r") == "onnx"
    assert handed == [on_a_gpu]


def test_onnx_runtime_leaves_nothing_that_tells_of_its_use(tmp_path: Path, tiny: dict[str, str], cache: Path) -> None:
    """Its telemetry keeps a device's id, and what is to be sent, in the user's cache."""
    load_encoder(tiny["mean"], "onnx")
    (graph,) = graphs(cache)
    home = tmp_path / "home"
    home.mkdir()
    # Nothing of ours: it keeps silent by itself where variables tell of continuous integration.
    variables = {"PATH": os.environ["PATH"], "HOME": str(home)}
    line = "import sys; from curation.embeddings.onnx_graph import session_of; session_of(sys.argv[1])"
    subprocess.run([sys.executable, "-c", line, str(graph)], env=variables, check=True, timeout=120)
    assert list(home.rglob("*")) == []
