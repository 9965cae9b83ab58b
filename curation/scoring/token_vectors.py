"""The tokens of texts as unit vectors from one layer of an encoder: whole texts, however long, each text once."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.downloads import downloads_allowed, hub_folder
from curation.embeddings.encoder import BATCH_TOKENS, PACKAGED_ENCODER, QUIET, packaged_encoder_path
from curation.errors import ConfigError, MissingExtraError
from curation.model_config import check_config
from curation.text.encodable import encodable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

#: The layers that agree best with people's judgement, of the models that BERTScore's authors tried (bert-score 0.3.13);
#: of others, the last one.
LAYERS = {
    "bert-base-uncased": 9,
    "bert-large-uncased": 18,
    "bert-base-multilingual-cased": 9,
    "roberta-base": 10,
    "roberta-large": 17,
    "roberta-large-mnli": 19,
    "xlm-roberta-base": 9,
    "xlm-roberta-large": 17,
    "distilbert-base-uncased": 5,
    "distilbert-base-multilingual-cased": 5,
    "allenai/scibert_scivocab_uncased": 8,
    "microsoft/deberta-base-mnli": 9,
    "microsoft/deberta-large-mnli": 18,
    "microsoft/deberta-xlarge-mnli": 40,
}
#: Tokens of a window where neither the model nor its tokenizer says how many it takes.
WINDOW = 512
#: A larger length that a tokenizer gives means that it knows none.
NO_LENGTH = 1_000_000
#: Tokens whose vectors are kept for when their text comes again: 77 MB at 384 dimensions.
KEPT_TOKENS = 50_000
FILES = ("*.json", "*.txt", "*.model", "*.safetensors")


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """A text's tokens, what a model puts around them included: ids, unit vectors, and which of them are the text's."""

    ids: tuple[int, ...]
    vectors: Vectors
    own: slice

    @property
    def is_empty(self) -> bool:
        """Whether the text has no token of its own."""
        return len(self.ids[self.own]) == 0


class TokenEncoder:
    """One layer of a transformers encoder on this machine."""

    def __init__(
        self, model: Any, tokenizer: Any, *, name: str, layer: int | None = None, window: int | None = None
    ) -> None:
        layers = int(model.config.num_hidden_layers)
        #: The layer whose output is taken, counted from 1; 0 is what goes into the first.
        self.layer = LAYERS.get(name, layers) if layer is None else layer
        if not 0 <= self.layer <= layers:
            raise ConfigError(f"expected a layer of {name} from 0 to {layers}, got {self.layer}")
        self.name = name
        self._model, self._tokenizer = _cut(model, self.layer), tokenizer
        before, after = _around(tokenizer)
        self._before, self._after = before, after
        limit = _limit(model, tokenizer) if window is None else window
        #: Tokens of a text that are read at once; of a longer one, windows that overlap by half.
        self.window = limit - len(before) - len(after)
        if self.window < 1:
            raise ConfigError(f"expected a window of more than {len(before) + len(after)} tokens, got {limit}")
        self._kept: OrderedDict[str, TokenVectors] = OrderedDict()
        self._kept_tokens = 0
        #: How many texts the model has read: equal ones count once while they are kept.
        self.encoded = 0

    @property
    def special(self) -> tuple[int, ...]:
        """The tokens that the model puts around a text."""
        return (*self._before, *self._after)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text, without what is put around them."""
        if not texts:
            return []
        spaced = [_spaced(self._tokenizer, encodable(text).strip()) for text in texts]
        found: list[list[int]] = self._tokenizer(spaced, add_special_tokens=False)["input_ids"]
        return found

    def encode(self, texts: Sequence[str]) -> dict[str, TokenVectors]:
        """The tokens of each text; equal texts are read once."""
        found = {text: self._kept[text] for text in dict.fromkeys(texts) if text in self._kept}
        for text in found:
            self._kept.move_to_end(text)
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        found |= dict(zip(missing, self._read(self.ids(missing)), strict=True))
        self.encoded += len(missing)
        self._keep({text: found[text] for text in missing})
        return found

    def _keep(self, fresh: Mapping[str, TokenVectors]) -> None:
        for text, tokens in fresh.items():
            self._kept[text] = tokens
            self._kept_tokens += len(tokens.ids)
        while self._kept_tokens > KEPT_TOKENS:
            self._kept_tokens -= len(self._kept.popitem(last=False)[1].ids)

    def _read(self, texts: Sequence[list[int]]) -> Iterator[TokenVectors]:
        """The vectors of texts by their ids."""
        import numpy as np

        windows = [(text, start) for text, ids in enumerate(texts) for start in _starts(len(ids), self.window)]
        rows = self._forward([texts[text][start : start + self.window] for text, start in windows])
        by_text: dict[int, list[tuple[int, Vectors]]] = {}
        for (text, start), vectors in zip(windows, rows, strict=True):
            by_text.setdefault(text, []).append((start, vectors))
        before, after = len(self._before), len(self._after)
        for text, ids in enumerate(texts):
            parts = by_text[text]
            own = [vectors[before : len(vectors) - after] for _, vectors in parts]
            joined = own[0] if len(own) == 1 else _joined([start for start, _ in parts], own, len(ids))
            first, last = parts[0][1], parts[-1][1]
            vectors = np.concatenate([first[:before], joined, last[len(last) - after :]])
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            yield TokenVectors((*self._before, *ids, *self._after), vectors, slice(before, before + len(ids)))

    def _forward(self, windows: Sequence[list[int]]) -> list[Vectors]:
        """The vectors of each window with what is put around it, in batches of about as many tokens."""
        import torch

        device = self._model.device
        pad = self._tokenizer.pad_token_id or 0
        rows = [[*self._before, *window, *self._after] for window in windows]
        found: list[Any] = [None] * len(rows)
        for batch in _batches(rows, BATCH_TOKENS["cuda" if device.type == "cuda" else "cpu"]):
            longest = max(len(rows[row]) for row in batch)
            ids = torch.full((len(batch), longest), pad)
            mask = torch.zeros((len(batch), longest), dtype=torch.long)
            for at, row in enumerate(batch):
                ids[at, : len(rows[row])] = torch.tensor(rows[row])
                mask[at, : len(rows[row])] = 1
            with torch.inference_mode():
                output = self._model(
                    input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True
                )
            hidden = output.hidden_states[self.layer].float().cpu().numpy()
            for at, row in enumerate(batch):
                found[row] = hidden[at, : len(rows[row])]
        return found


