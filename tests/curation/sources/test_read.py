"""Recognising formats, folders of files, and what stops before anything is read."""

from __future__ import annotations

import pytest

from curation.errors import ConfigError, SourceError, UsageError
from curation.sources import FORMATS, Problem, ReadOptions, load_mapping, read, shipped_mappings, sniff
from curation.sources.formats import reader_of

ENGLISH = ReadOptions(language="en")


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("x.jsonl", "{}", "jsonl"),
        ("x.json", "[]", "json"),
        ("x.json", '[{"report": "a", "summary": {"age": "5"}}]', "elmtex"),
        ("x.jsonl", '{"patient_uid": "1-1", "patient": "a"}', "elmtex"),
        ("x.csv", "a,b", "csv"),
        ("x.tsv", "id\ttext\n1\tfever\n", "csv"),
        ("x.tsv", "fever\tB-Sign\nand\tO\n", "conll"),
        ("x.parquet", "", "parquet"),
        ("x.txt", "Fever since yesterday.", "text"),
        ("x.txt", "11|t|Title\n11|a|Abstract\n", "pubtator"),
        ("x.txt", '{"text": "a"}\n{"text": "b"}\n', "jsonl"),
        ("x.PubTator", "", "pubtator"),
        ("x.iob", "", "conll"),
        ("x.ann", "", "brat"),
        ("x.csv.gz", b"\x1f\x8b", "csv"),
    ],
)
def test_a_file_is_recognised_by_its_name_or_its_first_lines(written, name, content, format):
    assert sniff(written(name, content)) == format


def test_a_folder_is_recognised_by_what_most_of_it_is(written):
    for name in ("a", "b"):
        written(f"notes/{name}.csv", "id,text\n1,fever\n")
    folder = written("notes/README.txt", "About this folder.").parent
    assert sniff(folder) == "csv"
    written("notes/a.ann", "")
    assert sniff(folder) == "brat"


def test_the_sample_and_the_hub_are_named():
    assert (sniff("sample"), sniff("hf://owner/name")) == ("sample", "hf")


def test_a_folder_of_texts_is_a_record_a_file(written, outcome):
    written("notes/b.txt", "Cough.\r\n")
    written("notes/deeper/a.txt", "Fever 🩺.")
    folder = written("notes/.hidden.txt", "no").parent
    result = outcome(folder, options=ENGLISH)
    assert [(record.meta["source_id"], record.text, record.source) for record in result.records] == [
        ("b", "Cough.\r\n", "notes"), ("a", "Fever 🩺.", "notes"),
    ]  # fmt: skip
    assert result.layers == []


def test_every_file_of_a_folder_is_read_and_a_bad_one_costs_itself(written, outcome):
    written("notes/a.jsonl", '{"text": "one"}\n')
    written("notes/b.jsonl", "")
    written("notes/c.jsonl", '{"text": "two"}\n')
    folder = written("notes/d.md", "not read").parent
    result = outcome(folder, options=ENGLISH)
    assert (result.texts, result.said) == (["one", "two"], ["b.jsonl: expected records, got an empty file"])


def test_a_folder_without_files_is_one_problem(tmp_path, outcome):
    assert outcome(tmp_path).said == [f"{tmp_path.name}: expected files of the format text in the folder, got none"]


def test_what_is_not_read_of_a_folder_is_counted_and_named_with_what_to_do(written, outcome):
    for name in ("a.PDF", "b.pdf", "c.docx", "d.xlsx", "notes.md", ".hidden.pdf"):
        written(f"notes/{name}", "x")
    folder = written("notes/e.txt", "Fever.").parent
    result = outcome(folder, options=ENGLISH)
    assert (result.texts, result.problems) == (["Fever."], [])
    assert result.noticed == [
        "notes: not read: 2 .pdf (a.PDF, b.pdf): take their text out, such as with `pdftotext -layout`; "
        "scans need their text recognised first",
        "notes: not read: 1 .docx (c.docx): save them as plain text, "
        "such as with `soffice --headless --convert-to txt:Text`",
        "notes: not read: 1 .xlsx (d.xlsx): save them as CSV",
        "notes: not read: 1 .md (notes.md): they are of other formats",
    ]


def test_a_folder_of_documents_alone_is_a_problem_too(written, outcome):
    result = outcome(written("notes/a.pdf", "%PDF-1.7").parent, options=ENGLISH)
    assert result.said == ["notes: expected files of the format text in the folder, got none"]
    assert len(result.notices) == 1


