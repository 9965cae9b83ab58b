"""What sources hold in forms that nobody foresaw: it comes in as it is meant, or a line says that it did not."""

from __future__ import annotations

import json

import pytest

from curation.record import Assertion
from curation.sources import ReadOptions

TEXT = "Mother had a cold in May. The patient has a cold too, and a rash."
START = TEXT.rindex("cold")
ITEM = {"start": START, "end": START + 4, "label": "sign", "text": "cold"}


@pytest.fixture
def rows(written, outcome):
    """What comes of rows of JSON."""

    def read(*values, **options):
        lines = "".join(json.dumps({"id": str(n), "language": "en", "text": TEXT, **row}) + "\n"
                        for n, row in enumerate(values, start=1))  # fmt: skip
        return outcome(written("x.jsonl", lines), **options)

    return read


@pytest.mark.parametrize("number", [float(START), str(START), f"{START}.0", f" {START}.00 "])
def test_offsets_in_any_form_of_a_whole_number_are_read(number, rows):
    assert rows({"entities": [{**ITEM, "start": number}]}).entities == [("sign", "cold", ((START, START + 4),))]


@pytest.mark.parametrize("number", ["44.5", "-1", "1e3", "x"])
def test_other_offsets_are_refused(number, rows):
    (said,) = rows({"entities": [{**ITEM, "start": number}]}).said
    assert "expected whole numbers from 0" in said


def test_a_row_an_annotation_with_offsets_as_tables_write_them_beside_empty_cells(written, outcome):
    table = f"doc_id,text,start,end,label\n1,A rash.,2.0,6.0,sign\n2,{TEXT.replace(',', '')},,,\n"
    result = outcome(written("x.csv", table))
    assert (result.entities, len(result.records)) == ([("sign", "rash", ((2, 6),))], 2)


@pytest.mark.parametrize(
    ("fields", "assertion"),
    [
        ({"negated": True}, Assertion.NEGATED),
        ({"is_negated": "true"}, Assertion.NEGATED),
        ({"negation": False}, Assertion.PRESENT),
        ({"polarity": "neg"}, Assertion.NEGATED),
        ({"assertion": "absent"}, Assertion.NEGATED),
        ({"assertion": "Hypothetical"}, Assertion.CONDITIONAL),
        ({"assertion": {"certainty": "negative"}}, Assertion.NEGATED),
        ({"assertion": {"association": "other", "certainty": "positive"}}, Assertion.FAMILY),
    ],
)
def test_an_assertion_in_the_words_of_the_field_is_understood(fields, assertion, rows):
    result = rows({"entities": [{**ITEM, **fields}]})
    assert (result.said, result.layers[0].entities[0].assertion) == ([], assertion)


@pytest.mark.parametrize(
    "fields", [{"assertion": "wavering"}, {"negated": "perhaps"}, {"assertion": {"certainty": "x"}}]
)
@pytest.mark.parametrize("item", [ITEM, {**ITEM, "text": None}], ids=["with a wording", "without"])
def test_an_assertion_that_is_not_understood_does_not_become_present(fields, item, rows):
    result = rows({"entities": [{**item, **fields}]})
    assert result.entities == []
    assert "expected an assertion such as" in result.said[0]


def test_fields_that_nobody_reads_are_named_once_for_the_source(rows):
    result = rows(*({"entities": [{**ITEM, "certainty": "low", "umls": "C1", "note": None}]} for _ in range(3)))
    assert result.noticed == [
        "x.jsonl:1: fields of annotations that were not read: certainty (3), umls (3); "
        "name them in a --mapping (attributes)"
    ]
    assert result.said == []


def test_a_field_that_may_deny_is_a_problem(rows):
    (said,) = rows({"entities": [{**ITEM, "Traits": [{"Name": "NEGATION"}]}]}).said
    assert "fields of annotations that were not read: Traits (1)" in said


@pytest.mark.parametrize(
    "column",
    [
        {"annotation_sets": {"": {"annotations": [{"type": "sign", "start": 0, "end": 6}]}}},
        {"sentences": [{"text": "No.", "entities": []}, {"text": "A rash.", "entities": [[2, 6, "sign"]]}]},
        {"passages": [{"text": TEXT, "spans": [{"label": "sign", "start": 0, "end": 6}]}]},
        {"data": {"project": {"gold": [{"label": "sign", "start": 0, "end": 6}]}}},
    ],
)
def test_annotations_deep_inside_a_column_are_said(column, rows):
    (said,) = rows(column).said
    assert "holds something that was not understood" in said