@lru_cache(maxsize=2)
def load_token_encoder(
    name: str = PACKAGED_ENCODER, layer: int | None = None, window: int | None = None
) -> TokenEncoder:
    """The encoder of that name or folder, loaded once a process; the packaged one by default.

    Weights are read as safetensors only, and no code that comes with a model is run. Raises ConfigError where there is
    no such model or layer, UsageError where it is one of the hub that is not on this machine.
    """
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)
    try:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging as progress
    except ModuleNotFoundError as error:
        raise MissingExtraError("transformers", "annotate") from error
    progress.disable_progress_bar()
    folder = encoder_folder(name)
    check_config(folder, f"encoder {name}")
    options = {"trust_remote_code": False, "local_files_only": not downloads_allowed()}
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, **options)
        model: Any = AutoModel.from_pretrained(folder, use_safetensors=True, **options)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"expected an encoder that transformers reads, with safetensors weights, at {name!r}: not readable "
            f"({type(error).__name__})"
        ) from error
    return TokenEncoder(model.eval().to(_device()), tokenizer, name=name, layer=layer, window=window)


def encoder_folder(name: str) -> Path:
    """The folder of an encoder: the packaged one, a folder, or one of the hub. Raises UsageError."""
    if name == PACKAGED_ENCODER:
        return packaged_encoder_path()
    return Path(name) if Path(name).is_dir() else hub_folder(name, FILES, "the packaged encoder or one")


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _cut(model: Any, layer: int) -> Any:
    """The model without the layers behind the one that is asked for, where it is built like BERT."""
    layers = getattr(getattr(model, "encoder", None), "layer", None)
    if layers is not None and 0 < layer < len(layers):
        model.encoder.layer = layers[:layer]
    return model


def _around(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The tokens that a model puts before and after a text."""
    bare, whole = (tokenizer("a", add_special_tokens=special)["input_ids"] for special in (False, True))
    start = next((at for at in range(len(whole)) if bare and whole[at : at + len(bare)] == bare), 0)
    return list(whole[:start]), list(whole[start + len(bare) :])


def _limit(model: Any, tokenizer: Any) -> int:
    """The tokens that a model takes at once."""
    known = [int(tokenizer.model_max_length)] if (tokenizer.model_max_length or NO_LENGTH) < NO_LENGTH else []
    positions = getattr(model.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        table = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
        # RoBERTa and its kind count positions from the padding's number on.
        padding = getattr(table, "padding_idx", None)
        known.append(positions - padding - 1 if padding is not None else positions)
    return min(known, default=WINDOW)


def _spaced(tokenizer: Any, text: str) -> str:
    """A text as bert-score gives it to tokenizers for which a word begins with its blank."""
    name = type(tokenizer).__name__
    begins = name.startswith(("Roberta", "GPT2")) and text
    return f" {text}" if begins else text


def _starts(length: int, window: int) -> list[int]:
    """Where the windows of a text start; neighbours share half of a window, and the last ends with the text."""
    if length <= window:
        return [0]
    return [*range(0, length - window, max(1, window // 2)), length - window]


def _joined(starts: Sequence[int], parts: Sequence[Vectors], length: int) -> Vectors:
    """Each token from the window in which it is farthest from a border."""
    import numpy as np

    found = np.zeros((length, parts[0].shape[1]), dtype=np.float32)
    best = np.full(length, -1)
    for start, vectors in zip(starts, parts, strict=True):
        at = np.arange(len(vectors))
        distance = np.minimum(at, at[::-1])
        better = distance > best[start : start + len(vectors)]
        found[start : start + len(vectors)][better] = vectors[better]
        best[start : start + len(vectors)][better] = distance[better]
    return found


def _batches(rows: Sequence[Sequence[int]], most: int) -> Iterator[list[int]]:
    """Numbers of rows of about the same length, with so many tokens together, padding included."""
    batch: list[int] = []
    for row in sorted(range(len(rows)), key=lambda row: len(rows[row])):
        if batch and (len(batch) + 1) * len(rows[row]) > most:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