def test_annotations_that_are_read_along_are_read(written, outcome):
    for name in ("a.txt", "a.ann", "b.TXT", "b.A1", "b.a2"):
        written(f"set/{name}", "" if name[2:] != "txt" and name[2:] != "TXT" else "Fever.")
    result = outcome(written("set/c.txt", "Cough.").parent, options=ENGLISH)
    assert (len(result.records), len(result.layers), result.notices, result.problems) == (3, 2, [], [])


@pytest.mark.parametrize("name", ["x.pdf", "x.DOCX", "x.doc", "x.rtf", "x.odt", "x.xlsx", "x.png", "x.zip"])
@pytest.mark.parametrize("format", ["auto", "text", "csv"])
def test_a_document_given_directly_is_an_error_that_says_what_to_do(written, name, format):
    with pytest.raises(SourceError, match=rf"got a file {name[1:].lower()}: .*; .* (?:text|first|CSV)"):
        read(written(name, "x"), format=format)


@pytest.mark.parametrize(("stated", "code"), [("de", "de"), ("EN", "en"), (" fr ", "fr"), ("und", "und")])
def test_a_language_is_a_code(written, outcome, stated, code):
    result = outcome(written("x.txt", "Fever."), options=ReadOptions(language=stated))
    assert [record.language for record in result.records] == [code]


@pytest.mark.parametrize("stated", ["german", "Deutsch", "xx", "de-AT", "de_DE", "deu", "", "e n"])
def test_no_other_word_is_a_language(tmp_path, stated):
    with pytest.raises(UsageError, match=r"expected a language code of two letters \(ISO 639-1\) such as en"):
        read(tmp_path, options=ReadOptions(language=stated))


def test_a_patient_is_one_group_however_the_number_is_written(written, outcome):
    written("set/a.csv", "id,patient_id,text\na,101.0,Fever.\nb,,Cough.\nc,Mu\u0308ller,Pain.\n")
    folder = written("set/b.csv", "id,patient_id,text\nd,101,Chills.\ne, 101 ,Ache.\nf,M\u00fcller,Rash.\n").parent
    groups = [record.group for record in outcome(folder, options=ENGLISH).records]
    assert groups == ["101", "b", "M\u00fcller", "101", "101", "M\u00fcller"]


def test_a_huge_text_file_is_refused(written, outcome):
    path = written("x.txt", "x" * 3_000)
    result = outcome(path, options=ReadOptions(language="en", line_limit=1_000))
    assert result.said == ["x.txt: expected at most 1000 bytes in a text, got more"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"source": "nowhere.jsonl"}, SourceError, "expected a file or folder, got none at nowhere.jsonl"),
        ({"source": "nowhere", "format": "csv"}, SourceError, "expected a file or folder"),
        ({"format": "docx"}, UsageError, "expected one of the formats auto, jsonl"),
        ({"mapping": "nonsense"}, ConfigError, "one of the shipped mappings .*maccrobat"),
        ({"mapping": {"txet": "a"}}, ConfigError, "txet"),
        ({"mapping": {"text": {"columns": "a", "pattern": "("}}}, ConfigError, "regular expression"),
        ({"options": ReadOptions(columns={"txt": "a"})}, UsageError, "expected columns for id, text"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_said_before_anything_is_read(tmp_path, options, error, words):
    source = options.get("source", tmp_path)
    with pytest.raises(error, match=words):
        read(source, **{name: value for name, value in options.items() if name != "source"})


def test_a_mapping_file_is_read_from_disk(written):
    mapping = load_mapping(written("mine.yaml", "text: body\nrename: {A: age}\n"))
    assert (mapping.name, mapping.rename) == ("mine", {"A": "age"})
    with pytest.raises(ConfigError, match="expected a table"):
        load_mapping(written("list.yaml", "- a\n"))
    with pytest.raises(ConfigError, match="expected a mapping file in YAML"):
        load_mapping(written("broken.yaml", "text: [a\n"))


@pytest.mark.parametrize("name", shipped_mappings())
def test_every_shipped_mapping_loads(name):
    mapping = load_mapping(name)
    assert mapping.name == name
    assert mapping.description


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_has_its_reader(format):
    assert callable(reader_of(format))


def test_the_sample_is_a_source(outcome):
    result = outcome("sample", options=ReadOptions(language="en"))
    assert len(result.records) == len(result.layers) >= 60
    assert {record.language for record in result.records} == {"en"}


def test_a_problem_reads_as_one_line():
    assert str(Problem("x.jsonl:3", "expected text, got none")) == "x.jsonl:3: expected text, got none"
