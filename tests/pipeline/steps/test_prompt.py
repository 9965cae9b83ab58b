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
    assert "expected a prompt of" in curate("prompt", "show", "nayve", code=1).stderr
    assert "nobody" in curate("prompt", "render", "nobody", "--workspace", folder, code=2).stderr
