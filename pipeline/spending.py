"""What a run of questions has cost so far, and where it is told to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from pydantic import JsonValue

from curation.errors import UsageError
from curation.models.client import CHARACTERS_A_TOKEN, rough_tokens
from curation.models.contract import Attempt, LanguageModel, Request

#: Tokens of an answer for each of the question, until the first has come.
ANSWERED_SHARE = 0.5
#: So many times the mean time of an answer, a request is sent before the time is over: most come until then.
TIMES_THE_MEAN = 2.0


@dataclass(frozen=True, slots=True)
class Caps:
    """Where a run stops by itself, with all that came kept: money, tokens (sent and answered), seconds."""

    cost: float | None = None
    tokens: int | None = None
    seconds: float | None = None


def price_of(model: LanguageModel, tokens_in: int, tokens_out: int) -> float | None:
    """The money for so many tokens, sent and answered; None where the model has no price that is known."""
    price: Callable[[int, int], float | None] | None = getattr(model, "price", None)
    return None if price is None else price(tokens_in, tokens_out)


@dataclass(slots=True)
class RunSpending:
    """What was sent and came, in sums; answers that the ledger had cost nothing and are not among them.

    models: by which a request is priced before the first answer has come.
    """

    caps: Caps = field(default_factory=Caps)
    models: Mapping[str, LanguageModel] = field(default_factory=dict)
    answers: int = 0
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    #: Answers without a known price, and those whose server counted no tokens: they are estimated by their characters.
    unpriced: int = 0
    uncounted: int = 0
    #: Why nothing more is sent; None while it is.
    reached: str | None = None
    #: What the unpriced answers have cost by their tokens, as estimated: for the caps alone.
    _unpriced_cost: float = 0.0
    _seconds: float = 0.0
    _asked: int = 0
    _asked_tokens: int = 0
    _in_flight: int = 0
    _began: float = field(default_factory=monotonic)

    @property
    def tokens(self) -> int:
        """Tokens sent and answered."""
        return self.tokens_in + self.tokens_out

    def admit(self, request: Request) -> bool:
        """Whether a request may go: by what came so far, it and those in flight stay within the caps."""
        self._asked += 1
        self._asked_tokens += rough_tokens(request)
        self.reached = self.reached or self._reached(request)
        self._in_flight += self.reached is None
        return self.reached is None

    def note(self, attempt: Attempt) -> None:
        """Add what an attempt has cost."""
        self.attempts += 1
        self._in_flight -= 1
        if (answer := attempt.answer) is None:
            return
        self.answers += 1
        self.uncounted += answer.tokens_in is None or answer.tokens_out is None
        sent = self._asked_tokens // max(1, self._asked) if answer.tokens_in is None else answer.tokens_in
        answered = len(answer.text) // CHARACTERS_A_TOKEN if answer.tokens_out is None else answer.tokens_out
        self.tokens_in += sent
        self.tokens_out += answered
        self.cost += answer.cost or 0.0
        self.unpriced += answer.cost is None
        self._seconds += answer.seconds
        if answer.cost is None and (model := self.models.get(attempt.model)) is not None:
            self._unpriced_cost += price_of(model, sent, answered) or 0.0

    @property
    def left(self) -> float | None:
        """Seconds until the time is over; None without an end."""
        return None if self.caps.seconds is None else max(0.0, self.caps.seconds - (monotonic() - self._began))

    def end_in_time(self) -> None:
        """The time is over: nothing more is sent, and what is in flight is not waited for."""
        if self._in_flight:
            self.reached = f"{self._over()}; {self._in_flight:,} answers on their way were not waited for"
        self.reached = self.reached or self._over()

    def require_prices(self) -> None:
        """Raises UsageError where a model has no known price, so that no sum of money could end the run."""
        for name, model in self.models.items() if self.caps.cost is not None else ():
            if price_of(model, 1, 1) is None:
                raise UsageError(
                    f"expected a price of {name} with --max-cost, got none: write models.{name}.prices = {{input = "
                    "..., output = ...} in curate.toml (money for a million tokens), or use --max-tokens"
                )

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {
            "answers": self.answers,
            "attempts": self.attempts,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost": round(self.cost, 6),
            "unpriced": self.unpriced,
            "uncounted": self.uncounted,
        }

    def _reached(self, request: Request) -> str | None:
        """The cap that one more request would go over."""
        caps = self.caps
        mean = self._seconds / self.answers if self.answers else 0.0
        if self.left is not None and self.left <= TIMES_THE_MEAN * mean:
            return self._over()
        tokens, cost = self._expected(request)
        on_their_way = self._in_flight + 1
        awaited = f", {self._in_flight:,} answers are on their way" if self._in_flight else ""
        if caps.tokens is not None and self.tokens + on_their_way * tokens > caps.tokens:
            return f"{self.tokens:,} tokens are used{awaited}, more would go over {caps.tokens:,} (--max-tokens)"
        spent = self.cost + self._unpriced_cost
        if caps.cost is not None and spent + on_their_way * cost > caps.cost:
            return f"{spent:,.4f} is spent{awaited}, more would go over {caps.cost:,.4f} (--max-cost)"
        return None

    def _over(self) -> str:
        return f"{self.caps.seconds:,g} seconds are over, or would be before a further answer (--max-time)"

    def _expected(self, request: Request) -> tuple[float, float]:
        """The tokens and the money that a request will cost: the mean so far, before the first by its length."""
        if self.answers:
            return self.tokens / self.answers, (self.cost + self._unpriced_cost) / self.answers
        sent = rough_tokens(request)
        answered = round(sent * ANSWERED_SHARE)
        model = self.models.get(request.model)
        return sent + answered, (price_of(model, sent, answered) if model else None) or 0.0
