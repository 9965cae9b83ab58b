import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from verdicts import given

from curation.decision import Decision, DecisionKind, Verdict
from curation.errors import UsageError
from curation.record import digest
from curation.scheme import DocumentLabel
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store

HALVES = SplitSettings(train=0.5, validation=0, test=0.5)


def story(number):
    """A text that shares few words with the next one's."""
    return " ".join(f"word{number}x{place}" for place in range(40))


@pytest.fixture
def cases(sqlite_store, annotated):
    """Ten cases, accepted, each with gold."""
    made = [annotated(f"A [{40 + n}-year-old]{{age}}. {story(n)}", group=f"p{n}") for n in range(10)]
    sqlite_store.add_records(record for record, _ in made)
    sqlite_store.add_layers(layer for _, layer in made)
    accept(sqlite_store, [record for record, _ in made])
    return made


def of_layer(record, layer, verdict, by="test"):
    return [Decision(record_id=record.id, verdict=verdict, by=by, kind=DecisionKind.LAYER, layer=layer)]


def accept(store, records, verdict=Verdict.ACCEPTED, *layers):
    store.decide(given((record.id for record in records), *(layers or ("gold", "human:anna")), verdict=verdict))


def freeze_halves(store, scheme, **options):
    return freeze(store, scheme, **{"name": "cases", "layers": ["gold"], "split": HALVES} | options)


def sides(store, frozen):
    return {record.id: split for split, record, _ in store.set_members(frozen.digest)}


def test_the_same_content_is_the_same_version(sqlite_store, scheme, cases):
    first = freeze_halves(sqlite_store, scheme)
    assert first.splits == {"train": 5, "test": 5}
    assert freeze_halves(sqlite_store, scheme) == first
    other = freeze_halves(sqlite_store, scheme, split=HALVES.model_copy(update={"seed": 1}))
    assert (first.version, other.version) == (1, 2)
    assert other.digest != first.digest


def test_a_changed_layer_is_a_new_version_and_the_old_one_stays(sqlite_store, scheme, cases):
    first = freeze_halves(sqlite_store, scheme)
    record, layer = cases[0]
    sqlite_store.add_layers([layer.model_copy(update={"entities": ()})])
    second = freeze_halves(sqlite_store, scheme)
    assert second.version == 2
    frozen = {record.id: layer for _, record, layer in sqlite_store.set_members(first.digest)}
    assert frozen[record.id] == layer


def test_what_is_not_accepted_or_lacks_the_layer_is_dropped_and_counted(sqlite_store, scheme, cases, annotated):
    undecided, bare = annotated("Undecided.")[0], annotated("Bare.")[0]
    sqlite_store.add_records([undecided, bare])
    accept(sqlite_store, [bare])
    accept(sqlite_store, [cases[0][0]], Verdict.QUARANTINED)
    frozen = freeze_halves(sqlite_store, scheme)
    assert frozen.manifest["dropped"] == {"quarantined": 1, "undecided": 1, "without the layer": 1}
    assert frozen.manifest["categories"]["age"] == 9


def test_a_record_is_frozen_when_its_text_and_that_layer_are_accepted(sqlite_store, scheme, cases):
    (text, _), (marks, _), (unseen, layer), *_ = cases
    accept(sqlite_store, [text], Verdict.NEEDS_REVIEW, "rules")
    sqlite_store.decide(of_layer(marks, "gold", Verdict.REJECTED))
    other = layer.model_copy(update={"name": "rules", "author": "rules@1"})
    sqlite_store.add_layers([other])
    frozen = freeze_halves(sqlite_store, scheme, layers=["rules", "gold"])
    assert frozen.manifest["dropped"] == {"layer not validated": 1, "layer rejected": 1, "needs_review": 1}
    assert frozen.manifest["layers_not_validated"] == {"rules": 1}
    sqlite_store.decide(of_layer(unseen, "rules", Verdict.ACCEPTED))
    assert sum(freeze_halves(sqlite_store, scheme, layers=["rules", "gold"]).splits.values()) == 8


