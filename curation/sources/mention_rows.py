"""Rows that each hold one annotation of a text become one draft for each text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from curation.sources.draft import Draft
from curation.sources.reading import SourceTally

#: Texts that are kept open for more rows; the oldest is closed when there are more.
OPEN = 10_000
Key = tuple[str, str, str]


class MentionRows:
    """Texts of which more annotations may follow."""

    def __init__(self, tally: SourceTally) -> None:
        self.tally = tally
        self.open: dict[Key, Draft] = {}

    def add(self, draft: Draft, *, by_id: bool) -> Iterator[Draft]:
        """Takes a row in; yields a text that is closed for it. by_id: whether the source's ids number texts."""
        key = (draft.text, draft.annotator, draft.source_id if by_id else "")
        first = self.open.get(key)
        if first is None:
            self.open[key] = draft
            if len(self.open) > OPEN:
                yield self.open.pop(next(iter(self.open)))
            return
        if first.source_id != draft.source_id:
            what = "rows of one text with an id each were put together under the id of the first"
            self.tally.notice(draft.where, what)
        for entity in draft.entities:
            first.entities.append(replace(entity, id=f"T{len(first.entities) + 1}", where=draft.where))

    def rest(self) -> Iterator[Draft]:
        """The texts that are still open, in the order in which they came."""
        yield from self.open.values()
