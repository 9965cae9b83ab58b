"""Answers that fit a JSON schema by construction: llguidance says at each step which tokens may come.

White space is compact, every string and list has a bound, and an answer that has to end early is completed with as few
tokens as the schema allows.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from curation.errors import LanguageModelError, MissingExtraError
from curation.models.local.bounds import bounded, shortest
from curation.models.local.weights import LoadedModel

#: Grammars that are kept.
KEPT = 64
#: Tokens beyond those of the shortest answer: half a word, half a character; and how many times as many it may have,
#: since what is forced is spelled in pieces.
SPARE, PIECES = 16, 1.5
#: What ends a value: in a string, and outside of one.
IN_STRING, OUTSIDE = ('"',), ("}", "]", ",", '"')
#: A quotation mark that ends or begins a string.
QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')


class Schemas:
    """The grammars of one model's answers, each compiled once."""

    def __init__(self, loaded: LoadedModel) -> None:
        try:
            import llguidance
            from llguidance.hf import from_tokenizer
        except ModuleNotFoundError as error:
            raise MissingExtraError(error.name or "llguidance", "local") from error
        self._matcher = llguidance.LLMatcher
        self._tokenizer = from_tokenizer(loaded.tokenizer, n_vocab=loaded.vocabulary, eos_token=sorted(loaded.ends))
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._closers = {mark: self._single(mark) for mark in {*IN_STRING, *OUTSIDE}}

    def matcher(self, schema: Mapping[str, JsonValue]) -> SchemaMatcher:
        """What holds one answer to the schema. Raises LanguageModelError for a schema that cannot be held to."""
        text = json.dumps(schema, ensure_ascii=False)
        if text not in self._kept:
            self._kept[text] = self._compiled(schema)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(text)
        grammar, reserve = self._kept[text]
        return SchemaMatcher(grammar.deep_copy(), self._tokenizer, self._closers, reserve)

    def _compiled(self, schema: Mapping[str, JsonValue]) -> tuple[Any, int]:
        bound = bounded(schema)
        grammar = self._matcher.grammar_from_json_schema(bound, overrides={"whitespace_flexible": False})
        matcher = self._matcher(self._tokenizer, grammar, log_level=0)
        if matcher.is_error():
            problem = " ".join(matcher.get_error().split())
            raise LanguageModelError("rejected", f"expected a schema that answers can be held to: {problem}")
        least = json.dumps(shortest(bound), separators=(",", ":"), ensure_ascii=False)
        return matcher, round(PIECES * len(self._tokenizer.tokenize_str(least))) + SPARE

    def _single(self, mark: str) -> int | None:
        tokens = self._tokenizer.tokenize_str(mark)
        return tokens[0] if len(tokens) == 1 else None


class SchemaMatcher:
    """One answer on its way: which tokens may come next.

    reserve: tokens that may be needed to end the answer from wherever it is.
    """

    def __init__(self, matcher: Any, tokenizer: Any, closers: Mapping[str, int | None], reserve: int) -> None:
        self.reserve = reserve
        self._matcher = matcher
        self._tokenizer = tokenizer
        self._closers = closers
        self._closing = False
        self._tokens: list[int] = []

    @property
    def stopped(self) -> bool:
        """Whether the answer is complete and nothing may follow."""
        return bool(self._matcher.is_stopped())

    def close(self) -> None:
        """From now on, the answer is completed with as few tokens as the schema allows."""
        self._closing = True

    def allowed(self) -> Any:
        """Which tokens may come next, shape (vocabulary,)."""
        import numpy as np

        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little")[: self._tokenizer.vocab_size].astype(bool)
        if self._closing and (closer := self._closer(allowed)) is not None:
            allowed[:] = False
            allowed[closer] = True
        return allowed

    def _closer(self, allowed: Any) -> int | None:
        text = self._tokenizer.decode_str(self._tokens)
        marks = IN_STRING if len(QUOTE.findall(text)) % 2 else OUTSIDE
        return next((token for token in map(self._closers.get, marks) if token is not None and allowed[token]), None)

    def advance(self, token: int) -> list[int]:
        """The tokens after this one that the schema leaves no choice about, such as the names of keys."""
        self._matcher.consume_token(token)
        forced = [] if self._matcher.is_stopped() else list(self._matcher.compute_ff_tokens())
        if forced:
            self._matcher.consume_tokens(forced)
        if self._matcher.is_error():
            # Its message may quote the answer, and with it the record.
            raise LanguageModelError("unparsable", "expected an answer that the schema's grammar can follow")
        self._tokens += [token, *forced]
        return forced

    def begin(self) -> list[int]:
        """The tokens that every answer begins with."""
        forced = list(self._matcher.compute_ff_tokens())
        self._matcher.consume_tokens(forced)
        self._tokens += forced
        return forced
