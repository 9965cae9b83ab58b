"""The translated pairs of a store measured by several processes, before all columns are put together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from curation.batches import batched
from curation.processes import Processes
from validation.measures.measure import Whole
from validation.measures.translation import PAIRS, PairWork, StoredPair, translated_pairs

#: Pairs that a process takes at once.
PAIRS_APART = 16


@dataclass(frozen=True, slots=True)
class UnmeasuredPairs:
    """The pairs that were never measured as they are now, and what each is to be measured on."""

    work: PairWork
    pairs: tuple[tuple[str, str], ...]
    keys: dict[str, str]

    @classmethod
    def of(cls, whole: Whole) -> UnmeasuredPairs:
        """Those of a store."""
        work = PairWork(whole)
        unmeasured: list[tuple[str, str]] = []
        keys: dict[str, str] = {}
        for pairs in batched(translated_pairs(whole), PAIRS):
            wanted, known = work.known(pairs)
            unmeasured += [pair for pair in pairs if pair[0] not in known]
            keys |= {id: key for id, key in wanted.items() if id not in known}
        return cls(work, tuple(unmeasured), keys)

    def worthwhile(self, processes: Processes) -> bool:
        """Whether several processes measure them sooner than one."""
        return self.work.can_go_apart and processes.worthwhile(2 * len(self.pairs))

    def measure(self, processes: Processes) -> Iterator[int]:
        """Measures them and keeps what was found in the store; yields how many more are through."""
        sent: deque[int] = deque()

        def batches() -> Iterator[list[StoredPair]]:
            for pairs in batched(self.pairs, PAIRS_APART):
                sent.append(len(pairs))
                yield self.work.items(pairs)

        for rows in processes.map(self.work.reader, batches()):
            self.work.keep(self.keys, rows)
            yield sent.popleft()
