"""What commands print: no name of others moves the cursor, hides, turns, or begins a line."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from command_line import curate, curate_json
from hostile_names import GOOD_NAMES, HOSTILE_NAMES, is_clean

import pipeline.commands
from pipeline.commands.output import print_counts, print_exchanged, print_json_line, print_table, say, show, show_text
from pipeline.commands.progress_bars import progress_bar

#: Modules that write to a terminal: all others call them.
WRITERS = {"output.py", "progress_bars.py", "version.py"}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_every_way_to_print_shows_what_cannot_be_seen(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(name, ("record", name), [(name, 1), (name, 2.0)])
    print_counts(name, {name: 3})
    for way in (say, show):
        way(f"{name}: done")
    show_text(f"{name} and\nmore")
    print_json_line({name: [name]})
    with pytest.raises(BaseException, match="1"):
        print_exchanged("Pull", {"refused": [(name, name)], "in_doubt": [(name, name)]}, as_json=False)
    printed = capsys.readouterr()
    assert is_clean(printed.out)
    assert is_clean(printed.err)
    assert "\nerror: a second" not in printed.err


def test_one_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\nb\u2028c\x0bd\x85e")
    assert capsys.readouterr().err.splitlines() == ["a\\nb\\u2028c\\x0bd\\x85e"]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_letters_and_emoji_are_printed_as_they_are(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(name)
    show(name)
    print_table("Names", ("record",), [(name,)])
    printed = capsys.readouterr()
    assert printed.err == f"{name}\n"
    assert printed.out.count(name) == 2


def test_a_bar_and_its_plain_lines_show_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("an[red]no\x1b[31mtate", 2) as advance:
        advance(2)
        advance.last_count = 1  # type: ignore[attr-defined]
    assert "an[red]no\\x1b[31mtate: 2 of 2" in capsys.readouterr().err


def test_only_one_module_prints() -> None:
    folder = Path(pipeline.commands.__file__).parent
    for path in folder.rglob("*.py"):
        calls = [
            node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        ]
        names = {call.id if isinstance(call, ast.Name) else getattr(call, "attr", "") for call in calls}
        assert path.name in WRITERS or not names & {"print", "echo", "secho", "Console"}, path


@pytest.mark.parametrize(
    "words", [("--\x1b[31m",), ("records", "show", "\x1b[31m\nx"), ("import", "\x9b\u202ex", "--language", "en")]
)
def test_errors_show_what_was_typed(words: tuple[str, ...], tmp_path: Path) -> None:
    curate("init", "--workspace", tmp_path / "w")
    where = () if words[0].startswith("--") else ("--workspace", tmp_path / "w")
    for code in (1, 2):
        try:
            done = curate(*words, *where, code=code)
        except AssertionError:
            continue
        assert is_clean(done.stderr)
        assert "\\x" in done.stderr
        return
    pytest.fail("expected an error")


def test_a_fault_of_a_file_is_a_line_whatever_is_in_it(tmp_path: Path) -> None:
    curate("init", "--workspace", tmp_path)
    (tmp_path / "curate.toml").write_text('[review]\n"pro\\u001b\\nerror: x" = 1\nother = 2\n', encoding="utf-8")
    lines = curate("status", "--workspace", tmp_path, code=1).stderr.splitlines()
    assert len(lines) == 2
    assert all("unknown key review." in line and is_clean(line) for line in lines)


@pytest.mark.model  # doctor looks for torch
def test_ids_and_texts_of_a_file_are_shown_and_scripts_get_them_whole(tmp_path: Path) -> None:
    curate("init", "--workspace", tmp_path / "w")
    names = [name for name in (*HOSTILE_NAMES, *GOOD_NAMES) if name and "\ud800" not in name]
    rows = [{"id": name, "text": f"Report {number}: {name} had fever."} for number, name in enumerate(names)]
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    where = ("--workspace", tmp_path / "w")
    for words in (("import", source, "--language", "en"), ("records", "list"), ("status",), ("doctor",)):
        done = curate(*words, *where)
        assert is_clean(done.stdout + done.stderr), words
    stored = {str(row["source_id"]): row for row in curate_json("records", "list", *where)["records"]}
    for record in stored.values():
        done = curate("records", "show", record["id"], *where)
        assert is_clean(done.stdout + done.stderr)
    written = curate("records", "list", "--json", *where).stdout
    assert is_clean(written)
    assert all(name in written for name in GOOD_NAMES)
