"""BRAT standoff, with all it can hold."""

from __future__ import annotations

import pytest

from curation.record import Assertion
from curation.sources import ReadOptions

ENGLISH = ReadOptions(language="en")
TEXT = "No left arm and leg pain 🩺.\r\nHb 7.9 after aspirin."


def at(wording: str) -> str:
    start = TEXT.index(wording)
    return f"{start} {start + len(wording)}"


ANN = f"""T1\tSign {at("left arm")};{at("pain")}\tleft arm pain
T2\tSign {at("leg pain")}\tleg pain
T3\tTest {at("Hb")}\tHb
T4\tValue {at("7.9")}\t7.9
T5\tDrug {at("aspirin")}\taspirin
E1\tSign:T1 Site:T2 Cause:E2
E2\tDrug:T5
R1\tMODIFY Arg1:T4 Arg2:T3\t
R2\tAFTER Arg1:E1 Arg2:T4
*\tOR T1 T2 T5
A1\tPolarity E1 NEG
M1\tHypothetical T2
N1\tReference T5 ATC:B01AC06\taspirin
#1\tAnnotatorNotes T3\tshort for haemoglobin
#2\tAnnotatorNotes R1\tleft out
"""


@pytest.fixture
def pair(written):
    def write(ann: str, text: str = TEXT, name: str = "doc"):
        written(f"set/{name}.ann", ann)
        return written(f"set/{name}.txt", text).parent

    return write


def test_everything_has_its_place(pair, outcome):
    result = outcome(pair(ANN), options=ENGLISH)
    assert result.problems == []
    assert result.noticed == [
        "doc.txt:1: left out, since a layer has neither attributes of relations nor notes on them or on nothing: 1",
        "doc.txt:1: the attribute Polarity may say of an entity that it is not there, and the entity came in as present"
        ": say what its values mean in a --mapping (assertions)",
    ]
    assert result.texts == [TEXT]
    (layer,) = result.layers
    assert {entity.id: (entity.category, entity.text) for entity in layer.entities} == {
        "T1": ("Sign", "left arm pain"), "T2": ("Sign", "leg pain"), "T3": ("Test", "Hb"), "T4": ("Value", "7.9"),
        "T5": ("Drug", "aspirin"),
    }  # fmt: skip
    by_id = {entity.id: entity for entity in layer.entities}
    assert by_id["T1"].spans == ((3, 11), (20, 24))
    assert by_id["T1"].attributes == {"Polarity": "NEG"}
    assert by_id["T2"].attributes == {"Hypothetical": "true"}
    assert by_id["T3"].attributes == {"AnnotatorNotes": "short for haemoglobin"}
    assert by_id["T5"].codes == ("ATC:B01AC06",)
    assert [(one.id, one.type, one.head, one.tail) for one in layer.relations] == [
        ("E1.1", "Site", "T1", "T2"), ("E1.2", "Cause", "T1", "T5"), ("R1", "MODIFY", "T4", "T3"),
        ("R2", "AFTER", "T1", "T4"), ("*10.1", "OR", "T1", "T2"), ("*10.2", "OR", "T2", "T5"),
    ]  # fmt: skip


def test_the_record_is_named_after_its_file(pair, outcome):
    (record,) = outcome(pair(ANN), options=ENGLISH).records
    assert (record.meta, record.group, record.source) == ({"source_id": "doc"}, "doc", "set")


def test_a_text_without_annotations_has_no_layer_and_an_empty_file_says_that_there_are_none(pair, written, outcome):
    folder = pair("", text="Well.", name="empty")
    written("set/alone.txt", "Alone.")
    result = outcome(folder, options=ENGLISH)
    assert result.texts == ["Alone.", "Well."]
    assert [(layer.record_id, layer.entities) for layer in result.layers] == [(result.records[1].id, ())]


