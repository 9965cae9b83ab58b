from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from annotation.agreement.comparisons import compare
from annotation.agreement.judgements import reviewed
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import Study
from annotation.progress import review_work as module
from annotation.progress.review_work import REVIEW_WORK, mark_tally, review_work
from curation.record import Alignment, Assertion, Entity, Layer, Record
from curation.scheme import Scheme
from curation.scoring.marks import MODES, marks_of, plain_marks
from curation.store import Store

TEXT = "Fieber, Husten und ein Ausschlag; fever again."
SPANS = ((0, 6), (8, 14), (23, 32), (34, 39))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = ("human:anna", "human:ben", "human:cleo")


def answer(name: str, record: int, marks: str, *, project: str = "A #1", assertion: str = "present") -> Layer:
    """One digit a mark: the number of its span; in brackets one that is a character shorter."""
    entities = [
        Entity.at(TEXT, SPANS[int(sign)][0], SPANS[int(sign)][1] - number % 2, "diagnosis", id=f"T{number}")
        for number, sign in enumerate(marks)
    ]
    nowhere = Entity(id="N", category="age", text="54", alignment=Alignment.NONE)
    first = [entity.model_copy(update={"assertion": Assertion(assertion)}) for entity in entities[:1]]
    return Layer(
        record_id=f"r{record}",
        name=name,
        author=name,
        entities=(*first, *entities[1:], nowhere),
        created=NOON + timedelta(minutes=record),
        provenance={"annotation": record, "lead_time": 30.0, "project": project, "note": "not needed"},
    )


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Six records with one to three answers each, some of them corrected, one of another project."""
    records = [Record(id=f"r{n}", group=f"r{n}", source="t", language="de", text=TEXT) for n in range(6)]
    sqlite_store.add_records(records)
    for number in range(6):
        sqlite_store.add_layers([answer("human:anna", number, "01")])
    sqlite_store.add_layers([answer("human:ben", number, "10", assertion="negated") for number in range(4)])
    sqlite_store.add_layers([answer("human:cleo", number, "012", project="B #2") for number in range(2)])
    sqlite_store.add_layers([answer("human:anna", 0, "0123"), answer("repeat:anna", 1, "0"), answer("gold", 2, "3")])
    return sqlite_store


def tallies(store: Store, settings: AgreementSettings) -> list[tuple[list[list[float]], list[int], int]]:
    found = list(review_work(store, settings, gold="gold"))
    both = [mark_tally(found, person, mode) for person in PEOPLE for mode in MODES]
    return [(tally.counts.tolist(), tally.records.tolist(), tally.support) for tally in both]


def compared_in_full(store: Store, scheme: Scheme, settings: AgreementSettings) -> Iterator[object]:
    """The same by the study that the agreement report rests on."""
    rows = compare(Study.of(reviewed(store, settings, shown=False), scheme.names, settings))
    for person in PEOPLE:
        for mode in MODES:
            tally = rows.of_person(person).mark_tally(mode)
            yield tally.counts.tolist(), tally.records.tolist(), tally.support


SETTINGS = [
    AgreementSettings(),
    AgreementSettings(version="first"),
    AgreementSettings(assertion=True),
    AgreementSettings(project="A"),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_marks_are_those_of_the_study(store: Store, scheme: Scheme, settings: AgreementSettings) -> None:
    expected = list(compared_in_full(store, scheme, settings))
    assert any(counts for counts, _, _ in expected)
    assert tallies(store, settings) == expected
    assert tallies(store, settings) == expected  # as kept


def test_only_what_is_newer_is_counted_anew(store: Store, scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[list[str]] = []
    count = module._counted

    def noted(store: Store, names: list[str], ids: list[str], *rest: object) -> object:
        counted.append(list(ids))
        return count(store, names, ids, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_counted", noted)
    tallies(store, SETTINGS[0])
    tallies(store, SETTINGS[0])
    store.add_layers([answer("human:ben", 4, "3"), answer("human:anna", 2, "")])
    assert tallies(store, SETTINGS[0]) == list(compared_in_full(store, scheme, SETTINGS[0]))
    assert counted == [[f"r{n}" for n in range(6)], [], ["r2", "r4"]]
    for settings in SETTINGS[1:]:
        assert tallies(store, settings) == list(compared_in_full(store, scheme, settings))


def test_what_is_kept_has_no_wording(store: Store) -> None:
    tallies(store, SETTINGS[0])
    kept = str(list(store.measures(stage=REVIEW_WORK)))
    assert "lead_time" in kept
    assert not [word for word in ("Fieber", "Husten", "not needed") if word in kept]


def test_nobody_has_worked(sqlite_store: Store) -> None:
    assert list(review_work(sqlite_store, SETTINGS[0], gold="gold")) == []
    assert mark_tally([], "human:anna", "strict").support == 0


def test_plain_marks_are_the_marks_of_the_layer() -> None:
    layer = answer("human:anna", 0, "0123", assertion="negated")
    for assertion in (True, False):
        assert plain_marks(layer.model_dump(mode="json"), assertion=assertion) == marks_of(layer, assertion=assertion)