def test_a_verdict_on_marks_does_not_overrule_the_one_on_the_text(sqlite_store, scheme, cases):
    record, _ = cases[0]
    accept(sqlite_store, [record], Verdict.QUARANTINED)
    sqlite_store.decide(of_layer(record, "gold", Verdict.ACCEPTED, by="human:anna"))
    assert record.id not in sides(sqlite_store, freeze_halves(sqlite_store, scheme))


def test_other_verdicts_can_be_asked_for_and_hold_for_both(sqlite_store, scheme, cases):
    accept(sqlite_store, [cases[0][0]], Verdict.NEEDS_REVIEW)
    wanted = (Verdict.ACCEPTED, Verdict.NEEDS_REVIEW)
    assert freeze_halves(sqlite_store, scheme, verdicts=wanted).splits == {"train": 5, "test": 5}


def test_a_layer_without_verdicts_says_what_to_run(sqlite_store, scheme, cases):
    _, layer = cases[0]
    sqlite_store.add_layers([layer.model_copy(update={"name": "human:ben", "author": "human:ben"})])
    with pytest.raises(UsageError, match=r"1 layer not validated.*; 1 .*`curate validate --layer human:ben`"):
        freeze_halves(sqlite_store, scheme, layers=["human:ben"])


def test_the_first_layer_that_a_record_has_is_taken(sqlite_store, scheme, cases):
    record, layer = cases[0]
    human = layer.model_copy(update={"name": "human:anna", "author": "human:anna", "entities": ()})
    sqlite_store.add_layers([human])
    frozen = freeze_halves(sqlite_store, scheme, layers=["human:anna", "gold"])
    members = {member.id: layer.name for _, member, layer in sqlite_store.set_members(frozen.digest)}
    assert members[record.id] == "human:anna"
    assert sorted(members.values()) == ["gold"] * 9 + ["human:anna"]


@pytest.mark.parametrize("seed", range(5))
def test_groups_translations_and_near_duplicates_stay_on_one_side(sqlite_store, scheme, cases, annotated, seed):
    same_group = annotated(f"Another visit. {story(50)}", group="p0")
    translation = annotated(f"Übersetzt. {story(51)}", language="de", translation_of=cases[1][0].id)
    near = annotated(f"A [42-year-old]{{age}}. {story(2)} indeed")
    extra = [same_group, translation, near]
    sqlite_store.add_records(record for record, _ in extra)
    sqlite_store.add_layers(layer for _, layer in extra)
    accept(sqlite_store, [record for record, _ in extra])
    split = HALVES.model_copy(update={"seed": seed})
    side = sides(sqlite_store, freeze_halves(sqlite_store, scheme, split=split))
    for twin, (original, _) in zip(extra, cases, strict=False):
        assert side[twin[0].id] == side[original.id]


def test_nothing_to_freeze_says_why(sqlite_store, scheme, cases):
    with pytest.raises(UsageError, match="with a layer silver, found none: 10 without the layer"):
        freeze_halves(sqlite_store, scheme, layers=["silver"])


def test_a_split_that_comes_out_empty_or_of_one_record_is_said(sqlite_store, scheme, cases):
    frozen = freeze_halves(sqlite_store, scheme, split=SplitSettings(train=0.8, validation=0.1, test=0.1))
    assert frozen.splits == {"train": 8, "validation": 1, "test": 1}
    assert frozen.manifest["small_splits"] == [
        "the split validation has one record only",
        "the split test has one record only",
    ]
    tiny = freeze_halves(sqlite_store, scheme, split=SplitSettings(train=0.94, validation=0.03, test=0.03))
    assert tiny.manifest["small_splits"] == [
        "the split validation is empty: 10 records in 10 groups do not fill it",
        "the split test is empty: 10 records in 10 groups do not fill it",
    ]
    # Nobody asked for validation records here.
    assert freeze_halves(sqlite_store, scheme).manifest["small_splits"] == []


def test_a_split_of_one_group_is_said(sqlite_store, scheme, annotated):
    made = [annotated(f"A [{40 + n}-year-old]{{age}}. {story(n)}", group=f"p{n // 3}") for n in range(6)]
    sqlite_store.add_records(record for record, _ in made)
    sqlite_store.add_layers(layer for _, layer in made)
    accept(sqlite_store, [record for record, _ in made])
    assert freeze_halves(sqlite_store, scheme).manifest["small_splits"] == [
        "the split train has 3 records of one group only",
        "the split test has 3 records of one group only",
    ]


