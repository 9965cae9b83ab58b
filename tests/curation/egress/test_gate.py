"""The gate: what it lets out under each policy, what it says before, and what it writes down."""

from __future__ import annotations

import re
import threading

import pytest

from curation.deidentify.identifiers.surrogate_marks import MARK
from curation.egress.gate import NAMED, NO_RECORD, Gate, server_way_out, way_out
from curation.egress.outgoing import Outgoing
from curation.egress.settings import NOT_REPLACED, Destination, PrivacyPolicy, PrivacySettings
from curation.errors import EgressBlockedError
from curation.record import Entity, Layer, Record
from curation.store import Store

NAMED_TEXT = "Mr. Holloway came on March 3, 2020."
PLAIN_TEXT = "A man came with fever."
HOST = "elsewhere.example"


def record(text: str, id: str = "r1", **changed: object) -> Record:
    return Record.model_validate(
        {"id": id, "group": "g", "source": "test", "language": "en", "text": text, "meta": {}} | changed
    )


def leaving(*texts: str) -> list[Outgoing]:
    return [Outgoing.of(record(text, f"r{number}")) for number, text in enumerate(texts, 1)]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def gate(sqlite_store: Store, said: list[str]):
    """Makes a gate under a policy."""

    def make(policy: str, **others: object) -> Gate:
        return Gate(PrivacySettings(policy=PrivacyPolicy(policy)), sqlite_store, notify=said.append, run=7, **others)

    return make


def test_where_texts_go_is_said_once_and_before_the_first(gate, said, sqlite_store):
    opened = gate("report")
    first = opened.passage(Destination.MODEL, HOST)
    assert said == [f"texts go to {HOST}, which is not this machine (model, privacy policy report)"]
    assert sqlite_store.egress() == []
    assert opened.passage(Destination.MODEL, HOST) is first
    assert len(said) == 1


def test_what_may_leave_is_written_down_as_sent_once_it_goes(gate, sqlite_store):
    weighed = gate("report").passage(Destination.HUB, HOST).weigh(leaving(NAMED_TEXT, PLAIN_TEXT))
    assert (weighed.with_identifiers, sqlite_store.egress()) == (1, [])
    weighed.log()
    (line,) = sqlite_store.egress()
    assert (line.texts, line.with_identifiers, line.refused) == (2, 1, 0)


@pytest.mark.parametrize(
    ("policy", "destinations", "public"),
    [
        ("report", {}, "block"),
        ("allow", {}, "block"),
        ("block", {}, "block"),
        ("replace", {}, "replace"),
        ("allow", {"export": "report"}, "block"),
        ("block", {"hub": "report"}, "report"),
    ],
)
def test_to_everybody_identifiers_go_only_by_a_policy_that_names_the_destination(policy, destinations, public):
    settings = PrivacySettings(policy=policy, destinations=destinations)
    assert settings.policy_for(Destination.HUB, public=True) == public
    assert settings.policy_for(Destination.HUB) == destinations.get("hub", policy)


def test_under_report_all_leaves_and_is_counted(gate, sqlite_store):
    passage = gate("report").passage(Destination.MODEL, HOST)
    passage.check(leaving(NAMED_TEXT, PLAIN_TEXT))
    passage.check(leaving(NAMED_TEXT))
    (line,) = sqlite_store.egress()
    assert (line.run, line.destination, line.address, line.policy) == (7, "model", HOST, "report")
    assert (line.texts, line.with_identifiers, line.refused) == (3, 2, 0)
    assert line.characters == 2 * len(NAMED_TEXT) + len(PLAIN_TEXT) + 3 * len("g")
    assert (line.records, line.refused_records) == (("r1", "r2"), ())


def test_under_allow_nobody_looks(gate, sqlite_store, monkeypatch):
    monkeypatch.setattr("curation.egress.outgoing.find_identifiers", None)
    gate("allow").passage(Destination.EXPORT, "out").check(leaving(NAMED_TEXT))
    (line,) = sqlite_store.egress()
    assert (line.texts, line.with_identifiers) == (1, None)


@pytest.mark.parametrize("destination", [one for one in Destination if one not in NOT_REPLACED])
@pytest.mark.parametrize("policy", ["block", "replace"])
def test_what_holds_identifiers_stays_with_all_that_would_go_beside_it(gate, sqlite_store, policy, destination):
    passage = gate(policy).passage(destination, HOST)
    with pytest.raises(EgressBlockedError, match=r"1 of 2 texts hold 2 .*: r1 \(2\)\. None of them") as refused:
        passage.check(leaving(NAMED_TEXT, PLAIN_TEXT))
    assert "Holloway" not in str(refused.value)
    (line,) = sqlite_store.egress()
    assert (line.texts, line.characters, line.refused, line.records, line.refused_records) == (0, 0, 1, (), ("r1",))


def test_screening_keeps_single_records_here_and_lets_the_others_go(gate, sqlite_store):
    passage = gate("block").passage(Destination.LABEL_STUDIO, HOST)
    assert passage.screen(leaving(NAMED_TEXT, PLAIN_TEXT)) == [2, 0]
    (line,) = sqlite_store.egress()
    assert (line.texts, line.refused, line.records, line.refused_records) == (1, 1, ("r2",), ("r1",))


@pytest.mark.parametrize("destination", sorted(NOT_REPLACED))
def test_where_identifiers_cannot_be_replaced_on_the_way_nothing_goes_under_replace(gate, said, destination):
    with pytest.raises(EgressBlockedError, match=rf"cannot be replaced on the way to {HOST} yet.*{destination}"):
        gate("replace").passage(destination, HOST)
    assert said == []


