"""A sequence-to-sequence model in memory, with its tokenizer.

The only module, with its neighbour `generation`, that knows transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from curation.errors import ConfigError, MissingExtraError, UsageError, one_line
from curation.models.local.weights import device_named, dtype_named
from curation.quiet_libraries import quiet
from curation.translate.seq2seq.languages import FAMILIES, ModelLanguages
from curation.translate.seq2seq.settings import Seq2SeqSettings

#: Files of pieces that the package sentencepiece reads.
PIECES = ("*.spm", "*.model")
#: Tokens that a model has room for where neither it nor its tokenizer says so.
WINDOW = 512
#: What is kept of a model's own settings for generating; all others come from ours.
KEPT = ("decoder_start_token_id", "bos_token_id", "eos_token_id", "pad_token_id", "bad_words_ids")


@dataclass(frozen=True, slots=True)
class LoadedTranslator:
    """A model that is ready to translate.

    window: tokens that a text may have, and its translation. controls: tokens that no text has.
    """

    model: Any
    tokenizer: Any
    languages: ModelLanguages
    window: int
    controls: frozenset[int]
    device: str

    @property
    def end(self) -> int:
        """The token that ends a text."""
        return int(self.tokenizer.eos_token_id)

    @property
    def unknown(self) -> int:
        """The token for what the tokenizer does not know."""
        return int(self.tokenizer.unk_token_id)

    @property
    def padding(self) -> int:
        """The token that fills up a batch."""
        return int(self.tokenizer.pad_token_id)


def load_translator(name: str, folder: Path, settings: Seq2SeqSettings) -> LoadedTranslator:
    """The model in a folder. Nothing is fetched and no foreign code is run.

    Raises ConfigError for files that do not fit or lack weights, UsageError for a model of another kind.
    """
    try:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        if any(file for pattern in PIECES for file in folder.glob(pattern)):
            import_module("sentencepiece")
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "transformers", "local") from error
    device = device_named(settings.device)
    given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, **given)
            languages = _languages(name, tokenizer)
            model, report = AutoModelForSeq2SeqLM.from_pretrained(
                folder,
                dtype=getattr(torch, dtype_named(settings.dtype, device)),
                use_safetensors=True,
                output_loading_info=True,
                **given,
            )
            _check_complete(folder, report)
            model = model.to(device).eval()
    except (OSError, ValueError, KeyError, RuntimeError, AssertionError, TypeError) as error:
        raise ConfigError(f"expected a translator in {folder} that can be loaded: {one_line(error)}") from error
    _settle(model, tokenizer)
    # The tokenizer of M2M does not count those of languages among them.
    named = tokenizer.convert_tokens_to_ids(sorted(languages.tokens))
    controls = frozenset((*tokenizer.all_special_ids, *named)) - {tokenizer.unk_token_id}
    return LoadedTranslator(model, tokenizer, languages, _window(model, tokenizer), controls, device)


def _languages(name: str, tokenizer: Any) -> ModelLanguages:
    kind = type(tokenizer).__name__.removesuffix("Fast")
    if kind not in FAMILIES:
        raise UsageError(f"translator {name}: expected a model with one of {', '.join(FAMILIES)}, got one with {kind}")
    family = FAMILIES[kind]
    named = {*tokenizer.get_vocab(), *getattr(tokenizer, "lang_token_to_id", ())}
    found = [getattr(tokenizer, key, None) for key in ("source_lang", "target_lang")]
    return ModelLanguages(name, family, family.tokens_of(named), *found)


def _check_complete(folder: Path, report: Mapping[str, Any]) -> None:
    """Raises ConfigError where weights are missing: they would be made up by chance."""
    lacking = sorted(report.get("missing_keys") or ())
    if lacking or report.get("mismatched_keys"):
        raise ConfigError(
            f"expected all weights of the model in {folder}, {len(lacking)} are missing or of another shape, such as "
            f"{(lacking or ['one of another shape'])[0]}; fetch or save the model again"
        )


def _settle(model: Any, tokenizer: Any) -> None:
    """Let nothing else in the model's folder decide how translations are made: some end each one at the limit as if it
    were whole, or choose by chance."""
    from transformers import GenerationConfig

    before = model.generation_config
    kept = {key: value for key in KEPT if (value := getattr(before, key, None)) is not None}
    start = getattr(model.config, "decoder_start_token_id", None)
    model.generation_config = GenerationConfig(
        **{
            "decoder_start_token_id": start,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
        | kept,
        suppress_tokens=[tokenizer.unk_token_id],
    )


def _window(model: Any, tokenizer: Any) -> int:
    known = [getattr(model.config, "max_position_embeddings", None), tokenizer.model_max_length]
    # A tokenizer that does not know says a number with thirty digits.
    return min((int(each) for each in known if each and each < 1_000_000), default=WINDOW)
