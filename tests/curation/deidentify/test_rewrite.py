from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.deidentify.group import deidentified
from curation.deidentify.identifiers.analyzer import find_identifiers, identifiers_of
from curation.deidentify.identifiers.identifier import COUNTED, IdentifierKind
from curation.deidentify.identifiers.surrogate_marks import surrogates, unplaced
from curation.deidentify.key import Key
from curation.deidentify.rewrite import RewrittenRecord
from curation.deidentify.scope import DeidentifyScope
from curation.deidentify.surrogates import Mode
from curation.record import Alignment, Entity, Fragment, Layer, Record, Relation, check_layer, record_id, wording
from curation.stage import Item

KEY = Key(b"k" * 32)
ALL = DeidentifyScope(frozenset(COUNTED))
MASKED = DeidentifyScope(frozenset(COUNTED), Mode.MASK)
#: Pieces of texts: identifiers, words, and what makes offsets hard.
PIECES = (
    "Frau Dr. Karin Lindemann ",
    "Herr LINDEMANN, Rainer, ",
    "Mr. Holloway and Angela Holloway ",
    "Dr. J. Redfern\r\n",
    "vom 19.3. bis zum 7.5.2029 ",
    "am 3. März 2020, ",
    "on March 3, 2020. ",
    "2019-12-24 ",
    "Tel.: +43 (0)333 775-8447 ",
    "Phone: (555) 213-4477\n",
    "a.redfern@ward.example ",
    "MRN: 00482913 ",
    "Fallnummer: 100101911\r\n",
    "wohnhaft: Lange Gasse 12a\n24937 Flensburg\n",
    "lives at 12 Orchard Lane, Dayton, OH 45402. ",
    "a 93-year-old woman ",
    "Der 93-jährige Patient ",
    "St. Bridget's Hospital ",
    "👩‍⚕️ 𝔛 ",
    "fever and cough. ",
    "Fieber und Husten;\r\n",
    "RR 130/80, pain 7/10 ",
    "seit 2007 ",
    "é‎\t",
)


def record(text: str, *, language: str = "en", group: str = "p1", translation_of: str | None = None) -> Record:
    id = record_id(text, language=language, source_id=group)
    meta = {"source_id": "Lindemann.txt", "ward": 3}
    return Record(
        id=id, group=group, source="test", language=language, text=text, translation_of=translation_of, meta=meta
    )


def layer(of: Record, *spans: tuple[tuple[int, int], ...], name: str = "gold") -> Layer:
    entities = tuple(
        Entity(
            id=f"T{number}",
            category="age",
            text=wording(of.text, each),
            fragments=tuple(Fragment(start=start, end=end) for start, end in each),
        )
        for number, each in enumerate(spans)
    )
    return Layer(record_id=of.id, name=name, author=name, entities=entities)


def rewrite(of: Record, *layers: Layer, wanted: DeidentifyScope = ALL) -> RewrittenRecord:
    return deidentified([Item(of, {one.name: one for one in layers})], KEY, wanted)[of.id]


@st.composite
def annotated(draw: st.DrawFn) -> tuple[Record, list[Layer]]:
    text = "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8)))
    made = record(text, language=draw(st.sampled_from(("en", "de"))))
    layers = []
    for name in ("gold", "rules"):
        spans = []
        for _ in range(draw(st.integers(0, 4))):
            cuts = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=6)))
            spans.append(tuple(zip(cuts[::2], cuts[1::2], strict=False)))
        layers.append(layer(made, *spans, name=name))
    return made, layers


