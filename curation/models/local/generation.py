"""Answers made side by side: each step gives every row its next token, and the tokens after it that its schema forces.

Rows are prompts of unlike lengths, padded at the left. What the prompts have in common is computed once. A row that has
ended leaves the batch, so that the others go on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from curation.errors import LanguageModelError
from curation.models.contract import Finish, TokenProbability
from curation.models.local.constraint import SchemaMatcher
from curation.models.local.weights import LoadedModel
from curation.models.loops import TAIL, is_looping

#: Tokens that prompts have to have in common before they are worth keeping.
SHARED = 32
#: Tokens between two looks for an answer without end.
LOOKED = 16


@dataclass(slots=True)
class AnswerRow:
    """One answer: its prompt, how it is chosen, and what there is of it.

    limit: tokens that it may have. pending: tokens that the model has not seen. wanted: whether somebody still waits.
    """

    prompt: list[int]
    choose: Callable[[Any], int]
    limit: int
    matcher: SchemaMatcher | None = None
    wanted: Callable[[], bool] = lambda: True
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    finish: Finish | None = None
    ending: Finish | None = None  # how it will end once it is completed early
    error: LanguageModelError | None = None
    looked: int = 0  # tokens there were at the last look for an answer without end

    @property
    def ended(self) -> bool:
        """Whether there is an answer, or an error in its place."""
        return self.finish is not None or self.error is not None

    def step(self, scores: Any, loaded: LoadedModel) -> None:
        """Go on by one token and those that it forces, by the model's scores, shape (vocabulary,)."""
        try:
            self.take(scores, loaded.ends)
        except LanguageModelError as error:
            self.error = error
        if not self.ended:
            self.look(loaded.tokenizer)

    def take(self, scores: Any, ends: frozenset[int]) -> None:
        """Choose the next token by the model's scores, shape (vocabulary,)."""
        import torch

        if self.matcher is not None:
            scores = scores.masked_fill(~torch.from_numpy(self.matcher.allowed()).to(scores.device), float("-inf"))
        token = self.choose(scores)
        if token in ends:
            self.finish = self.ending or Finish.STOP
            return
        self._add([token], [float(scores[token] - scores.logsumexp(-1))])
        if self.matcher is not None:
            self.force(self.matcher.advance(token))

    def force(self, tokens: list[int]) -> None:
        """Add tokens that there was no choice about."""
        self._add(tokens, [0.0] * len(tokens))

    def _add(self, tokens: list[int], logprobs: list[float]) -> None:
        self.tokens += tokens
        self.logprobs += logprobs
        self.pending += tokens

    def look(self, tokenizer: Any) -> None:
        """End the answer where it is complete, at its limit, or without end."""
        left = self.limit - len(self.tokens)
        if self.matcher is not None and self.matcher.stopped:
            self.finish = self.ending or Finish.STOP
        elif left <= 0:
            self.finish = self.ending or Finish.TRUNCATED
        elif self.ending is None:
            if self.matcher is not None and left <= self.matcher.reserve:
                self._end(Finish.TRUNCATED)
            elif len(self.tokens) - self.looked >= LOOKED:
                self.looked = len(self.tokens)
                if is_looping(tokenizer.decode(self.tokens[-2 * TAIL :])):
                    self._end(Finish.LOOPING)

    def _end(self, how: Finish) -> None:
        """End early: at once, or with as few tokens as the schema allows."""
        self.ending = how
        if self.matcher is None:
            self.finish = how
        else:
            self.matcher.close()

    def pieces(self, tokenizer: Any) -> tuple[TokenProbability, ...]:
        """The answer in pieces of whole characters, each with its probability."""
        from tokenizers.decoders import DecodeStream

        stream = DecodeStream([], True)
        found: list[TokenProbability] = []
        so_far = 0.0
        for token, logprob in zip(self.tokens, self.logprobs, strict=True):
            so_far += logprob
            piece = stream.step(tokenizer.backend_tokenizer, token)
            if piece is not None:
                found.append(TokenProbability(piece, so_far))
                so_far = 0.0
        return tuple(found)


