"""What is about the whole set is measured anew when the set has changed, and only then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.record import Layer
from validation.frame import whole_of
from validation.measures.categories import CATEGORIES
from validation.measures.duplicates import DUPLICATES
from validation.measures.measure import Scope
from validation.set_rows import FILE, SetRows
from validation.settings import ValidationSettings
from validation.stage import Measure

WITHOUT_EMBEDDINGS = ValidationSettings().model_copy(
    update={"similarity": ValidationSettings().similarity.model_copy(update={"enabled": False})}
)


class Counted:
    """A measure over the set that counts how often it is asked."""

    def __init__(self, spec):
        self.asked = 0
        self.spec = replace(spec, over=self.over, lacks=None)
        self._over = spec.over

    def over(self, whole):
        self.asked += 1
        return self._over(whole)


@pytest.fixture
def bring(sqlite_store, annotated):
    """Adds and measures a record of that text."""

    def add(text):
        record = annotated(text)[0]
        sqlite_store.add_records([record])
        sqlite_store.put_measures(Measure.name, {record.id: {"characters": len(text)}})
        return record

    return add


def rows(store, scheme, folder, spec, settings=WITHOUT_EMBEDDINGS, foreign=None):
    """The rows of a measure as a run finds them that keeps them for the next one."""
    kept = SetRows(folder)
    found = dict(kept.rows(spec, whole_of(store, Scope(scheme, settings), foreign or {}, looked_at=())))
    kept.write()
    return found


def test_a_set_that_has_not_changed_is_not_measured_again(sqlite_store, scheme, tmp_path, bring):
    bring("A patient of 40 years came with fever and cough.")
    bring("A patient of  40 years came with FEVER and cough.")
    duplicates = Counted(DUPLICATES)
    first = rows(sqlite_store, scheme, tmp_path, duplicates.spec)
    assert len(first) == 1
    assert rows(sqlite_store, scheme, tmp_path, duplicates.spec) == first
    assert duplicates.asked == 1


def test_a_new_record_a_threshold_and_a_changed_version_measure_anew(sqlite_store, scheme, tmp_path, bring):
    bring("A patient of 40 years came with fever and cough.")
    duplicates = Counted(DUPLICATES)
    assert rows(sqlite_store, scheme, tmp_path, duplicates.spec) == {}
    twin = bring("a patient of 40 years came with fever and cough.")
    assert twin.id in rows(sqlite_store, scheme, tmp_path, duplicates.spec)
    assert duplicates.asked == 2
    changed = WITHOUT_EMBEDDINGS.duplicates.model_copy(update={"threshold": 0.9})
    settings = WITHOUT_EMBEDDINGS.model_copy(update={"duplicates": changed})
    rows(sqlite_store, scheme, tmp_path, duplicates.spec, settings)
    assert duplicates.asked == 3
    rows(sqlite_store, scheme, tmp_path, replace(duplicates.spec, version=99), settings)
    assert duplicates.asked == 4


def test_a_persons_preference_measures_anew(sqlite_store, scheme, tmp_path, bring):
    from curation.decision import Decision, Verdict

    records = [bring("A patient came with fever and cough."), bring("A patient came with fever and Cough.")]
    (redundant,) = rows(sqlite_store, scheme, tmp_path, DUPLICATES)
    accepted = Decision(record_id=redundant, verdict=Verdict.ACCEPTED, by="human:anna", reason="this one")
    (other,) = rows(sqlite_store, scheme, tmp_path, DUPLICATES, foreign={redundant: accepted})
    assert {redundant, other} == {record.id for record in records}


def test_a_new_layer_measures_only_what_looks_at_layers(sqlite_store, scheme, tmp_path, bring):
    record = bring("A patient came with fever and cough.")
    sqlite_store.add_layers([Layer(record_id=record.id, name="rules", author="rules@1")])
    duplicates, categories = Counted(DUPLICATES), Counted(replace(CATEGORIES, over=lambda whole: {}))
    for layer in ("rules", "gold"):
        sqlite_store.add_layers([Layer(record_id=record.id, name=layer, author=f"{layer}@2")])
        kept = SetRows(tmp_path)
        whole = whole_of(sqlite_store, Scope(scheme, WITHOUT_EMBEDDINGS), {}, looked_at=())
        for spec in (duplicates.spec, categories.spec):
            kept.rows(spec, whole)
        kept.write()
    assert (duplicates.asked, categories.asked) == (1, 2)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"duplicates": 1}', '{"duplicates": {"key": "x"}}'])
def test_a_file_that_is_something_else_is_made_anew(sqlite_store, scheme, tmp_path, bring, content):
    bring("A patient came with fever.")
    file = tmp_path / FILE
    file.parent.mkdir(parents=True)
    file.write_text(content, encoding="utf-8")
    assert rows(sqlite_store, scheme, tmp_path, DUPLICATES) == {}
    assert '"duplicates": {"key"' in file.read_text(encoding="utf-8")


def test_the_file_holds_no_words_of_a_text(sqlite_store, scheme, tmp_path, bring):
    bring("A patient came with fever and Zebracough.")
    bring("A patient came with fever and zebracough.")
    rows(sqlite_store, scheme, tmp_path, DUPLICATES)
    assert "zebracough" not in (tmp_path / FILE).read_text(encoding="utf-8").lower()