@settings(max_examples=50, deadline=None)
@given(annotated(), st.sampled_from((ALL, MASKED)))
def test_every_entity_stands_where_it_says_and_the_rest_stays(case, wanted):
    old, layers = case
    new = rewrite(old, *layers, wanted=wanted)
    assert [one.name for one in new.layers] == ["gold", "rules"]
    for before, after in zip(layers, new.layers, strict=True):
        check_layer(new.record, after)
        assert [one.id for one in after.entities] == [one.id for one in before.entities]
        assert all(wording(new.record.text, one.spans) == one.text for one in after.entities)
    at, found = 0, 0
    for start, end in [*surrogates(new.record), (len(new.record.text), -1)]:
        # What stands between surrogates stands in the old text too, in the same order.
        untouched = new.record.text[at:start]
        found = old.text.index(untouched, found) + len(untouched)
        at = end
    assert identifiers_of(new.record, frozenset(COUNTED)) == ()


@settings(max_examples=20, deadline=None)
@given(annotated())
def test_the_same_again_with_the_same_key_and_another_with_another(case):
    old, layers = case
    new = rewrite(old, *layers)
    assert rewrite(old, *layers) == new
    other = deidentified([Item(old)], Key(b"l" * 32), ALL)[old.id]
    assert other.record.id != new.record.id
    assert other.record.group != new.record.group


def test_one_patient_has_one_name_and_one_shift_in_all_records_and_languages():
    english = record("Mrs. Karin Lindemann came on March 3, 2020 and left on March 13, 2020.")
    german = record(
        "Frau Lindemann kam am 03.03.2020 und ging am 13. März 2020.", language="de", translation_of=english.id
    )
    later = record("MRN: 00482913. Mrs. K. LINDEMANN was seen on 2020-03-23; Lindemann is well.")
    stranger = record("Mrs. Karin Lindemann came on March 3, 2020.", group="p2")
    made = deidentified([Item(one) for one in (english, german, later, stranger)], KEY, ALL)
    texts = {id: one.record.text for id, one in made.items()}
    first = texts[english.id].split()
    given, surname = first[1], first[2]
    assert texts[german.id].startswith(f"Frau {surname} kam am ")
    assert f"{given[0]}. {surname.upper()} was seen" in texts[later.id]
    assert f"{surname} is well" in texts[later.id]
    assert surname not in texts[stranger.id]
    assert made[german.id].record.translation_of == made[english.id].record.id
    assert made[german.id].record.group == made[english.id].record.group != made[stranger.id].record.group
    came, left = (date.fromisoformat(_iso(texts[english.id], at)) for at in (0, 1))
    assert (left - came).days == 10
    assert f"{came:%d.%m.%Y}" in texts[german.id]
    assert abs((came - date(2020, 3, 3)).days) >= 91
    assert not {"Lindemann", "LINDEMANN", "Karin", "00482913"} & set(" ".join(texts.values()).split())


def _iso(text: str, at: int) -> str:
    from curation.text.dates import read_date

    dates = [
        identifier for identifier in find_identifiers(text, language="en") if identifier.kind is IdentifierKind.DATE
    ]
    found = read_date(text[dates[at].start : dates[at].end], "en")
    assert found is not None
    return str(found.whole)


def test_a_name_known_from_one_record_is_taken_from_the_other():
    letter, note = record("Dr. Holloway was informed."), record("Holloway agrees.")
    made = deidentified([Item(letter), Item(note)], KEY, ALL)
    assert "Holloway" not in made[note.id].record.text


def test_decomposed_letters_are_replaced_whole_and_by_the_same_surrogates():
    first = "Frau Dr. Kläre Müller, wohnhaft: Königstraße 12, 80331 München, kam am 3. März 2021."
    then = "Sie kam wieder; Müllers Tochter auch."
    composed = [
        Record(id=f"r{number}", group="p", source="s", language="de", text=text)
        for number, text in enumerate((first, then))
    ]
    apart = [record.model_copy(update={"text": unicodedata.normalize("NFD", record.text)}) for record in composed]
    made, other, mixed = (
        [each.record.text for each in deidentified([Item(record, {}) for record in records], KEY, ALL).values()]
        for records in (composed, apart, [composed[0], apart[1]])
    )
    assert "Müller" not in "".join(made)
    assert [unicodedata.normalize("NFC", text) for text in other] == made
    assert mixed == made