def test_columns_of_lists_and_objects_that_nobody_reads_are_named_once(rows):
    row = {
        "cats": {"SMOKER": 1.0},
        "diagnoses": [{"label": "sign", "text": "rash"}],
        "sents": [{"start": 0, "end": 25}],
    }
    result = rows(row, row)
    assert result.noticed == [
        "x.jsonl:1: columns of lists or objects that were not read: cats, diagnoses; "
        "name them in a --mapping (meta, labels)"
    ]


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("German", "de"),
        ("de-DE", "de"),
        ("DE", "de"),
        ("deu", "de"),
        ("Deutsch", "de"),
        ("EN_us", "en"),
        ("Español", "es"),
    ],
)
def test_a_language_is_understood_by_its_code_or_name(stated, code, rows):
    result = rows({"language": stated})
    assert ([record.language for record in result.records], result.noticed) == ([code], [])


def test_a_language_that_is_none_is_said_and_detected(rows):
    result = rows({"language": "xx"}, {"language": "NaN"})
    assert [record.language for record in result.records] == ["en", "en"]
    assert result.noticed == ["x.jsonl:1: the language xx is none that is known: it was detected instead"]


@pytest.mark.parametrize(
    "names", [("ID", "PATIENT_ID", "TEXT"), ("NoteId", "PatientId", "Text"), ("id", "Patient-ID", "text")]
)
def test_usual_columns_are_known_however_they_are_written(names, written, outcome):
    (record,) = outcome(written("x.csv", f"{','.join(names)}\n1,55,A rash.\n")).records
    assert (record.group, record.text, record.meta) == ("55", "A rash.", {"source_id": "1"})


def test_a_column_of_the_very_name_comes_first(written, outcome):
    (record,) = outcome(written("x.csv", "Text,note\nno,A rash.\n")).records
    assert (record.text, record.meta) == ("A rash.", {"Text": "no"})


@pytest.mark.parametrize(
    "content",
    [
        '{"id": "1", "text": "A rash.", "text": "No rash."}\n',
        '{"id": "1", "text": "No rash.", "entities": [{"start": 3, "end": 7, "label": "sign", "label": "other"}]}\n',
    ],
)
@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_a_key_that_stands_twice_costs_its_row(name, content, written, outcome):
    good = '{"id": "2", "text": "A rash.", "text": "A rash."}\n'
    result = outcome(written(name, content + good))
    assert (len(result.problems), result.texts) == (1, ["A rash."])
    assert "expected each key of an object once" in result.said[0]


def test_offsets_that_may_count_tokens_are_refused_where_the_text_is_made_of_them(written, outcome):
    row = {"id": "1", "tokens": TEXT.split(), "entities": [{"start": 9, "end": 10, "label": "sign"}]}
    (said,) = outcome(written("x.jsonl", json.dumps(row) + "\n")).said
    assert "may count tokens" in said


def test_offsets_from_the_start_of_a_sentence(rows):
    text = "Aspirin given. Stroke excluded. Aspirin stopped. Aspirin again."
    item = {"label": "x", "start": 0, "end": 7, "text": "Aspirin"}
    result = rows(
        {"text": text, "entities": [item, {"label": "x", "start": 0, "end": 6, "text": "Stroke"}, item, item]}
    )
    assert result.entities == [("x", "Aspirin", ((0, 7),)), ("x", "Stroke", ((15, 21),))]
    assert ["do these count from the start of a sentence?" in said for said in result.said] == [True, True]


def test_lists_for_each_sentence_that_begin_anew_are_not_understood(rows):
    lists = [[{"label": "x", "start": 0, "end": 7}], [{"label": "x", "start": 0, "end": 6}]]
    result = rows({"text": "Aspirin given. Stroke excluded.", "entities": lists})
    assert result.entities == []
    assert "not understood" in result.said[0]


@pytest.mark.parametrize("inclusive", [0, 1])
@pytest.mark.parametrize("wordings", [True, False])
def test_offsets_from_one_are_settled(inclusive, wordings, rows):
    words = ["patient", "cold", "rash"]
    spans = [(TEXT.rindex(word), TEXT.rindex(word) + len(word)) for word in words]
    items = [
        {"label": "x", "start": start + 1, "end": end + 1 - inclusive} | ({"text": word} if wordings else {})
        for word, (start, end) in zip(words, spans, strict=True)
    ]
    result = rows({"entities": items})
    assert [entity[2] for entity in result.entities] == [(span,) for span in spans]
    assert "or from 1" in result.noticed[0]


