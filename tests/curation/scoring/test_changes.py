"""What somebody changed in a layer."""

from __future__ import annotations

from curation.record import Alignment, Assertion, Entity
from curation.scoring.changes import Changes, changes


def test_each_entity_is_kept_changed_removed_or_added(annotated):
    _, before = annotated("[flu]{diagnosis}, [cough]{diagnosis}, no [fever]{signs_symptoms}, [40]{age} years old")
    record, after = annotated("[flu]{diagnosis}, [cough]{signs_symptoms}, no fever, [40 years]{age} [old]{gender}")
    assert record.id == before.record_id
    assert changes(before, after) == Changes(kept=1, changed=2, removed=1, added=1)


def test_another_assertion_is_a_change(annotated):
    _, before = annotated("no [fever]{signs_symptoms}")
    negated = before.entities[0].model_copy(update={"assertion": Assertion.NEGATED})
    assert changes(before, before.model_copy(update={"entities": (negated,)})) == Changes(changed=1)


def test_entities_without_a_place_are_nobodys_work(annotated):
    _, before = annotated("[fever]{signs_symptoms}")
    lost = Entity(id="T9", category="diagnosis", text="flu", alignment=Alignment.NONE)
    assert changes(before.model_copy(update={"entities": (*before.entities, lost)}), before) == Changes(kept=1)


def test_without_a_layer_all_is_added(annotated):
    _, after = annotated("[fever]{signs_symptoms}")
    found = changes(None, after)
    assert (found, found.errors, found.entities) == (Changes(added=1), 1, 1)