def test_all_that_a_layer_says_comes_along():
    old = record("Mr. Holloway, a 93-year-old man, has fever.")
    gold = Layer(
        record_id=old.id,
        name="gold",
        author="human:anna",
        entities=(
            Entity.at(old.text, 16, 27, "age", id="T1", attributes={"value": "93"}, codes=("A:1",), score=0.5),
            Entity(
                id="T2", category="age", text="Holloway is 93 years old", alignment=Alignment.NONE, alignment_score=0.0
            ),
            Entity.at(old.text, 37, 42, "signs_symptoms", id="T3"),
        ),
        relations=(Relation(id="R1", type="has", head="T1", tail="T3"),),
        labels={"smoking": "never"},
        provenance={"answer": "Mr. Holloway is ill", "revision": "0a1b", "notes": [{"seen": "on March 3, 2020"}]},
        # The hour of now may hold the age that is looked for.
        created=datetime(2024, 1, 1, tzinfo=UTC),
    )
    new = rewrite(old, gold)
    (made,) = new.layers
    assert [one.text for one in made.entities][::2] == ["more than 89-year-old", "fever"]
    assert made.entities[0].attributes == {"value": "more than 89"}
    assert made.entities[0].codes == ("A:1",)
    assert made.entities[0].score == 0.5
    assert made.relations == gold.relations
    assert made.labels == gold.labels
    assert (made.author, made.created) == (gold.author, gold.created)
    assert made.provenance["revision"] == "0a1b"
    everything = new.record.model_dump_json() + made.model_dump_json()
    assert not [word for word in ("Holloway", "93", "March 3, 2020", "Lindemann") if word in everything]
    assert new.replaced == {IdentifierKind.NAME: 1, IdentifierKind.AGE: 1}


def test_masks_say_the_kind():
    new = rewrite(record("Mr. Holloway came on March 3, 2020."), wanted=MASKED)
    assert new.record.text == "Mr. [NAME] came on [DATE]."


def test_only_the_kinds_that_are_asked_for():
    new = rewrite(
        record("Mr. Holloway came on March 3, 2020."), wanted=DeidentifyScope(frozenset({IdentifierKind.NAME}))
    )
    assert "March 3, 2020" in new.record.text
    assert "Holloway" not in new.record.text


def test_numbers_and_addresses_keep_their_shape_and_belong_to_nobody():
    new = rewrite(
        record("Phone: (614) 213-4477, MRN: AB-0048, a.redfern@ward.example, https://ward.example/p/12")
    ).record
    phone, number, mail, web = (part.strip() for part in new.text.split(","))
    assert re.fullmatch(r"Phone: \(\d{3}\) 555-01\d\d", phone)
    assert len(number) == len("MRN: AB-0048")
    assert number[7] == "-"
    assert mail.endswith("@example.org")
    assert web.startswith("https://example.org/")


def test_what_leaves_does_not_tell_where_surrogates_stand():
    new = rewrite(record("Mr. Holloway came.")).record
    assert surrogates(new)
    assert unplaced(new).meta["deidentified"] == {"mode": "surrogate"}
    assert unplaced(new).text == new.text


@pytest.mark.data
def test_no_gold_identifier_that_was_found_is_left_in_real_letters(shared_data):
    letters = shared_data / "grascco" / "phi_de.jsonl"
    for line in letters.read_text(encoding="utf-8").splitlines():
        letter = json.loads(line)
        old = record(letter["text"], language="de", group=letter["doc_id"])
        found = find_identifiers(old.text, language="de")
        new = rewrite(old).record
        for one in letter["phi"]:
            said = old.text[one["start"] : one["end"]]
            whole = any(each.start <= one["start"] and one["end"] <= each.end for each in found if each.kind in COUNTED)
            # Shorter ones, such as the day of a date, may stand anywhere by chance.
            if whole and len(said) > 5 and one["label"] not in ("DATE", "AGE"):
                assert said not in new.text, (letter["doc_id"], one["start"])
        assert identifiers_of(new, frozenset(COUNTED)) == ()
