"""The packaged encoder on other runtimes and in fewer bits, each in the place of the model that we run.

The runtimes are asked directly: `optimum`, through which sentence-transformers reaches them, wants an older
transformers than ours. All but PyTorch's are made of the graph that our own encoder makes for ONNX Runtime.
"""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from curation.embeddings.encoder import SentenceEncoder, load_encoder
from curation.embeddings.onnx_graph import graph_path

#: Token ids and mask, both of shape (texts, tokens), to vectors of shape (texts, dimensions).
Forward = Callable[[Any, Any], Any]
#: Texts from which the full eight-bit form of OpenVINO learns the ranges of activations.
CALIBRATED_BY = 100
#: The way that the product has, which is measured as the product has it.
KEPT = "ONNX Runtime"


@dataclass(frozen=True, slots=True)
class EncoderBackend:
    """One way to run the model."""

    name: str
    needs: tuple[str, ...]  # packages
    #: The forward pass for a number of threads; sentences to calibrate by are in the sources.
    make: Callable[[Sources, int], Forward] | None

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed."""
        return tuple(name for name in self.needs if find_spec(name) is None)


@dataclass(frozen=True)
class Sources:
    """What backends are made from: the model in PyTorch, a folder for what is made of it, and sentences."""

    model: Any
    folder: Path
    sentences: Sequence[str]

    @property
    def onnx(self) -> Path:
        """The graph of the model in full precision, which our encoder makes."""
        ours = load_encoder(backend="onnx")
        return graph_path(ours.name, ours.revision)

    def tokens(self, texts: Sequence[str]) -> dict[str, Any]:
        """Ids and mask as arrays of 64-bit integers, padded to the longest text."""
        found = self.model.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.model.max_seq_length, return_tensors="np"
        )
        return {name: found[name] for name in ("input_ids", "attention_mask")}


class Model:
    """What `SentenceEncoder` asks of a sentence-transformers model, with another forward pass."""

    def __init__(self, sources: Sources, forward: Forward) -> None:
        self._sources, self._run = sources, forward
        self.tokenizer, self.max_seq_length = sources.model.tokenizer, sources.model.max_seq_length
        self.device = torch.device("cpu")

    def get_embedding_dimension(self) -> int:
        """The width of a vector."""
        return int(self._sources.model.get_embedding_dimension())

    def encode(self, texts: Sequence[str], **_: object) -> Any:
        """The vectors of one batch."""
        return self._run(*self._sources.tokens(texts).values())


def encoder_of(backend: EncoderBackend, sources: Sources, threads: int) -> SentenceEncoder:
    """Our encoder with that backend in it; its revision names it, so that no cache mixes two of them."""
    ours = load_encoder(backend="torch")
    revision = f"{ours.revision} {backend.name}"
    if backend.name == KEPT:
        return SentenceEncoder(load_encoder(backend="onnx")._model, name=ours.name, revision=revision, backend="onnx")
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        assert backend.make is not None
        forward = backend.make(sources, threads)
    return SentenceEncoder(Model(sources, forward), name=ours.name, revision=revision)


def _torch_int8(sources: Sources, threads: int) -> Forward:
    """PyTorch's own dynamic form; its threads are those of the process."""
    whole = copy.deepcopy(sources.model).eval()
    quantized = torch.ao.quantization.quantize_dynamic(whole, {torch.nn.Linear}, dtype=torch.qint8)

    def forward(ids: Any, mask: Any) -> Any:
        with torch.inference_mode():
            features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
            return quantized(features)["sentence_embedding"].numpy()

    return forward


def _onnx_int8(sources: Sources, threads: int) -> Forward:
    """Dynamic, a scale for each channel, in seven bits: without VNNI a product of eight overflows."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path = sources.folder / "model-int8.onnx"
    if not path.exists():
        quantize_dynamic(sources.onnx, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    return _session(path, threads)


def _session(path: Path, threads: int) -> Forward:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    # Threads that spin while they wait would be counted as work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def _openvino(sources: Sources, threads: int) -> Forward:
    import openvino

    return _compiled(openvino.Core().read_model(sources.onnx), threads)


def _openvino_weights(sources: Sources, threads: int) -> Forward:
    """Weights in eight bits, activations in full precision."""
    import nncf
    import openvino

    nncf.set_log_level("ERROR")
    model = openvino.Core().read_model(sources.onnx)
    return _compiled(nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM), threads)


def _openvino_int8(sources: Sources, threads: int) -> Forward:
    """Weights and activations in eight bits, calibrated by sentences that are not measured."""
    import nncf
    import openvino

    path = sources.folder / "model-int8.xml"
    if not path.exists():
        nncf.set_log_level("ERROR")
        texts = [sources.tokens([sentence]) for sentence in sources.sentences[:CALIBRATED_BY]]
        kind = nncf.ModelType.TRANSFORMER
        model = openvino.Core().read_model(sources.onnx)
        openvino.save_model(nncf.quantize(model, nncf.Dataset(texts), model_type=kind, subset_size=len(texts)), path)
    return _compiled(openvino.Core().read_model(path), threads)


def _compiled(model: Any, threads: int) -> Forward:
    import openvino

    request = openvino.Core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads}).create_infer_request()
    return lambda ids, mask: request.infer({"input_ids": ids, "attention_mask": mask})[0].copy()


BACKENDS: Mapping[str, EncoderBackend] = {
    backend.name: backend
    for backend in (
        EncoderBackend("torch int8, dynamic", (), _torch_int8),
        EncoderBackend(KEPT, ("onnx", "onnxruntime"), None),
        EncoderBackend("ONNX Runtime int8", ("onnx", "onnxruntime"), _onnx_int8),
        EncoderBackend("OpenVINO", ("openvino",), _openvino),
        EncoderBackend("OpenVINO int8 weights", ("openvino", "nncf"), _openvino_weights),
        EncoderBackend("OpenVINO int8", ("openvino", "nncf"), _openvino_int8),
    )
}
