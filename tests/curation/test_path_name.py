"""A name that becomes a path stays one part of it, and says what does not fit."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from curation.errors import UsageError
from curation.path_name import LONGEST, folder_name, path_name


@pytest.mark.parametrize("name", ["adapter", "my-adapter_2.1", "Prüfung Süd", "v1", "обучение", "試験", "a" * LONGEST])
def test_plain_names_are_taken_as_they_are(name: str) -> None:
    assert path_name(name, "an adapter") == name


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("..", "begins with"),
        (".", "begins with"),
        ("../x", "divides"),
        ("/etc/x", "divides"),
        ("a/b", "divides"),
        ("a\\b", "divides"),
        ("..\\x", "divides"),
        ("-rf", "begins with"),
        (".hidden", "begins with"),
        ("x.", "ends with"),
        ("x ", "spaces"),
        (" x", "spaces"),
        ("a\x00b", "cannot be seen"),
        ("a\nb", "cannot be seen"),
        ("a\x1b[31m", "cannot be seen"),
        ("a\u202eb", "cannot be seen"),
        ("a\u200bb", "cannot be seen"),
        ("a:b", "do not take"),
        ("a*", "do not take"),
        ("CON", "Windows"),
        ("nul.txt", "Windows"),
        ("Com1", "Windows"),
        ("a" * (LONGEST + 1), "longer"),
        ("ü" * LONGEST, "longer"),
        ("ａdapter", "stand for others"),
        ("x／y", "stand for others"),
        ("x․․y", "stand for others"),
        ("\u0430dapter", "mixes scripts"),
    ],
)
def test_other_names_are_refused_in_one_line(name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        path_name(name, "an adapter")
    assert len(str(refused.value).splitlines()) == 1


def test_two_ways_to_write_a_letter_are_one_name() -> None:
    assert path_name(unicodedata.normalize("NFD", "Prüfung"), "a set") == "Prüfung"


def test_a_name_in_other_capitals_than_one_that_is_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Adapter").mkdir()
    assert path_name("Adapter", "an adapter", among=tmp_path) == "Adapter"
    with pytest.raises(UsageError, match="there is 'Adapter'"):
        path_name("adapter", "an adapter", among=tmp_path)
    assert path_name("new", "an adapter", among=tmp_path / "nowhere") == "new"


@pytest.mark.parametrize(
    ("words", "folder"),
    [("human:anna+rules", "human-anna+rules"), ("..", "--"), ("../../x", "..-..-x"), ("a b/c", "a-b-c"), ("", "")],
)
def test_words_become_one_part_of_a_path(words: str, folder: str) -> None:
    assert folder_name(words) == folder


def test_long_words_are_cut_and_stay_apart() -> None:
    first, second = (folder_name("ü" * 300 + end) for end in "ab")
    assert first != second
    assert len(first.encode()) <= LONGEST