@pytest.mark.parametrize("other", ["NFC", "NFD"])
def test_offsets_in_another_unicode_form_of_the_text_are_settled(other, written, outcome):
    from unicodedata import normalize

    counted = normalize(other, "Übelkeit, dann Fieber.")
    text = normalize("NFD" if other == "NFC" else "NFC", counted)
    start = counted.index("Fieber")
    written("set/d.ann", f"T1\tx {start} {start + 6}\tFieber\n")
    result = outcome(written("set/d.txt", text).parent, options=ReadOptions(language="de"))
    assert [entity.text for entity in result.layers[0].entities] == ["Fieber"]
    assert "counted in" in result.noticed[0]


PASSAGES = [
    {"id": "p", "type": "title", "text": ["A case"], "offsets": [[0, 6]]},
    {"id": "q", "type": "abstract", "text": ["The patient has a cold."], "offsets": [[7, 30]]},
]
SPAN = {"id": "e", "type": "sign", "text": ["cold"], "offsets": [[25, 29]]}


def test_text_that_stands_in_passages_is_put_together(written, outcome):
    row = {"id": "1", "document_id": "9", "passages": PASSAGES, "entities": [SPAN], "relations": []}
    result = outcome(written("x.jsonl", json.dumps(row) + "\n"))
    assert (result.texts, result.entities) == (
        ["A case\nThe patient has a cold."],
        [("sign", "cold", ((25, 29),))],
    )


@pytest.mark.parametrize("offsets", [[[5, 28]], [[7, 31]], [], None])
def test_passages_that_do_not_fit_together_are_refused(offsets, written, outcome):
    row = {"id": "1", "passages": [PASSAGES[0], {**PASSAGES[1], "offsets": offsets}], "entities": [SPAN]}
    (said,) = outcome(written("x.jsonl", json.dumps(row) + "\n")).said
    assert "expected a column of text" in said


@pytest.mark.parametrize(
    "content", ["\n\nid,text\n\n1,A rash.\n , \n2,A cold.\n,\n", "id,text\r1,A rash.\r2,A cold.\r"]
)
def test_empty_rows_and_old_line_ends_of_tables(content, written, outcome):
    result = outcome(written("x.csv", content))
    assert (result.texts, result.said) == (["A rash.", "A cold."], [])


@pytest.mark.parametrize(("name", "content"), [("x.jsonl", "\n\n"), ("x.json", "[]"), ("x.conll", "\n\n")])
def test_a_source_without_a_record_is_said(name, content, written, outcome):
    assert outcome(written(name, content)).noticed == [f"{name}: holds no records"]


@pytest.mark.parametrize("content", ['{\n"id": 1,\n"text": "A rash."\n}\n', '[{"id": 1, "text": "A rash."}]'])
def test_json_that_is_called_json_lines_is_read(content, written, outcome):
    assert outcome(written("x.jsonl", content)).texts == ["A rash."]


@pytest.mark.parametrize("content", ["{\\rtf1\\ansi A rash.}", "%PDF-1.4 A rash."])
def test_documents_of_other_programs_are_no_text_whatever_their_names(content, written, outcome):
    (said,) = outcome(written("x.txt", content)).said
    assert "expected plain text" in said


@pytest.mark.parametrize(
    ("text", "told"), [("Gr\ufffd\ufffde", "U+FFFD"), ("GrÃ¶ÃŸe", "Ã¼"), ("Müller’s Größe, ÃA", "")]
)
def test_letters_that_were_lost_before_are_said(text, told, written, outcome):
    noticed = outcome(written("x.txt", text), options=ReadOptions(language="de")).noticed
    assert told in noticed[0] if told else noticed == []


def test_offsets_as_strings_in_lists_are_read(rows):
    assert rows({"entities": [[str(START), str(START + 4), "sign"]]}).entities == [
        ("sign", "cold", ((START, START + 4),))
    ]


@pytest.mark.parametrize("empty", ["nan", "NaN", "None", "null"])
def test_an_empty_cell_as_pandas_writes_it_is_no_broken_annotation(empty, written, outcome):
    assert outcome(written("x.csv", f"id,text,entities\n1,A rash.,{empty}\n")).said == []
