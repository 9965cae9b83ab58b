"""A folder of texts: whose each is, and the command that reads one in another encoding."""

from __future__ import annotations

import shlex

import pytest
from command_line import curate

from curation.errors import UsageError
from curation.sources import ReadOptions, read

ENGLISH = ReadOptions(language="en")


def by_folder(**options) -> ReadOptions:
    return ReadOptions(language="en", columns={"group": "_folder"}, **options)


@pytest.fixture
def reports(written):
    for patient in ("miller", "huber"):
        for number in (1, 2):
            written(f"reports/{patient}/letter-{number}.txt", f"Letter {number} of {patient}: fever.")
    return written("reports/miller/other.txt", "Another letter: cough.").parent.parent


@pytest.mark.parametrize(
    ("columns", "groups"),
    [
        ({"group": "_folder"}, ["huber", "huber", "miller", "miller", "miller"]),
        ({"group": "_file"}, ["letter-1.txt", "letter-2.txt", "letter-1.txt", "letter-2.txt", "other.txt"]),
        ({"id": "_folder"}, ["huber", "huber", "miller", "miller", "miller"]),
    ],
)
def test_a_column_of_a_file_is_taken_as_the_option_says(reports, outcome, columns, groups):
    result = outcome(reports, options=ReadOptions(language="en", columns=columns))
    assert [record.group for record in result.records] == groups
    assert result.notices == []


def test_the_option_goes_before_the_mapping(reports, outcome):
    mapping = {"group": {"columns": "_stem", "pattern": "^([a-z]+)"}}
    assert {record.group for record in outcome(reports, mapping=mapping, options=ENGLISH).records} == {
        "letter",
        "other",
    }
    assert {record.group for record in outcome(reports, mapping=mapping, options=by_folder()).records} == {
        "miller",
        "huber",
    }


@pytest.mark.parametrize("format", ["text", "brat", "pubtator", "conll"])
@pytest.mark.parametrize("columns", [{"group": "patient"}, {"text": "_text"}, {"group": "folder"}])
def test_a_column_that_no_file_has_is_refused(reports, format, columns):
    with pytest.raises(UsageError, match="no columns of their own, one of _file, _stem, _folder"):
        read(reports, format=format, options=ReadOptions(columns=columns))


def test_files_of_one_name_are_one_patient_s_and_that_is_said(reports, outcome):
    result = outcome(reports, options=ENGLISH)
    assert [record.group for record in result.records] == ["letter-1", "letter-2", "letter-1", "letter-2", "other"]
    (said,) = result.noticed
    assert "4 files share 2 names" in said
    assert "--column group=_folder" in said


def test_files_beside_the_folders_of_patients_are_said(reports, written, outcome):
    written("reports/lone.txt", "A man with fever.")
    assert outcome(reports, options=by_folder()).notices == []
    written("reports/stray.txt", "A woman with fever.")
    (said,) = outcome(reports, options=by_folder()).noticed
    assert "2 files are in no folder of a patient" in said
    assert said.endswith("the group reports")


def test_the_offered_command_reads_the_file_as_the_folder_was_read(written, tmp_path, monkeypatch):
    written("my reports/huber/a.txt", "Rückenschmerzen seit drei Tagen, Größe 182 cm".encode("cp1252"))
    written("my reports/huber/b.txt", "Fieber seit drei Tagen.")
    monkeypatch.chdir(tmp_path)
    curate("init", "w")
    words = ("--language", "de", "--column", "group=_folder", "--workspace", "w")
    told = curate("import", "my reports", *words, code=1).stderr
    (offered,) = [line for line in told.splitlines() if "which is read by: " in line]
    command = offered.partition("which is read by: curate ")[2]
    assert command == (
        "import 'my reports/huber/a.txt' --encoding cp1252 "
        "--language de --column group=_folder --workspace w --source-name 'my reports'"
    )
    curate(*shlex.split(command))
    listed = curate("records", "list", "--group", "huber", "--source", "my reports", "--workspace", "w").stdout
    assert "Records (2)" in listed
