"""A verdict on a layer is of the version that was checked: one that came in since was not."""

from __future__ import annotations

import json

import pytest
from verdicts import given

from curation.decision import TEXT, Decision, DecisionKind, Verdict, on_layer
from curation.errors import UsageError
from curation.record import Entity, Fragment, Layer, Record
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from curation.store.tables import decisions
from pipeline.steps.deidentify import deidentify
from pipeline.steps.status import read_status
from pipeline.steps.validate import validate
from pipeline.workspace import Workspace
from validation.person_decisions import AskedSubjects, accept
from validation.standing import standings
from validation.verdict import foreign_decisions

ID = "r0"
TEXTS = ("Mr. Miller, 61 years old, had fever and a cough.", "Fever for three days, then a rash on both arms.")


def layer(store: Store, *marked: str, id: str = ID) -> Layer:
    """A new version of the layer gold, with these words as signs."""
    text = next(store.records([id])).text
    entities = [
        Entity(
            id=f"e{number}",
            category="signs_symptoms",
            text=word,
            fragments=(Fragment(start=text.index(word), end=text.index(word) + len(word)),),
        )
        for number, word in enumerate(marked)
    ]
    made = Layer(record_id=id, name="gold", author="gold", entities=tuple(entities))
    store.add_layers([made])
    return made


@pytest.fixture
def changed(store: Store) -> Store:
    """Two records with accepted text and gold; of the first, other gold came in since."""
    store.add_records(
        Record(id=f"r{n}", group=f"g{n}", source="test", language="en", text=text) for n, text in enumerate(TEXTS)
    )
    layer(store, "fever")
    layer(store, "rash", id="r1")
    store.decide(given(["r0", "r1"], "gold"))
    layer(store, "cough")
    return store


def frozen_ids(store: Store, scheme, *verdicts: Verdict) -> tuple[list[str], dict[str, object]]:
    made = freeze(
        store, scheme, name="s", layers=["gold"], split=SplitSettings(), verdicts=verdicts or (Verdict.ACCEPTED,)
    )
    return [record.id for _, record, _ in store.set_members(made.digest)], dict(made.manifest)


def test_a_changed_layer_is_not_frozen_and_counted(changed: Store, scheme) -> None:
    ids, manifest = frozen_ids(changed, scheme)
    assert ids == ["r1"]
    assert manifest["dropped"] == {"layer changed since its verdict": 1}
    assert manifest["layers_changed_since"] == {"gold": 1}


def test_where_all_have_changed_the_command_to_run_is_said(changed: Store, scheme) -> None:
    layer(changed, "Fever", id="r1")
    with pytest.raises(UsageError, match="2 with a verdict on an older version of their layer gold: run `curate val"):
        frozen_ids(changed, scheme)


def test_the_same_layer_again_keeps_its_verdict(changed: Store, scheme) -> None:
    layer(changed, "fever")
    assert frozen_ids(changed, scheme)[0] == ["r0", "r1"]
    assert changed.outdated_decisions() == {}


def test_a_new_verdict_is_of_the_newest_version(changed: Store, scheme) -> None:
    changed.decide(given(["r0"], "gold"))
    assert frozen_ids(changed, scheme)[0] == ["r0", "r1"]


def test_a_verdict_on_what_was_measured_is_not_one_on_what_came_in_since(changed: Store, scheme) -> None:
    newest = changed.layer("r0", "gold")
    older = changed.layer_history("r0")[0]
    assert newest is not None
    decision = Decision(record_id="r0", verdict=Verdict.ACCEPTED, by="t", kind=DecisionKind.LAYER, layer="gold")
    changed.decide([decision.model_copy(update={"version": older.digest})])
    assert frozen_ids(changed, scheme)[0] == ["r1"]
    changed.decide([decision.model_copy(update={"version": newest.digest})])
    assert frozen_ids(changed, scheme)[0] == ["r0", "r1"]


def test_a_store_of_before_knows_the_version_only_where_there_is_one(changed: Store, scheme) -> None:
    with changed.write() as connection:
        found = [(row.seq, json.loads(row.content)) for row in connection.execute(decisions.select())]
        for seq, content in found:
            content.pop("version", None)
            connection.execute(decisions.update().where(decisions.c.seq == seq).values(content=json.dumps(content)))
    assert frozen_ids(changed, scheme)[0] == ["r1"]


def test_it_waits_for_validation_and_status_says_which(changed: Store) -> None:
    assert {name: count for name, count in standings(changed).items() if count} == {
        "accepted by validation": 1,
        "waiting for validation": 1,
    }
    assert read_status(changed).outdated_decisions == {"gold": 1}


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.NEEDS_REVIEW])
def test_what_a_person_turned_away_stays_so(changed: Store, scheme, verdict: Verdict) -> None:
    by_ruth = Decision(record_id=ID, verdict=verdict, by="human:ruth", kind=DecisionKind.LAYER, layer="gold")
    changed.decide([by_ruth])
    layer(changed, "fever", "cough")
    assert (ID, on_layer("gold")) in foreign_decisions(changed)
    assert frozen_ids(changed, scheme)[1]["dropped"] == {f"layer {verdict}": 1}


def test_a_person_decides_again_about_what_came_in(changed: Store, scheme) -> None:
    gold = AskedSubjects(layer="gold")
    accept(changed, ID, gold, by="ruth", reason="read it")
    with pytest.raises(UsageError, match="accepted by human:ruth already"):
        accept(changed, ID, gold, by="ruth", reason="read it")
    layer(changed, "fever", "cough")
    assert (ID, on_layer("gold")) not in foreign_decisions(changed)
    accept(changed, ID, gold, by="ruth", reason="read it")
    assert frozen_ids(changed, scheme)[0] == ["r0", "r1"]


@pytest.mark.expectations
def test_validation_judges_it_anew_and_counts_it(tmp_path, scheme) -> None:
    workspace = Workspace.make(tmp_path, {"validation.similarity.enabled": False})
    with workspace.open_store() as store:
        store.add_records([Record(id=ID, group="g", source="test", language="en", text=TEXTS[0])])
        layer(store, "fever")
        assert validate(workspace, store, layer="gold").renewed == 0
        store.decide(given([ID], by="human:ruth"))
        accept(store, ID, AskedSubjects(layer="gold"), by="ruth", reason="read it")
        assert validate(workspace, store, layer="gold").renewed == 0
        newest = layer(store, "cough")
        assert validate(workspace, store, layer="gold").renewed == 1
        (decision,) = store.decisions(subject=on_layer("gold")).values()
        assert (decision.by, decision.version) == ("policy:validate@1", newest.digest)
        assert store.decisions(subject=TEXT)[ID].by == "human:ruth"
        assert validate(workspace, store, layer="gold").renewed == 0


def test_de_identification_does_not_renew_it(tmp_path) -> None:
    workspace = Workspace.make(tmp_path)
    with workspace.open_store() as store:
        store.add_records([Record(id=ID, group="g", source="test", language="en", text=TEXTS[0])])
        layer(store, "fever")
        store.decide(given([ID], "gold", by="human:ruth"))
        layer(store, "cough")
        assert deidentify(workspace, store).made == 1
        (copy,) = set(store.record_ids()) - {ID}
        assert on_layer("gold") not in {decision.subject for decision in store.latest_decisions([copy])}
