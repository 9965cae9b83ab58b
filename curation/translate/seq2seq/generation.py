"""Texts as tokens, and translations of a batch of them with the probability of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp
from typing import Any

from curation.errors import ConfigError
from curation.quiet_libraries import quiet
from curation.translate.seq2seq.languages import TargetSaid
from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.weights import LoadedTranslator

#: Tokens that a translation may have beside those that its source allows it.
SPARE = 20
#: Scores of tokens that are held at once where probabilities are looked up.
HELD = 1 << 26


@dataclass(frozen=True, slots=True)
class GeneratedText:
    """A translation, the mean probability of its tokens, and whether it ended by itself."""

    text: str
    score: float
    is_whole: bool


def encoded(loaded: LoadedTranslator, texts: Sequence[str], codes: tuple[str, str]) -> list[list[int]]:
    """Each text as the model reads it, whole, however long it is. What looks like a token of control is text."""
    source, target = codes
    if source:
        loaded.tokenizer.src_lang = source.strip("_")
    if loaded.languages.family.said is TargetSaid.IN_TEXT:
        # The blank keeps a text that begins like a token of a language from being read as one.
        texts = [f"{target} {text}" for text in texts]
    with quiet():
        found = loaded.tokenizer(list(texts), truncation=False, split_special_tokens=True)
    return [list(row) for row in found["input_ids"]]


def controls(loaded: LoadedTranslator, row: Sequence[int]) -> int:
    """How many tokens of control a text holds; each should have as many as an empty one."""
    return sum(token in loaded.controls for token in row)


def generated(
    loaded: LoadedTranslator,
    rows: Sequence[Sequence[int]],
    target: str,
    settings: Seq2SeqSettings,
    *,
    alternative: int = 0,
) -> list[GeneratedText]:
    """The translations of a batch of texts. alternative: which of the beams counts, 0 the most likely.

    Raises ConfigError where the device has no room for the batch.
    """
    import torch

    ids, present = _padded(rows, loaded)
    limits = [min(loaded.window - 3, ceil(settings.longest * len(row)) + SPARE) for row in rows]
    said = loaded.languages.family.said
    # What stands before the translation: where it starts from, and its language.
    before = 1 + (said is TargetSaid.FIRST)
    token = loaded.tokenizer.convert_tokens_to_ids(target) if target else None
    first = {TargetSaid.FIRST: "forced_bos_token_id", TargetSaid.START: "decoder_start_token_id"}.get(said)
    given: dict[str, Any] = {first: token} if first else {}
    if settings.beams > 1:
        given |= {"length_penalty": settings.length_penalty, "num_return_sequences": alternative + 1}
    try:
        with quiet(), torch.inference_mode():
            answers = loaded.model.generate(
                input_ids=ids,
                attention_mask=present,
                num_beams=settings.beams,
                do_sample=False,
                # The end is one of them, and the language may be.
                max_new_tokens=max(limits) + before,
                **given,
            )[alternative :: alternative + 1]
            scores = _scores(loaded, ids, present, answers, skipped=before)
    except torch.OutOfMemoryError as error:
        raise ConfigError(
            f"expected room for {ids.numel()} tokens with {settings.beams} beams on {loaded.device}, there is not "
            "enough; set batch_tokens of the translator to less"
        ) from error
    found = [row[before:] for row in answers.tolist()]
    return [_read(loaded, row, limit, score) for row, limit, score in zip(found, limits, scores, strict=True)]


def _read(loaded: LoadedTranslator, row: list[int], limit: int, score: float) -> GeneratedText:
    is_whole = loaded.end in row[: limit + 1]
    kept = row[: row.index(loaded.end)] if is_whole else row[:limit]
    kept = [token for token in kept if token not in loaded.controls]
    text = loaded.tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return GeneratedText(text.strip(), score, is_whole)


def _padded(rows: Sequence[Sequence[int]], loaded: LoadedTranslator) -> tuple[Any, Any]:
    """The tokens of each row at the left of a tensor, shape (rows, longest), and where there are any."""
    import torch

    ids = torch.full((len(rows), max(map(len, rows))), loaded.padding)
    present = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        present[number, : len(row)] = 1
    return ids.to(loaded.device), present.to(loaded.device)


def _scores(loaded: LoadedTranslator, ids: Any, present: Any, answers: Any, *, skipped: int) -> list[float]:
    """The geometric mean of the probabilities of each answer's tokens, its end among them, shape (rows,).

    Asked of the model anew, since what a search returns depends on its number of beams and on its penalties. skipped:
    tokens at the beginning that were given.
    """
    from torch.nn.functional import cross_entropy

    size = max(1, HELD // (answers.shape[1] * loaded.model.config.vocab_size))
    found: list[float] = []
    for start in range(0, len(answers), size):
        part = slice(start, start + size)
        said = answers[part, 1:]
        logits = loaded.model(input_ids=ids[part], attention_mask=present[part], decoder_input_ids=answers[part, :-1])
        costs = cross_entropy(logits.logits.float().transpose(1, 2), said, reduction="none")
        ends = (said == loaded.end).cumsum(1)
        # All tokens up to the first end.
        counted = (ends == 0) | ((ends == 1) & (said == loaded.end))
        counted[:, : skipped - 1] = False
        means = (costs * counted).sum(1) / counted.sum(1).clamp(min=1)
        found += [exp(-mean) for mean in means.tolist()]
    return found
