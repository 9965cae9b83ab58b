"""Lists of thousands of decisions: the table is cut with a word about it, JSON has all of them."""

import json

import pytest

from curation.decision import Decision, Verdict
from pipeline.commands.decision_output import LISTED, print_open
from pipeline.commands.output import print_json


def decisions(count):
    return [
        Decision(record_id=f"r{number:05}", verdict=Verdict.QUARANTINED, by="policy@1", reason="too short")
        for number in range(count)
    ]


@pytest.mark.parametrize(("count", "cut"), [(0, False), (1, False), (LISTED, False), (LISTED + 1, True)])
def test_a_long_table_says_that_it_is_cut(capsys, count, cut):
    print_open("Quarantine", decisions(count), {})
    out, err = capsys.readouterr()
    assert f"Quarantine ({count})" in out
    assert out.count("r00") == min(count, LISTED)
    assert ("--json has all" in err) is cut


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"ä": ["€", 1, 1.5, None, True, [], {}], "deep": {"list": [{"a": 1e-7}]}},
        {"lone": "\ud800"},
        {"tab": 'a\tb\n"c"\\'},
    ],
)
def test_json_says_the_same_as_the_standard_library_reads(capsys, value):
    print_json(value)
    written = capsys.readouterr().out
    assert json.loads(written) == value
    assert written.endswith("}\n")
