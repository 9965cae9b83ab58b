"""The packaged encoder by its kept graph alone: the same vectors, without the seconds that PyTorch, transformers and
sentence-transformers take to load."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from curation.embeddings import onnx_graph

#: One of these is there where a GPU can be used (NVIDIA, AMD, Windows' subsystem for Linux, Jetson).
DEVICES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg", "/dev/nvhost-gpu", "/dev/nvmap")


class GraphModel:
    """What `SentenceEncoder` asks of a sentence-transformers model, from a model's folder and its graph."""

    device = SimpleNamespace(type="cpu")

    def __init__(self, folder: Path, session: Any) -> None:
        from tokenizers import Tokenizer

        self._session = session
        self.max_seq_length = int(_setting(folder / "sentence_bert_config.json", "max_seq_length"))
        self._width = int(_setting(folder / "config.json", "hidden_size"))
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(self.max_seq_length)
        self._tokenizer.no_padding()

    def get_embedding_dimension(self) -> int:
        """The width of a vector."""
        return self._width

    def tokenizer(self, texts: Sequence[str], **_: object) -> dict[str, list[list[int]]]:
        """The ids of each text's tokens, at most `max_seq_length`."""
        return {"input_ids": [found.ids for found in self._tokenizer.encode_batch(list(texts))]}

    def encode(self, texts: Sequence[str], **_: object) -> Any:
        """One row of length 1 for each text of a batch."""
        import numpy as np

        rows = self.tokenizer(texts)["input_ids"]
        ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, : len(row)], mask[number, : len(row)] = row, 1
        vectors = self._session.run(None, dict(zip(onnx_graph.INPUTS, (ids, mask), strict=True)))[0]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def kept_model(folder: Path, *, name: str, revision: str) -> GraphModel | None:
    """The model by the graph that an earlier process has made; None where there is none that gives its vectors."""
    path = onnx_graph.graph_path(name, revision)
    if onnx_graph.missing() or not path.is_file():
        return None
    try:
        model = GraphModel(folder, onnx_graph.session_of(path))
        found = model.encode(onnx_graph.PROBES)
    except Exception:
        # A file cut short, or of something else; onnxruntime's and tokenizers' errors have no base of their own.
        return None
    return model if onnx_graph.fits(found, onnx_graph.expected_of(path.parent)) else None


def has_no_gpu() -> bool:
    """Whether PyTorch would find no GPU, told without loading it; False where only PyTorch can tell."""
    if sys.platform == "linux":
        return not any(Path(device).exists() for device in DEVICES)
    return sys.platform == "darwin" or version("torch").endswith("+cpu")


def _setting(path: Path, key: str) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))[key]
