"""No file of settings in a model's folder makes a library run code that is not its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.errors import UsageError
from curation.model_config import check_config

POOLING = "sentence_transformers.sentence_transformer.modules.pooling.Pooling"


def model(folder: Path, file: str, content: Any) -> Path:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("modules.json", [{"path": "1_Pooling", "type": POOLING}, {"path": "", "type": "joblib.numpy_pickle"}]),
        ("modules.json", [{"path": "../elsewhere", "type": POOLING}]),
        ("modules.json", [{"path": "/elsewhere", "type": POOLING}]),
        ("router_config.json", {"types": {"query_0": "a_package_here.Module"}}),
        ("2_Dense/config.json", {"activation_function": "subprocess.Popen"}),
        ("0_Words/config.json", {"tokenizer_class": "a.b.Tokenizer"}),
        ("0_Router/1_Part/config.json", {"auto_map": {"AutoModel": "modeling.Model"}}),
    ],
)
def test_code_that_is_not_the_librarys_is_refused(tmp_path, file, content):
    with pytest.raises(UsageError, match="settings that name no code"):
        check_config(model(tmp_path / "m", file, content), "encoder m")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (
            "modules.json",
            [{"path": "", "type": POOLING}, {"path": "1_Pooling", "type": "sentence_transformers.models.Dense"}],
        ),
        ("2_Dense/config.json", {"activation_function": "torch.nn.modules.activation.Tanh"}),
        ("config.json", {"tokenizer_class": "BertTokenizer", "model_type": "bert", "type": "gelu"}),
        ("tokenizer_config.json", {"post_processor": {"type": "BertProcessing"}}),
        ("config.json", ["no settings", 3, None]),
    ],
)
def test_settings_of_the_library_itself_are_taken(tmp_path, file, content):
    check_config(model(tmp_path / "m", file, content), "encoder m")
