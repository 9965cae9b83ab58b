"""The gate: what may leave this machine and what not; reported before the first text is sent, and logged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from curation.address import is_this_machine
from curation.deidentify.key import Key
from curation.deidentify.scope import DeidentifyScope
from curation.deidentify.surrogate_records import SurrogateRecords
from curation.egress.outgoing import Outgoing
from curation.egress.settings import KEEPS_BACK, NOT_REPLACED, Destination, PrivacyPolicy, PrivacySettings
from curation.errors import EgressBlockedError
from curation.record import Record
from curation.store.egress import EgressCounts, EgressLog

#: So many records are named in an error; all are counted.
NAMED = 20
#: What stands in place of an id for a text about no record.
NO_RECORD = "-"

#: What is said of a destination before the first text goes there, where it is not just another machine.
NOTICES = {
    Destination.EXPORT: "texts are written to {address}, for others",
    Destination.HUB: "texts go to {address}, for whoever may read it there",
    Destination.DATABASE: "texts are kept in the database {address}, which is not on this machine",
    Destination.SERVER: "texts go to whoever reaches {address} and has the password",
}

#: Called with a line for people before the first text goes.
Notify = Callable[[str], None]
#: Whether a person has released a record (by its id) for a destination, knowing of its identifiers.
Released = Callable[[str, Destination], bool]


class Gate:
    """All ways off this machine of one run: one passage for each destination and address."""

    def __init__(
        self,
        settings: PrivacySettings,
        log: EgressLog,
        *,
        notify: Notify,
        released: Released = lambda record_id, destination: False,
        recognise: Callable[[Record], Record] = lambda record: record,
        run: int | None = None,
        key: Callable[[], Key] | None = None,
    ) -> None:
        self.settings = settings
        self.log = log
        self.released = released
        #: The record as the store has it, for a caller who only has its text.
        self.recognise = recognise
        self.run = run
        #: Gives the secret key by which surrogates are drawn.
        self._key = key
        self._notify = notify
        self._passages: dict[tuple[Destination, str, PrivacyPolicy], Passage] = {}

    def passage(self, destination: Destination, address: str, *, public: bool = False, at_once: bool = True) -> Passage:
        """The way to an address, which is said to the caller when it is opened. public: whether everybody reads there.

        at_once: without it, the way is said when what has been weighed goes there: after all checks, if at all. Raises
        EgressBlockedError where the policy lets nothing go there.
        """
        policy = self.settings.policy_for(destination, public=public)
        if policy is PrivacyPolicy.REPLACE and destination in NOT_REPLACED:
            raise EgressBlockedError(
                f"expected another privacy policy than replace for the destination {destination}: identifiers cannot "
                f"be replaced on the way to {address} yet. Nothing was sent. With "
                f'validation.privacy.destinations = {{{destination} = "block"}}, de-identified records and those '
                "without identifiers go there."
            )
        key = (destination, address, policy)
        if key not in self._passages:
            self._passages[key] = Passage(self, destination, address, policy)
        if at_once:
            self._passages[key].announce()
        return self._passages[key]

    def notify(self, line: str) -> None:
        """Says a line to the caller."""
        self._notify(line)

    def surrogates(self, destination: Destination) -> SurrogateRecords | None:
        """What gives records surrogates on their way to a destination; None where the policy does not ask for them.

        Raises EgressBlockedError where there is no key to draw them by.
        """
        if self.settings.policy_for(destination) is not PrivacyPolicy.REPLACE:
            return None
        if self._key is None:
            raise EgressBlockedError(
                f"expected the key of a workspace, by which identifiers are replaced on the way to {destination}, got "
                "none; nothing was sent"
            )
        scope = DeidentifyScope(frozenset(self.settings.kinds), recognisers=self.settings.recognisers)
        return SurrogateRecords(self._key(), scope, lambda record_id: self.released(record_id, destination))


@dataclass
class Passage:
    """The way to one address. What passes is written down before it goes; may be used by several threads."""

    gate: Gate
    destination: Destination
    address: str
    policy: PrivacyPolicy
    _line: int | None = None
    _announced: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def announce(self) -> None:
        """Says once where texts go."""
        with self._lock:
            first, self._announced = not self._announced, True
        if first:
            notice = NOTICES.get(self.destination, "texts go to {address}, which is not this machine")
            said = notice.format(address=self.address)
            self.gate.notify(f"{said} ({self.destination}, privacy policy {self.policy})")

    def begin(self) -> int:
        """The id of this passage's line in the audit log, written when there is none yet."""
        with self._lock:
            if self._line is None:
                self._line = self.gate.log.begin_egress(
                    run=self.gate.run, destination=self.destination, address=self.address, policy=self.policy
                )
            return self._line

    def check(self, leaving: Iterable[Outgoing]) -> int | None:
        """How many pieces hold identifiers (None: the policy has nobody look), when all may leave; logged as sent.

        Raises EgressBlockedError when a part may not, naming the records with how many identifiers each holds.
        """
        passed = self.weigh(leaving)
        passed.log()
        return passed.with_identifiers

    def weigh(self, leaving: Iterable[Outgoing]) -> Weighed:
        """The same before it is known whether the pieces go: what goes is logged when it does. Raises as `check`."""
        tally = self._tally(leaving)
        if tally.held:
            tally.keep_all()
            self._write(tally)
            raise EgressBlockedError(self._refusal(tally))
        with_identifiers = None if self.policy is PrivacyPolicy.ALLOW else tally.with_identifiers

        def log() -> None:
            self.announce()
            self._write(tally)

        return Weighed(with_identifiers, log)

    def screen(self, leaving: Iterable[Outgoing]) -> list[int]:
        """For each piece the number of identifiers that keep it here, 0 where it may leave and is written down so."""
        tally = self._tally(leaving)
        self._write(tally)
        return tally.verdicts

    def reason(self, count: int) -> str:
        """Why a piece with so many identifiers does not leave."""
        return (
            f"expected a text without identifiers for {self.destination} ({self.address}), since the privacy policy "
            f"{self.policy} keeps others on this machine, found {count}"
        )

    def _tally(self, leaving: Iterable[Outgoing]) -> _Tally:
        tally = _Tally()
        for sent in leaving:
            outgoing = replace(sent, records=tuple(map(self.gate.recognise, sent.records)))
            count = self._count(outgoing)
            tally.add(outgoing, count, holds=self._holds(outgoing, count))
        return tally

    def _count(self, outgoing: Outgoing) -> int:
        if self.policy is PrivacyPolicy.ALLOW:
            return 0
        return sum(1 for _ in outgoing.identifiers(self.gate.settings.kinds, self.gate.settings.recognisers))

    def _holds(self, outgoing: Outgoing, count: int) -> bool:
        """Whether the policy keeps it here."""
        if self.policy not in KEEPS_BACK or count <= self.gate.settings.maximum:
            return False
        released = (self.gate.released(record.id, self.destination) for record in outgoing.records)
        return not outgoing.records or not all(released)

    def _write(self, tally: _Tally) -> None:
        if tally.verdicts:
            looked = self.policy is not PrivacyPolicy.ALLOW
            counts = EgressCounts(
                texts=tally.texts,
                characters=tally.characters,
                with_identifiers=tally.with_identifiers if looked else None,
                refused=tally.refused,
            )
            self.gate.log.count_egress(self.begin(), counts, records=tally.gone, refused=tally.held)

    def _refusal(self, tally: _Tally) -> str:
        named = ", ".join(f"{id} ({count})" for id, count in list(tally.held.items())[:NAMED])
        more = f" and {len(tally.held) - NAMED:,} more" if len(tally.held) > NAMED else ""
        return (
            f"expected texts without identifiers for {self.destination} ({self.address}), since the privacy policy "
            f"{self.policy} keeps others on this machine; {tally.refused:,} of {len(tally.verdicts):,} texts hold "
            f"{sum(tally.verdicts):,} (in brackets by record): {named}{more}. None of them was sent or written. "
            "Run `curate deidentify` (before an export also `curate validate` and `curate freeze` again), or let a "
            "person release what is no identifier: "
            f"`curate quarantine release RECORD --reason WHY --privacy {self.destination}`."
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """Pieces that may leave: how many hold identifiers (None: nobody looked), and what logs them as sent."""

    with_identifiers: int | None
    log: Callable[[], None]


@dataclass
class _Tally:
    """What became of some pieces: how many go, whose they are, and whose stay."""

    texts: int = 0
    characters: int = 0
    with_identifiers: int = 0
    refused: int = 0
    gone: list[str] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    verdicts: list[int] = field(default_factory=list)

    def add(self, outgoing: Outgoing, count: int, *, holds: bool) -> None:
        """Count one more."""
        self.verdicts.append(count if holds else 0)
        ids = [record.id for record in outgoing.records] or [NO_RECORD]
        if holds:
            self.refused += 1
            self.held |= dict.fromkeys(ids, count)
            return
        self.texts += 1
        self.characters += outgoing.characters
        self.with_identifiers += count > 0
        self.gone += ids

    def keep_all(self) -> None:
        """Nothing goes after all, since a part may not."""
        self.texts = self.characters = self.with_identifiers = 0
        self.gone = []


def way_out(gate: Gate | None, destination: Destination, address: str | None) -> Passage | None:
    """The passage to an address; None where it is this machine.

    Raises EgressBlockedError where there is no gate to pass.
    """
    if address is None:
        return None
    if gate is None:
        raise EgressBlockedError(
            f"expected the gate of curation.egress on the way to {address}, which is not this machine, got none; "
            "nothing was sent"
        )
    return gate.passage(destination, address)


def server_way_out(gate: Gate | None, host: str, port: int, *, password: str) -> Passage | None:
    """The passage to the clients of a server of ours; None where it listens on loopback only. Its line begins at once.

    Raises EgressBlockedError where a server that others reach has no password, or there is no gate to pass.
    """
    address = None if is_this_machine(host) else f"{host}:{port}"
    if address is not None and not password:
        raise EgressBlockedError(
            f"expected a server at {address}, which other machines reach, to want a password, it has none; "
            "bind it to 127.0.0.1 or give it one"
        )
    passage = way_out(gate, Destination.SERVER, address)
    if passage is not None:
        passage.begin()
    return passage
