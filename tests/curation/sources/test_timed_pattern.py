"""Regular expressions of users: as fast as others, or given up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.errors import ConfigError, SlowPatternError
from curation.sources import ReadOptions
from curation.timed_pattern import TimedPattern

pytestmark = pytest.mark.long

#: Each takes longer than anybody waits, on the text beside it.
CATASTROPHIC = [
    ("(a|aa)+$", "a" * 80 + "!"),
    (r"^(\w|\w\w)+$", "Fieberschmerzhustenschnupfenübelkeiterbrechendurchfallschwindel!"),
    (r"(?:[äöü]|[äöü]{2})+\d", "ä" * 60),
]


@pytest.mark.parametrize(("pattern", "text"), CATASTROPHIC)
def test_a_pattern_that_takes_too_long_is_given_up_by_its_name(pattern: str, text: str) -> None:
    timed = TimedPattern(pattern, name="group.pattern")
    started = time.process_time()
    for _ in range(5):
        with pytest.raises(SlowPatternError, match=r"the pattern group\.pattern to need less than a second"):
            timed.fullmatch(text)
    assert time.process_time() - started < 15, "what was slow three times gets less time"


def test_a_pattern_matches_as_others_do() -> None:
    timed = TimedPattern(r"(\d+)-(?P<rest>\w+)", ignore_case=True)
    assert timed.search("no 12-ab")[1] == "12"
    assert timed.search("nothing") is None
    assert timed.fullmatch("x12-abx", 1, 6)["rest"] == "ab"
    assert timed.fullmatch("12-ab!") is None
    assert [match.span() for match in timed.finditer("1-a 2-b")] == [(0, 3), (4, 7)]
    assert timed.groupindex == {"rest": 2}


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(" * 5_000, "a{2,1}"])
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(ConfigError, match="expected a regular expression, got"):
        TimedPattern(pattern)


SLOW = r"^(\w|\w\w)+$"
TEXT = "Fieberschmerzhustenschnupfenübelkeiterbrechendurchfallschwindel!"


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        ({"group": {"columns": "no", "pattern": SLOW}}, "group.pattern"),
        ({"labels": {"smoker": {"columns": "no", "pattern": SLOW}}}, "labels.smoker.pattern"),
        (
            {"categories": [{"type": "X", "category": "Y", "when": {"wording": SLOW}}]},
            "categories.entry 1.when.wording",
        ),
        ({"assertions": [{"when": {"wording": SLOW}, "assertion": "negated"}]}, "assertions.entry 1.when.wording"),
    ],
)
def test_records_on_which_a_mapping_is_too_slow_are_one_line_and_the_others_come_in(
    outcome: Callable[..., object], written: Callable[..., object], mapping: dict[str, object], key: str
) -> None:
    rows = [
        {"id": str(number), "no": "p1" if number % 3 else TEXT, "text": "Fieber" if number % 3 else TEXT}
        for number in range(12)
    ]
    for row in rows:
        row["entities"] = [{"label": "X", "start": 0, "end": len(row["text"])}]
    path = written("x.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    result = outcome(path, mapping=mapping, options=ReadOptions(language="de"))
    assert [record.meta.get("source_id") for record in result.records] == ["1", "2", "4", "5", "7", "8", "10", "11"]
    (problem,) = result.problems
    assert (problem.records, problem.where) == (4, f"{path}:1")
    assert problem.what.startswith(f"the mapping's {key}: expected the pattern")
    assert problem.what.endswith("(4 records)")
    assert TEXT not in problem.what


def test_files_without_columns_and_notes_have_the_limit_too(
    outcome: Callable[..., object], written: Callable[..., Path]
) -> None:
    options = ReadOptions(language="de")
    by_text = {"group": {"columns": "_text", "pattern": SLOW}}
    written("d/a.txt", "Fieber")
    written("d/b.txt", TEXT)
    for source, mapping in (
        (written("d/c.txt", "Husten").parent, by_text),
        (written("x.conll", f"Fieber\tO\n\n{TEXT}\tO\n\nHusten\tO\n"), by_text),
        (written("x.pubtator", f"1|t|Fieber\n\n2|t|{TEXT}\n\n3|t|Husten\n"), by_text),
    ):
        result = outcome(source, mapping=mapping, options=options)
        assert [text.strip() for text in result.texts] == ["Fieber", "Husten"]
        assert ["the mapping's group.pattern" in problem.what for problem in result.problems] == [True]
    written("n/a.txt", "Fieber")
    written("n/a.ann", f"T1\tX 0 6\tFieber\n#1\tNote T1\t{TEXT}\n")
    written("n/b.txt", "Husten")
    result = outcome(
        written("n/b.ann", "T1\tX 0 6\tHusten\n").parent, mapping={"notes": {"pattern": SLOW}}, options=options
    )
    assert result.texts == ["Husten"]
    assert ["the mapping's notes.pattern" in problem.what for problem in result.problems] == [True]
