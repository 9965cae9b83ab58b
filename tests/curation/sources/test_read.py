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
