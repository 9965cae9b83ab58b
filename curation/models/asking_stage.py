"""A stage that asks language models: its questions about one record, and what comes of the answers."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol

from typing_extensions import TypeIs

from curation.errors import LanguageModelError
from curation.models.contract import Answer, LanguageModel, Request
from curation.stage import Item, Result

#: A stage's questions about one record and, at its end, the result: it gives requests that go out beside each other,
#: and is sent, in the same order, an answer for each or the error that came in its place.
Conversation = Generator[Sequence[Request], Sequence[Answer | LanguageModelError], Result]

#: The kind of failure of a record of which a part was answered: what could be made of that is kept.
INCOMPLETE = "incomplete"


class AskingStage(Protocol):
    """A stage that asks language models: what to ask, and what the answers say. Sending, waiting, trying again, paying
    and keeping the answers is the runner's work.
    """

    @property
    def name(self) -> str:
        """As of a Stage."""

    @property
    def fingerprint(self) -> str:
        """As of a Stage."""

    @property
    def reads(self) -> Sequence[str]:
        """As of a Stage."""

    @property
    def models(self) -> Mapping[str, LanguageModel]:
        """The models that it asks, by the names that its requests have."""

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """What is asked about one record; `attempt`: how often it was tried before."""


def asks(stage: object) -> TypeIs[AskingStage]:
    """Whether a stage asks language models."""
    return hasattr(stage, "conversation")