def test_a_destination_may_have_a_policy_of_its_own(sqlite_store, said):
    settings = PrivacySettings(policy="block", destinations={"model": "report"})
    gate = Gate(settings, sqlite_store, notify=said.append)
    gate.passage(Destination.MODEL, HOST).check(leaving(NAMED_TEXT))
    with pytest.raises(EgressBlockedError):
        gate.passage(Destination.EXPORT, "out").check(leaving(NAMED_TEXT))


def test_what_a_person_has_released_for_the_destination_leaves(gate, sqlite_store):
    opened = gate("block", released=lambda id, destination: (id, destination) == ("r1", Destination.MODEL))
    opened.passage(Destination.MODEL, HOST).check(leaving(NAMED_TEXT))
    with pytest.raises(EgressBlockedError):
        opened.passage(Destination.EXPORT, "out").check(leaving(NAMED_TEXT))
    assert [line.with_identifiers for line in sqlite_store.egress()] == [1, 0]


def test_all_records_that_a_text_is_about_must_be_released(gate):
    opened = gate("block", released=lambda id, _: id == "r1")
    both = Outgoing((NAMED_TEXT,), (record(NAMED_TEXT, "r1"), record("Mr. Redfern.", "r2")))
    with pytest.raises(EgressBlockedError, match=r"r1 \(2\), r2 \(2\)"):
        opened.passage(Destination.MODEL, HOST).check([both])


def test_a_text_about_no_record_is_looked_at_too(gate, sqlite_store):
    passage = gate("block").passage(Destination.MODEL, HOST)
    passage.check([Outgoing((PLAIN_TEXT,))])
    with pytest.raises(EgressBlockedError):
        passage.check([Outgoing((NAMED_TEXT,))])
    assert sqlite_store.egress()[0].records == (NO_RECORD,)


def test_the_whole_of_a_conversation_is_looked_at(gate):
    """An example of another patient in the instruction counts, whatever the record itself holds."""
    passage = gate("block").passage(Destination.MODEL, HOST)
    with pytest.raises(EgressBlockedError, match=r"r1 \(1\)"):
        passage.check([Outgoing(("For example: Mrs. Karin Lindemann, fever.", PLAIN_TEXT), (record(PLAIN_TEXT),))])


def test_surrogates_are_no_identifiers_in_a_prompt_nor_in_a_quotation(gate):
    passage = gate("block").passage(Destination.MODEL, HOST)
    marked = record(NAMED_TEXT, meta={MARK: {"mode": "surrogate", "places": ["4-12:NAME", "21-34:DATE"]}})
    passage.check([Outgoing((f"<report>\n{NAMED_TEXT}\n</report>", "Did Mr. Holloway have fever?"), (marked,))])
    with pytest.raises(EgressBlockedError, match=r"r1 \(1\)"):
        passage.check([Outgoing((f"<report>\n{NAMED_TEXT}\n</report>", "As with Mr. Redfern."), (marked,))])


def test_words_of_a_layer_that_do_not_stand_in_the_text_are_looked_at():
    entities = (Entity(id="T1", category="diagnosis", text="seen by Dr. Redfern", alignment="none"),)
    layer = Layer(record_id="r1", name="llm", author="llm:m@1", entities=entities)
    assert "seen by Dr. Redfern" in Outgoing.of(record(PLAIN_TEXT), layer).texts
    assert Outgoing.of(record(PLAIN_TEXT)).texts == (PLAIN_TEXT, "g")


def test_a_long_list_of_refused_records_is_cut(gate):
    passage = gate("block").passage(Destination.EXPORT, "out")
    with pytest.raises(EgressBlockedError, match=rf"r{NAMED} \(2\) and 5 more"):
        passage.check(leaving(*[NAMED_TEXT] * (NAMED + 5)))


def test_the_line_is_written_before_the_text_goes(gate, sqlite_store):
    """A process that dies while it sends has written down what it was about to send."""
    passage = gate("report").passage(Destination.MODEL, HOST)

    def send(text: str) -> None:
        passage.check(leaving(text))
        assert sqlite_store.egress()[0].records[-1] == "r1"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        send(PLAIN_TEXT)
    assert sqlite_store.egress()[0].texts == 1


def test_several_threads_have_one_line(gate, sqlite_store):
    passage = gate("report").passage(Destination.MODEL, HOST)
    threads = [threading.Thread(target=passage.check, args=(leaving(PLAIN_TEXT),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (line,) = sqlite_store.egress()
    assert (line.texts, line.records) == (8, ("r1",))


def test_without_a_gate_nothing_leaves(gate):
    assert way_out(None, Destination.MODEL, None) is None
    with pytest.raises(EgressBlockedError, match=rf"expected the gate .* {re.escape(HOST)}"):
        way_out(None, Destination.MODEL, HOST)


def test_a_server_beyond_loopback_wants_a_password_and_has_a_line_at_once(gate, sqlite_store, said):
    assert server_way_out(None, "127.0.0.1", 9090, password="") is None
    with pytest.raises(EgressBlockedError, match=r"0\.0\.0\.0:9090.* to want a password"):
        server_way_out(gate("report"), "0.0.0.0", 9090, password="")
    with pytest.raises(EgressBlockedError, match="expected the gate"):
        server_way_out(None, "0.0.0.0", 9090, password="secret")
    assert server_way_out(gate("report"), "0.0.0.0", 9090, password="secret") is not None
    (line,) = sqlite_store.egress()
    assert (line.destination, line.address, line.texts) == ("server", "0.0.0.0:9090", 0)
    assert said == ["texts go to whoever reaches 0.0.0.0:9090 and has the password (server, privacy policy report)"]
