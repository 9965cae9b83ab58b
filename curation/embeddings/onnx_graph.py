"""The forward pass of a sentence-transformers model in ONNX Runtime: the same vectors in less time on a processor.

sentence-transformers' own way there needs `optimum`, which has no release for our transformers. So the whole model,
from token ids to vectors, is exported once and kept in the user's cache; tokens, prompts and lengths stay the
library's.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from curation.atomic_file import replaced
from curation.cache_folder import cache_folder
from curation.private_files import made_private
from curation.record import digest

#: What has to be installed.
PACKAGES = ("onnx", "onnxruntime")
#: What a graph is made with: of other versions another one is made.
MADE_WITH = ("torch", "transformers", "sentence-transformers")
#: Unless this is set before its import, ONNX Runtime (since 1.29) reports every session to Microsoft and stores the id
#: of the device in the user's cache.
SILENT = "ORT_DISABLE_TELEMETRY"
INPUTS = ("input_ids", "attention_mask")
OUTPUT = "sentence_embedding"
OPSET = 17
FILE = "model.onnx"
#: The model's own vectors of PROBES, kept beside its graph: what tells later that the graph is the model's.
EXPECTED = "expected.npy"

#: Texts of unlike lengths, other than what a graph is traced with: what pads the short ones must not count.
PROBES = [
    "Fever.",
    "",
    "No chest pain, but shortness of breath on exertion for 3 weeks.",
    "Fieber und Husten. " * 12,
]
#: Most that a number of a vector of length 1 may be off: rounding is below a millionth.
TOLERANCE = 1e-4


class GraphError(Exception):
    """The model cannot be run this way; the message gives the reason."""


def missing() -> list[str]:
    """The packages that are needed and not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]


def graph_path(name: str, revision: str) -> Path:
    """Where the graph of a model is or will be."""
    made_with = [version(package) for package in MADE_WITH]
    return cache_folder() / "encoders" / digest([name, revision, OPSET, EXPECTED, made_with], length=32) / FILE


def hand_over(model: Any, *, name: str, revision: str) -> None:
    """From here on ONNX Runtime does the model's forward pass, in any number of threads.

    Its vectors are compared with the model's before, whether the graph was in the cache or is new; then the model's own
    weights are released.

    Raises GraphError: the model cannot be exported, its graph gives other vectors, or the cache cannot be written.
    """
    folder = graph_path(name, revision).parent
    expected = _vectors(model)
    if not fits(expected_of(folder), expected) or not _takes(model, _cached(folder), expected):
        try:
            session = _exported(model, folder, expected)
        except Exception as error:
            # Exporters raise whatever their layers raise.
            raise GraphError(f"it could not be exported ({type(error).__name__})") from error
        if not _takes(model, session, expected):
            shutil.rmtree(folder, ignore_errors=True)
            raise GraphError("its graph gives other vectors than the model")
    for weights in model.parameters():
        weights.data = weights.data.new_empty(0)


def _takes(model: Any, session: Any, expected: Any) -> bool:
    """Whether the model gives the same vectors by a graph; if not, it is left as it was."""
    import numpy as np

    if session is None:
        return False
    model.forward, model.preprocess = _forward(session), _one_by_one(model.preprocess)
    try:
        found = _vectors(model)
    except Exception:
        # A graph of something else; onnxruntime's errors have no base of their own.
        found = np.zeros(0)
    if fits(found, expected):
        return True
    del model.forward, model.preprocess
    return False


def fits(found: Any, expected: Any) -> bool:
    """Whether these are the model's vectors of PROBES."""
    return bool(found.shape == expected.shape and abs(found - expected).max() <= TOLERANCE)


def expected_of(folder: Path) -> Any:
    """The model's vectors of PROBES as they were when its graph was made; empty where they cannot be read."""
    import numpy as np

    try:
        return np.load(folder / EXPECTED, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return np.zeros(0)


def _vectors(model: Any) -> Any:
    return model.encode(PROBES, batch_size=len(PROBES), normalize_embeddings=True, show_progress_bar=False)


def _cached(folder: Path) -> Any:
    """The graph in the cache; none where there is none or it cannot be read."""
    try:
        return session_of(folder / FILE) if (folder / FILE).is_file() else None
    except Exception:
        # A file cut short, or of something else.
        return None


def _forward(session: Any) -> Any:
    """The function that replaces the model's `forward`."""
    import torch

    def forward(features: Mapping[str, Any], **_: object) -> dict[str, Any]:
        found = session.run(None, {name: features[name].numpy() for name in INPUTS})[0]
        return {**features, OUTPUT: torch.from_numpy(found)}

    return forward


def _one_by_one(preprocess: Callable[..., Any]) -> Callable[..., Any]:
    """The same function for one thread at a time: a tokenizer cannot be used by two threads."""
    lock = Lock()

    def guarded(*texts: object, **options: object) -> Any:
        with lock:
            return preprocess(*texts, **options)

    return guarded


def session_of(path: Path) -> Any:
    """A graph ready to run, one thread a pass: several passes at once gain more than several threads in one."""
    os.environ.setdefault(SILENT, "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _exported(model: Any, folder: Path, expected: Any) -> Any:
    """The new graph, in the cache once it is whole; the graph of another process that was first is as good."""
    import numpy as np

    made_private(folder.parent)
    with replaced(folder) as unfinished:
        unfinished.mkdir()
        _write(model, unfinished / FILE)
        np.save(unfinished / EXPECTED, expected, allow_pickle=False)
        return session_of(unfinished / FILE)


def _write(model: Any, path: Path) -> None:
    import torch

    class Graph(torch.nn.Module):  # type: ignore[misc]
        """The model as a function of tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model({"input_ids": input_ids, "attention_mask": attention_mask})[OUTPUT]

    ids = torch.ones((2, 7), dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    axes = {name: {0: "texts", 1: "tokens"} for name in INPUTS} | {OUTPUT: {0: "texts"}}
    with warnings.catch_warnings(), torch.inference_mode():
        # The exporter warns of its age and of every length that it takes for a constant; `hand_over` compares vectors.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Graph().eval(),
            (ids, mask),
            str(path),
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            dynamic_axes=axes,
            opset_version=OPSET,
            # The newer exporter needs another package and takes minutes.
            dynamo=False,
        )
