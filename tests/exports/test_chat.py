import json

from exports.chat import write
from exports.settings import ExportSettings


def test_each_split_is_a_file_of_chats_whose_answer_is_the_flat_view(view, members, scheme, tmp_path):
    files = write(view, tmp_path, ExportSettings())
    assert [path.name for path in files] == ["train.jsonl", "test.jsonl"]
    lines = [json.loads(line) for line in files[0].read_text(encoding="utf-8").splitlines()]
    for line, (record, layer) in zip(lines, members["train"], strict=True):
        system, user, assistant = line["messages"]
        assert (line["id"], system["role"], user["role"], assistant["role"]) == (
            record.id,
            "system",
            "user",
            "assistant",
        )
        assert user["content"] == f"<report>\n{record.text}\n</report>"
        assert json.loads(assistant["content"]) == scheme.flat(layer)


def test_the_instruction_names_every_category_in_the_language_of_the_report(view, scheme, tmp_path):
    english, german = [
        json.loads(line)["messages"][0]["content"]
        for line in write(view, tmp_path, ExportSettings())[0].read_text(encoding="utf-8").splitlines()
    ]
    for category in scheme.categories:
        assert category.definition["en"] in english
        assert category.definition["de"] in german


def test_a_prompt_of_ones_own_takes_its_place(view, tmp_path):
    (tmp_path / "prompt.txt").write_text("Extract.", encoding="utf-8")
    (train, _) = write(view, tmp_path / "out", ExportSettings(prompt=str(tmp_path / "prompt.txt")))
    assert json.loads(train.read_text(encoding="utf-8").splitlines()[0])["messages"][0]["content"] == "Extract."
