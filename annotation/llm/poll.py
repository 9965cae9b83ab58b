"""The vote on what several samples and models say about a record: who has read it, who says it, whether it is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from statistics import fmean
from typing import Any

from annotation.llm.unread_part import UnreadPart
from annotation.settings import MergeRule
from curation.record import Layer, Record
from curation.scoring.matching import Spans

#: What two shares may differ by and be the same.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Voter:
    """One sample of a model's answers about a record.

    layer: what they say; None where nothing could be read. kind: why not, or why not all.
    """

    model: str
    sample: int
    record: Record
    layer: Layer | None
    kind: str = ""

    @property
    def name(self) -> str:
        """The model and the number of the sample; no model's name has a blank."""
        return f"{self.model} {self.sample}"

    @cached_property
    def unread(self) -> list[UnreadPart]:
        """What was not read."""
        if self.layer is None:
            return [UnreadPart((0, len(self.record.text)), (), self.kind)]
        parts: Any = self.layer.provenance.get("unread", [])
        return [UnreadPart(tuple(part["window"]), tuple(part["asked"]), part["kind"]) for part in parts]

    def has_read(self, name: str, spans: Spans = ()) -> bool:
        """Whether a category was asked for and answered at a place; without one, in the whole text. So is a label."""
        if self.layer is None:
            return False
        unread = {part.window for part in self.unread if not part.names or name in part.names}
        if not unread or not spans:
            return not unread or name in self.layer.labels
        windows: Any = self.layer.provenance["windows"]
        start, end = spans[0][0], spans[-1][1]
        return any(first <= start and end <= last for first, last in windows if (first, last) not in unread)


@dataclass(frozen=True)
class Poll:
    """Who votes, in the order of the models, and what is kept.

    share: of the samples of a model that must say something for the model to say it, and by the rule `vote` of the
    models; None for more than half.
    """

    voters: Sequence[Voter]
    merge: MergeRule
    share: float | None = None

    @cached_property
    def models(self) -> list[list[Voter]]:
        """The voters of each model."""
        return [list(voters) for _, voters in groupby(self.voters, key=lambda voter: voter.model)]

    def readers(self, name: str, spans: Spans = ()) -> set[str]:
        """The voters that have read about a category or label at a place."""
        return {voter.name for voter in self.voters if voter.has_read(name, spans)}

    def outcome(self, yes: Collection[str], read: Collection[str]) -> tuple[bool | None, float]:
        """Whether what some voters say is kept, and how far those agree who have read that part of the text.

        None where it depends on a model of which half of the samples or more were not read. The agreement is the mean
        over the models of the share of their samples: each model has the same weight.
        """
        shares = [
            sum(voter.name in yes for voter in readers) / len(readers)
            for voters in self.models
            if _more_than_half(len(readers := [voter for voter in voters if voter.name in read]), voters)
        ]
        says, missing = sum(map(self._enough, shares)), len(self.models) - len(shares)
        agreement = fmean(shares) if shares else 0.0
        if self._is_kept(says):
            return True, agreement
        return (None if self._is_kept(says + missing) else False), agreement

    def missing(self) -> Iterator[tuple[str, UnreadPart]]:
        """What was not read of half of a model's samples or more, so that the model has no voice in it."""
        for voters in self.models:
            lost = [voter for voter in voters if voter.layer is None]
            if not _more_than_half(len(voters) - len(lost), voters):
                yield lost[0].model, lost[0].unread[0]
                continue
            unread = [part for voter in voters if voter.layer is not None for part in voter.unread]
            places = dict.fromkeys((part.window, name) for part in unread for name in part.names or ("",))
            for window, name in places:
                same = [part for part in unread if part.window == window and (not part.names or name in part.names)]
                if not _more_than_half(len(voters) - len(lost) - len(same), voters):
                    yield voters[0].model, UnreadPart(window, (name,) if name else (), same[0].kind)

    def _enough(self, share: float) -> bool:
        return share > 0.5 + TOLERANCE if self.share is None else share >= self.share - TOLERANCE

    def _is_kept(self, models: int) -> bool:
        """Whether it is kept when so many models say it."""
        if self.merge == "vote":
            return self._enough(models / len(self.models))
        return models >= (1 if self.merge == "union" else len(self.models))


def _more_than_half(count: int, of: Sequence[object]) -> bool:
    return 2 * count > len(of)