def test_fragments_may_come_in_any_order(pair, outcome):
    ann = f"T1\tSign {at('pain')};{at('left arm')}\tpain left arm\n"
    assert outcome(pair(ann), options=ENGLISH).entities == [("Sign", "left arm pain", ((3, 11), (20, 24)))]


def test_a_wording_may_hold_tabs_and_line_ends(pair, outcome):
    text = "fever\tand\r\nchills. pain."
    ann = "T1\tSign 0 17\tfever\tand\r\nchills\nT2\tSign 19 23\tpain\nstray words\nT3\tSign 0 5\tfever\t\n"
    result = outcome(pair(ann, text), options=ENGLISH)
    assert result.said == ["doc.ann:4: expected an annotation (such as T1, a tab, ...), got something else"]
    assert [spans for _, _, spans in result.entities] == [((0, 17),), ((19, 23),), ((0, 5),)]


def test_each_wrong_line_is_named_and_the_rest_comes_in(pair, outcome):
    ann = (
        f"T1\tSign {at('leg pain')}\tleg pain\nT2\tSign 40 900\tx\nT3\tSign five six\tx\nT1\tSign 0 2\tNo\n"
        f"R1\tX Arg1:T1 Arg2:T2\nR2\tX Arg1:T1\nA1\tNeg T9\nE1\nT4\tSign {at('left arm')}\tjaundice\n*\tOR T1\n"
        f"T5\tSign {at('7.9')}\t7.9\n"
    )
    result = outcome(pair(ann), options=ENGLISH)
    assert [text for _, text, _ in result.entities] == ["leg pain", "7.9"]
    assert sorted(result.said) == [
        "doc.ann:10: relation *: expected two members or more, got 1",
        "doc.ann:2: entity T2: expected offsets within the text of 50 characters, got 40 to 900",
        "doc.ann:3: entity T3: expected a type and offsets, got something else",
        "doc.ann:4: entity T1: expected each id once, got it again",
        "doc.ann:5: relation R1: its entity T2 was refused",
        "doc.ann:6: relation R2: expected a type and two arguments, got 1 arguments",
        "doc.ann:7: attribute A1: expected an entity or event T9, got none of that id",
        "doc.ann:8: expected an annotation (such as T1, a tab, ...), got something else",
        "doc.ann:9: entity T4: expected its wording (8 characters) at 3 to 11, got other text there, "
        "and nothing like it elsewhere",
    ]