def test_a_set_is_stratified_by_label_category_and_language_where_asked(sqlite_store, scheme, annotated):
    smoking = DocumentLabel(name="smoking", values=("never", "current"))
    scheme = scheme.model_copy(update={"labels": (smoking,)})
    for number in range(20):
        marked = f"A [{40 + number}-year-old]{{age}}. {story(number)}" + (" [Gout]{diagnosis}." if number % 2 else "")
        record, layer = annotated(marked, group=f"p{number}", language="de" if number < 4 else "en")
        sqlite_store.add_records([record])
        values = {"smoking": "current" if number % 5 == 0 else "never"}
        sqlite_store.add_layers([layer.model_copy(update={"labels": values})])
        accept(sqlite_store, [record])

    def strata(*names):
        split = HALVES.model_copy(update={"stratify": names})
        return freeze_halves(sqlite_store, scheme, split=split).manifest["strata"]

    half = {"train": 2, "validation": 0, "test": 2}
    assert strata("smoking")["smoking: current"] == half
    assert strata("language")["de"] == half
    assert strata("diagnosis")["with diagnosis"] == {"train": 5, "validation": 0, "test": 5}
    assert set(strata("smoking", "language")) == {
        f"smoking: {value}, {code}" for value in ("current", "never") for code in ("de", "en")
    }
    assert strata() == {}
    with pytest.raises(UsageError, match="got 'smokin'; did you mean smoking"):
        strata("smokin")


def digest_of_members(store, scheme, frozen):
    members = sorted((record.id, layer.digest, split) for split, record, layer in store.set_members(frozen.digest))
    return digest([frozen.name, scheme.digest, members], length=32)


@pytest.mark.parametrize("moment", ["outdated_decisions", "latest_layer_keys", "items", "put_set"])
def test_what_comes_in_while_a_set_is_frozen_is_left_out(store, scheme, annotated, monkeypatch, moment):
    """At any moment: another version of a layer, a first layer, and a decision that lets a record in."""
    made = [annotated(f"Ein [{40 + n}-jähriger]{{age}}. {story(n)}", language="de", group=f"p{n}") for n in range(6)]
    store.add_records(record for record, _ in made)
    store.add_layers(layer for _, layer in made[:5])
    accept(store, [record for record, _ in made[:4]])
    calm = freeze_halves(store, scheme)
    method = getattr(Store, moment)

    def disturbed(self, *given, **options):
        monkeypatch.setattr(Store, moment, method)
        marks, last = made[0][1], made[5]
        store.add_layers([marks.model_copy(update={"entities": ()}), last[1]])
        accept(store, [made[4][0], last[0]])
        return method(self, *given, **options)

    monkeypatch.setattr(Store, moment, disturbed)
    frozen = freeze_halves(store, scheme)
    assert frozen == calm
    assert frozen.digest == digest_of_members(store, scheme, frozen)
    later = freeze_halves(store, scheme)
    assert later.digest == digest_of_members(store, scheme, later) != calm.digest


def test_beside_a_writer_every_set_is_what_its_digest_says(store_url, scheme, annotated):
    made = [annotated(f"Ein [{40 + n}-jähriger]{{age}}. {story(n)}", language="de", group=f"p{n}") for n in range(30)]
    ended = Event()

    def write():
        with Store.open(store_url) as writer:
            for number in itertools.count():
                if ended.is_set():
                    return
                record, layer = made[number % 30]
                changed = layer.model_copy(update={"entities": layer.entities[: number // 30 % 2], "labels": {}})
                writer.add_layers([changed])
                accept(writer, [record])

    with Store.open(store_url) as store, ThreadPoolExecutor(1) as pool:
        store.add_records(record for record, _ in made)
        store.add_layers(layer for _, layer in made)
        accept(store, [record for record, _ in made])
        writing = pool.submit(write)
        try:
            sets = [freeze_halves(store, scheme) for _ in range(12)]
        finally:
            ended.set()
        writing.result()
        assert [curated.digest for curated in sets] == [digest_of_members(store, scheme, each) for each in sets]
        assert len({curated.digest for curated in sets}) > 1
