"""What a language model was asked about a text and did not answer, as layers note it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from curation.text.folding import Span


@dataclass(frozen=True, slots=True)
class UnreadPart:
    """What was asked about a window and not answered, by names of categories and labels (none: all), and why."""

    window: Span
    names: tuple[str, ...]
    kind: str

    def as_json(self, **more: JsonValue) -> dict[str, JsonValue]:
        """As it stands in the provenance."""
        return {**more, "window": list(self.window), "asked": list(self.names), "kind": self.kind}