@pytest.mark.parametrize(
    "line",
    ["T2 Sign 4 9 cough", " T2\tSign 4 9\tcough", "t2\tSign 4 9\tcough", "X2\tSign 4 9\tcough", "A1 Negated T1",
     "R1 X Arg1:T1 Arg2:T1", "T2", "nonsense", "cough", "# a comment", "T2\u00a0Sign 4 9\tcough"],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("first", ["T1\tSign 0 3\tflu", "A9\tNegated T3", "#1\tAnnotatorNotes T3\tsee"])
def test_a_line_that_is_no_annotation_is_one_problem(pair, outcome, first, end, line):
    ann = end.join([first, line, "T3\tSign 10 15\tfever", ""])
    result = outcome(pair(ann, "flu cough fever"), options=ENGLISH)
    assert result.said == ["doc.ann:2: expected an annotation (such as T1, a tab, ...), got something else"]
    assert [words for _, words, _ in result.entities] == (["flu", "fever"] if first[0] == "T" else ["fever"])


def test_wordings_of_several_lines_are_put_together_as_the_text_has_them(pair, outcome):
    text = "severe\nchest\n\npain, fever\nand chills"
    ann = "T1\tSign 0 18\tsevere\nchest\n\npain\nT2\tSign 0 6;20 36\tsevere fever\nand chills\nT3\tSign 20 25\tfever\n"
    result = outcome(pair(ann, text), options=ENGLISH)
    assert (result.problems, len(result.entities)) == ([], 3)


@pytest.mark.parametrize("endings", [(".a1", ".a2"), (".A1", ".A2"), (".a1", ".ann")])
def test_annotations_in_two_files_are_read(written, outcome, endings):
    written(f"set/d{endings[0]}", "T1\tSign 0 5\tCough\n")
    written(f"set/d{endings[1]}", "T2\tDrug 19 26\tcodeine\nE1\tDrug:T2 Theme:T1\n")
    folder = written("set/d.txt", "Cough treated with codeine.").parent
    result = outcome(folder, options=ENGLISH)
    assert sorted(result.entities) == [("Drug", "codeine", ((19, 26),)), ("Sign", "Cough", ((0, 5),))]
    assert result.relations == [("Theme", "T2", "T1")]
    assert outcome(folder / f"d{endings[0]}", options=ENGLISH).entities == result.entities


def test_broken_bytes_cost_the_text_or_the_line(written, outcome):
    written("set/a.txt", b"gr\xfcn")
    written("set/a.ann", "T1\tX 0 2\tgr\n")
    written("set/b.txt", "fever and pain")
    folder = written("set/b.ann", b"T1\tX 0 5\tf\xfcver\nT2\tX 10 14\tpain\n").parent
    result = outcome(folder, options=ENGLISH)
    assert result.texts == ["fever and pain"]
    assert result.entities == [("X", "pain", ((10, 14),))]
    assert result.said == [
        "a.txt:1: expected utf-8, got other bytes at byte 2, likely cp1252, "
        "which is read by: curate import a.txt --encoding cp1252 --source-name set",
        "b.ann:1: expected utf-8, got other bytes at byte 10, likely cp1252, "
        "which is read by: curate import b.ann --encoding cp1252 --source-name set",
    ]


def test_annotations_without_their_text_are_a_problem(written, outcome):
    folder = written("set/lost.ann", "T1\tX 0 5\tfever\n").parent
    assert outcome(folder).said == ["lost.txt: cannot be read: No such file or directory"]


def test_notes_can_hold_category_and_code(pair, outcome):
    ann = f'T1\tC01 {at("aspirin")}\taspirin\n#1\tAnnotatorNotes T1\t"C01", "Aspirin", "Drug" ,"CHEM"\n'
    mapping = {"notes": {"pattern": r'^"(?P<code>C\d+)", "(?P<name>[^"]*)", .*"(?P<category>[A-Z]{4})"'}}
    (entity,) = outcome(pair(ann), mapping=mapping, options=ENGLISH).layers[0].entities
    assert (entity.category, entity.codes, entity.attributes) == ("CHEM", ("C01",), {"name": "Aspirin"})


RULES = {
    "language": {"value": "en"},
    "categories": [
        {"type": "Sign", "category": "signs_symptoms", "unless": {"wording": "^leg"}},
        {"type": "Value", "category": "laboratory_values",
         "join": [{"relation": "MODIFY", "types": "Test", "direction": "to"}]},
        {"type": "Test", "category": "diagnostic_techniques_procedures"},
    ],
    "rename": {"Drug": "pharmacological_therapy"},
    "otherwise": "leave out",
    "assertions": [{"when": {"attributes": {"Polarity": "NEG"}}, "assertion": "negated"}],
    "relations": {"rename": {"AFTER": "related_to"}, "otherwise": "leave out"},
}  # fmt: skip


def test_rules_make_categories_join_what_belongs_together_and_say_what_is_negated(pair, outcome):
    result = outcome(pair(ANN), mapping=RULES)
    assert result.entities == [
        ("signs_symptoms", "left arm pain", ((3, 11), (20, 24))),
        ("laboratory_values", "Hb 7.9", ((29, 35),)),
        ("pharmacological_therapy", "aspirin", ((42, 49),)),
    ]
    (layer,) = result.layers
    assert next(entity.assertion for entity in layer.entities) is Assertion.NEGATED
    assert result.relations == [("related_to", "T1", "T4")]
    assert layer.provenance["not_mapped"] == {"entities": 1, "relations": 5}
