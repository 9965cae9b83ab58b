"""Recognisers of the user: a spaCy pipeline or a token classifier of transformers, whose spans are merged with ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind
from curation.errors import ConfigError, MissingExtraError
from curation.model_config import check_config
from curation.record import Frozen

#: Tokens that two windows of a long text share.
STRIDE = 64
#: How sure a span of spaCy is, which gives no score.
SURE = 0.6

#: The spans of a text with their labels and scores.
Spans = Callable[[str], Iterator[tuple[int, int, str, float]]]


class RecogniserSettings(Frozen):
    """A model on this machine that marks names, places or the like."""

    kind: Literal["spacy", "transformers"] = Field(description="What reads the folder.")
    path: str = Field(description="The model's folder, or the name of an installed spaCy pipeline.")
    labels: dict[str, IdentifierKind] = Field(
        description='What its labels are, without B- and I-: { PER = "NAME", LOC = "CITY" }. Others are passed over.'
    )
    languages: tuple[str, ...] = Field(default=(), description="Texts of these languages only; empty for all.")
    least: float = Field(default=0.5, ge=0, le=1, description="The score below which a span does not count.")


def recognised(text: str, language: str, recognisers: Sequence[RecogniserSettings]) -> Iterator[Identifier]:
    """What the recognisers for a language find in a text.

    Raises ConfigError for a folder that cannot be read, MissingExtraError without its library.
    """
    for settings in recognisers:
        if settings.languages and language not in settings.languages:
            continue
        for start, end, label, score in _spans(settings.kind, settings.path)(text):
            if label in settings.labels and score >= settings.least and start < end:
                yield Identifier(start, end, settings.labels[label], score)


@lru_cache(maxsize=8)
def _spans(kind: str, path: str) -> Spans:
    """The reader of a folder, loaded once a process."""
    try:
        return {"spacy": _by_spacy, "transformers": _by_transformers}[kind](path)
    except ImportError as error:
        raise MissingExtraError(kind, "annotate") from error
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"validation.privacy.recognisers: expected a {kind} model on this machine at {path}, it could not be read "
            f"({type(error).__name__})"
        ) from error


def _by_spacy(path: str) -> Spans:
    import spacy

    nlp = spacy.load(path)

    def spans(text: str) -> Iterator[tuple[int, int, str, float]]:
        for entity in nlp(text).ents:
            yield entity.start_char, entity.end_char, entity.label_, SURE

    return spans


def _by_transformers(path: str) -> Spans:
    from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

    if not Path(path).is_dir():
        raise OSError(path)
    check_config(Path(path), "validation.privacy.recognisers")
    model = AutoModelForTokenClassification.from_pretrained(
        path, local_files_only=True, use_safetensors=True, trust_remote_code=False
    )
    tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    longest = min(tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", 512))
    tokenizer.model_max_length = longest
    classify: Any = pipeline(
        "token-classification",
        model=model,
        tokenizer=tokenizer,
        aggregation_strategy="simple",
        stride=min(STRIDE, longest // 4),
        device="cpu",
    )

    def spans(text: str) -> Iterator[tuple[int, int, str, float]]:
        for found in classify(text) if text.strip() else ():
            yield int(found["start"]), int(found["end"]), str(found["entity_group"]), float(found["score"])

    return spans