class Generator:
    """Makes answers with one model; for one thread."""

    def __init__(self, loaded: LoadedModel) -> None:
        from transformers import DynamicCache
        from transformers.cache_utils import DynamicLayer

        self._loaded = loaded
        self._cache = DynamicCache
        layers = DynamicCache(config=loaded.model.config).layers
        #: Whether a layer sees all places: where it counts them back from the present one, none may be left empty.
        self._sees_all = all(type(layer) is DynamicLayer for layer in layers)
        self._shared: tuple[list[int], Any] = ([], None)
        self._before: list[int] = []

    def answers(self, rows: Sequence[AnswerRow]) -> Iterator[AnswerRow]:
        """The rows as they end, each with its tokens and how it ended. Those that nobody waits for are left out."""
        import torch

        with torch.inference_mode():
            yield from self._answers(list(rows))

    def _answers(self, rows: list[AnswerRow]) -> Iterator[AnswerRow]:
        import torch

        model, device = self._loaded.model, self._loaded.device
        shared, cache = self._beginning(rows)
        for row in rows:
            row.pending = row.prompt[shared:]
            if row.matcher is not None:
                row.force(row.matcher.begin())
        mask = torch.ones((len(rows), shared), dtype=torch.long)
        places = torch.full((len(rows), 1), shared)
        is_first = True
        while rows:
            # Where no place may be left empty, forced tokens go in one by one.
            fed = [row.pending if self._sees_all or is_first else row.pending[:1] for row in rows]
            is_first = False
            ids, present = _padded(fed)
            mask = torch.cat([mask, present], dim=1)
            positions = (places + present.cumsum(1) - 1).clamp(min=0)
            output = model(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                position_ids=positions.to(device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache, places = output.past_key_values, places + present.sum(1, keepdim=True)
            scores = output.logits[:, -1].float()
            for number, row in enumerate(rows):
                row.pending = row.pending[len(fed[number]) :]
                if not row.pending:
                    row.step(scores[number], self._loaded)
            yield from (row for row in rows if row.ended)
            staying = [number for number, row in enumerate(rows) if not row.ended and row.wanted()]
            if len(staying) < len(rows) and staying:
                kept = torch.tensor(staying)
                cache.batch_select_indices(kept.to(device))
                mask, places = mask[kept], places[kept]
            rows = [rows[number] for number in staying]

    def _beginning(self, rows: Sequence[AnswerRow]) -> tuple[int, Any]:
        """How many tokens all prompts begin with that are not computed again, and their cache for each row."""
        before, self._before = self._before, rows[0].prompt
        if not self._sees_all:
            return 0, self._cache(config=self._loaded.model.config)
        # The last token of a prompt is what the answer's first one is computed from.
        prompts = [row.prompt[:-1] for row in rows]
        common = _common([*prompts, before])
        if len(common) < SHARED:
            common = _common(prompts) if len(rows) > 1 else []
        known, cache = self._shared
        length = len(_common([known, common]))
        if len(common) < SHARED:
            return 0, self._cache(config=self._loaded.model.config)
        if 2 * length < len(common):
            length, cache = len(common), self._computed(common)
            self._shared = (common, cache)
        return length, self._repeated(cache, length, len(rows))

    def _computed(self, tokens: Sequence[int]) -> Any:
        import torch

        cache = self._cache(config=self._loaded.model.config)
        ids = torch.tensor([list(tokens)], device=self._loaded.device)
        return self._loaded.model(
            input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1
        ).past_key_values

    def _repeated(self, cache: Any, length: int, times: int) -> Any:
        """A copy of the first places of a cache for each row."""
        copy = self._cache(config=self._loaded.model.config)
        for number, layer in enumerate(cache.layers):
            keys, values = (
                states[:, :, :length].expand(times, -1, -1, -1).contiguous() for states in (layer.keys, layer.values)
            )
            copy.update(keys, values, number)
        return copy


def _padded(fed: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """The tokens of each row at the right of a tensor, and where there are any."""
    import torch

    width = max(map(len, fed))
    ids = torch.zeros((len(fed), width), dtype=torch.long)
    present = torch.zeros_like(ids)
    for number, tokens in enumerate(fed):
        if tokens:
            ids[number, -len(tokens) :] = torch.tensor(tokens)
            present[number, -len(tokens) :] = 1
    return ids, present


def _common(lists: Sequence[list[int]]) -> list[int]:
    """What all lists begin with."""
    shortest, longest = min(lists), max(lists)
    length = next((i for i, token in enumerate(shortest) if i == len(longest) or token != longest[i]), len(shortest))
    return shortest[:length]
