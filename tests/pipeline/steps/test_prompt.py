"""Prompts on the command line: which there are, what one says, what a record's is, what differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import curate, curate_json

from curation.models.prompt import shipped_prompts

TEXT = "A 54-year-old man with fever. He took paracetamol."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    here = tmp_path / "w"
    curate("init", here)
    (tmp_path / "a.csv").write_text(f'id,text\nx1,"{TEXT}"\n', encoding="utf-8")
    curate("import", tmp_path / "a.csv", "--language", "en", "--workspace", here)
    return here


def test_the_list_has_every_shipped_prompt_and_the_one_in_use(folder, tmp_path):
    rows = curate_json("prompt", "list", "--workspace", folder)["prompts"]
    assert [row["name"] for row in rows] == list(shipped_prompts())
    assert [row["name"] for row in rows if row["in_use"]] == ["entities.v1"]
    elsewhere = curate_json("prompt", "list", "--workspace", tmp_path)["prompts"]
    assert [row["in_use"] for row in elsewhere] == [False] * len(rows)
    own = folder / "mine.v2.jinja"
    own.write_text("{% block system %}Find.{% endblock %}{% block user %}{{ text }}{% endblock %}", encoding="utf-8")
    settings = folder / "curate.toml"
    content = settings.read_text(encoding="utf-8")
    assert '# prompt = "entities.v1"' in content
    settings.write_text(content.replace('# prompt = "entities.v1"', f'prompt = "{own}"'), encoding="utf-8")
    assert curate_json("prompt", "list", "--workspace", folder)["prompts"][-1]["name"] == "mine.v2"


@pytest.mark.parametrize(("prompt", "requests"), [("naive", 1), ("evidence.v1", 1), ("per-category", 15), (None, 1)])
def test_a_record_is_rendered_as_it_would_go_out(folder, prompt, requests):
    words = ("--prompt", prompt) if prompt else ()
    found = curate_json("prompt", "render", "x1", *words, "--workspace", folder)
    assert len(found["requests"]) == requests
    for request in found["requests"]:
        assert [message["role"] for message in request["messages"]] == ["system", "user"]
        assert request["messages"][1]["content"].split("\n")[1:-1] == [TEXT]
        assert request["schema"]["additionalProperties"] is False
    printed = curate("prompt", "render", "x1", *words, "--workspace", folder)
    assert printed.stdout.count(TEXT) == requests
    assert TEXT not in printed.stderr


def test_show_and_diff_print_the_files_and_an_unknown_name_is_wrong_usage(folder):
    assert curate("prompt", "show", "naive").stdout.startswith("{#- style: flat -#}")
    lines = curate_json("prompt", "diff", "extract.v1", "entities.v1")["lines"]
    assert lines[:2] == ["--- extract.v1", "+++ entities.v1"]
    same = curate("prompt", "diff", "naive", "naive.v1")
    assert (same.stdout, "say the same" in same.stderr) == ("", True)
    assert curate_json("prompt", "diff", "naive", "naive.v1") == {"lines": []}
    refused = curate("prompt", "show", "nayve.v1", code=1).stderr
    assert "expected a prompt of" in refused
    assert "did you mean naive.v1?" in refused
    assert "nobody" in curate("prompt", "render", "nobody", "--workspace", folder, code=2).stderr


def own_prompt(system: str, user: str = "<{{ tag }}>{{ text }}</{{ tag }}>", style: str = "entities") -> str:
    return (
        f"{{#- style: {style} -#}}{{% block system %}}{system}{{% endblock %}}{{% block user %}}{user}{{% endblock %}}"
    )


FAULTS = {
    "an unknown name": (own_prompt("{{ nope }}"), "'nope' is undefined"),
    "an unknown name in English only": (own_prompt("{% if language == 'en' %}{{ nope }}{% endif %}"), "undefined"),
    "no jinja": ("{% block system %}{{ text", "expected a jinja file, line 1"),
    "no block": ("{{ text }}", "expected the blocks system, user"),
    "an own style": (own_prompt("x", style="flatt"), "did you mean flat?"),
    "another file": (own_prompt("{% include '/etc/hostname' %}"), "no loader"),
    "the insides of Python": (own_prompt("{{ ''.__class__.__mro__ }}"), "unsafe"),
    "a category where none is asked about": (own_prompt("{{ category.name }}"), "has no attribute 'name'"),
    "a macro without end": (own_prompt("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), "recursion"),
    "loops without end": (
        own_prompt("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"),
        "expected a prompt that is filled within",
    ),
    "a range without end": (own_prompt("{% for a in range(10 * 100000) %}{% endfor %}"), "Range too big"),
    "a text without end": (own_prompt("{{ 'x' * 1000000 * 1000000 }}"), "shorter than"),
    "a number without end": (own_prompt("{{ 9 ** 9 ** 9 }}"), "shorter than"),
    "no text": (own_prompt("x", "{{ language }}"), "expected the record's text in the block user"),
    "the text in the instruction": (own_prompt("About {{ text }}"), "and there only"),
    "the text in the instruction, by the other block": (own_prompt("{{ self.user() }}"), "and there only"),
}


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_of_an_own_prompt_is_one_line_before_anything_is_asked(folder, content, message, monkeypatch):
    monkeypatch.setattr("curation.models.prompt.PATIENCE", 0.2)
    own = folder / "mine.v1.jinja"
    own.write_text(content, encoding="utf-8")
    refused = curate("prompt", "render", "x1", "--prompt", own, "--workspace", folder, code=1).stderr
    (line,) = refused.splitlines()
    assert line.startswith("error: ")
    assert message in line
    settings = folder / "curate.toml"
    settings.write_text(
        f'[annotation.llm]\nprompt = "{own}"\n[models.m]\nurls = "http://127.0.0.1:9/v1"\n', encoding="utf-8"
    )
    refused = curate("annotate", "--with", "llm", "--dry-run", "--workspace", folder, code=1).stderr
    assert message in refused
    assert "Traceback" not in refused


def test_lines_of_signs_and_small_sums_are_no_fault(folder):
    own = folder / "mine.v1.jinja"
    own.write_text(own_prompt("{{ '-' * 40 }} {{ 3 * 7 }} {{ 2 ** 10 }}"), encoding="utf-8")
    found = curate_json("prompt", "render", "x1", "--prompt", own, "--workspace", folder)
    assert found["requests"][0]["messages"][0]["content"] == f"{'-' * 40} 21 1024"


def test_a_prompt_for_each_category_is_checked_with_categories_only(folder):
    own = folder / "mine.v1.jinja"
    own.write_text(own_prompt("About {{ category.name }}", style="per-category"), encoding="utf-8")
    found = curate_json("prompt", "render", "x1", "--prompt", own, "--workspace", folder)
    assert found["requests"][0]["messages"][0]["content"] == "About age"
