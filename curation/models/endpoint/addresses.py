"""Several servers of one model: the next request goes to the one with the least to do that is alive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from curation.errors import LanguageModelError
from curation.models.circuit_breaker import CircuitBreaker
from curation.models.pace import DEAD


@dataclass(slots=True)
class Address:
    """A server, what it has to do, and what it has shown that it can."""

    url: str
    headers: Mapping[str, str]
    #: The host, if it is not this machine.
    remote: str | None
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    #: How many forms of answer it has refused.
    form: int = 0
    #: Keywords of schemas that it does not take, or makes wrong answers of.
    left_out: frozenset[str] = frozenset()
    #: Whether it takes requests for the probabilities of tokens; None where that is not known yet.
    logprobs: bool | None = None
    in_flight: int = 0
    held_until: float = float("-inf")
    used: int = 0

    @property
    def load(self) -> int:
        """Requests under way, and one more where it did not answer last."""
        return self.in_flight + self.breaker.is_doubtful

    def wait(self, now: float) -> float:
        """Seconds until it may be asked."""
        return max(self.held_until - now, self.breaker.wait(now), 0.0)


class Addresses:
    """The servers of a model. One that does not answer is left out, and asked again after a time."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self.every = addresses

    def take(self, now: float) -> tuple[Address, bool]:
        """The server that the next request goes to, and whether this is to find out if it is back.

        Where none is alive, the one that is due first is asked: how long to wait is a matter of the pace. One that did
        not answer last is asked only while another has something to do: else the one request by which a pace finds out
        whether the model is back would always go to the dead one, which is due at the same time.
        """
        address = min(self.every, key=lambda address: (address.wait(now), address.load, address.used))
        address.in_flight += 1
        address.used += 1
        return address, address.breaker.begin()

    def went(self, address: Address) -> None:
        """It answered."""
        address.in_flight -= 1
        address.breaker.good()

    def failed(self, address: Address, now: float, error: LanguageModelError, *, tries: bool) -> LanguageModelError:
        """The error as it concerns the model: how long all of its servers ask to be left alone."""
        address.in_flight -= 1
        if error.kind in DEAD:
            address.breaker.bad(now, tries=tries)
        else:
            address.breaker.good()
        if error.retry_after is not None:
            address.held_until = max(address.held_until, now + error.retry_after)
            error.retry_after = min(address.wait(now) for address in self.every)
        return error

    def called_off(self, address: Address, *, tries: bool) -> None:
        """The request was called off."""
        address.in_flight -= 1
        address.breaker.undecided(tries=tries)
