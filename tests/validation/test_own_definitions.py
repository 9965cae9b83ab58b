"""What a workspace brings for Great Expectations is read first: nothing in it runs code, or sends what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.errors import ConfigError
from curation.trusted import know_workspace
from validation.gx.own_definitions import check_definitions

BACKEND = {"class_name": "TupleFilesystemStoreBackend", "base_directory": "expectations/"}
OURS: dict[str, Any] = {
    "config_version": 4.0,
    "config_variables_file_path": "uncommitted/config_variables.yml",
    "plugins_directory": "plugins/",
    "stores": {
        "expectations_store": {
            "class_name": "ExpectationsStore",
            "store_backend": {**BACKEND, "module_name": "clincurate_expectations"},
        }
    },
    "data_docs_sites": {
        "local_site": {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": True,
            "store_backend": {**BACKEND, "base_directory": "uncommitted/data_docs/local_site/"},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        }
    },
    "fluent_datasources": {
        "records": {"type": "pandas", "assets": {"measures": {"type": "dataframe"}}},
        "store": {"type": "sql", "connection_string": "${CLINCURATE_STORE}"},
    },
}


def write(workspace: Path, **changes: Any) -> None:
    folder = workspace / "gx"
    for name in ("plugins", "checkpoints", "expectations", "uncommitted"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "plugins" / "clincurate_expectations.py").write_text("", encoding="utf-8")
    (folder / "great_expectations.yml").write_text(yaml.safe_dump({**OURS, **changes}), encoding="utf-8")


def write_json(workspace: Path, name: str, content: object) -> None:
    (workspace / "gx" / name).write_text(json.dumps(content), encoding="utf-8")


def suite_of(condition: object) -> dict[str, object]:
    kwargs = {"column": "entities", "min_value": 1, "row_condition": condition, "condition_parser": "pandas"}
    return {"name": "curated", "expectations": [{"type": "expect_column_values_to_be_between", "kwargs": kwargs}]}


def test_what_we_write_is_taken(tmp_path: Path) -> None:
    check_definitions(tmp_path)
    write(tmp_path)
    write_json(tmp_path, "checkpoints/validate.json", {"actions": [{"type": "document_measured"}]})
    check_definitions(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stores": {"x": {"class_name": "ExpectationsStore", "module_name": "evil"}}}, "module_name 'evil'"),
        ({"stores": {"x": {"class_name": "ExpectationsStore", "module_name": "os"}}}, "module_name 'os'"),
        ({"stores": {"x": {"class_name": "Popen"}}}, "class_name 'Popen'"),
        ({"stores": {"x": {"store_backend": {**BACKEND, "class_name": "TupleS3StoreBackend"}}}}, "TupleS3StoreBackend"),
        ({"stores": {"x": {"store_backend": {**BACKEND, "base_directory": "../../x"}}}}, "base_directory"),
        ({"stores": {"x": {"store_backend": {**BACKEND, "base_directory": "/tmp/x"}}}}, "base_directory"),
        ({"plugins_directory": "../code"}, "plugins_directory"),
        ({"plugins_directory": "uncommitted/"}, "plugins_directory"),
        ({"config_variables_file_path": "../../secrets.yml"}, "config_variables_file_path"),
        ({"data_docs_sites": {"x": {"class_name": "SiteBuilder", "custom": "${AWS_SECRET_ACCESS_KEY}"}}}, "AWS_SECRET"),
        ({"data_docs_sites": {"x": {"site_name": "$HOME"}}}, "the variable HOME"),
        ({"data_docs_sites": {"x": {"site_name": "secret|arn:aws:secretsmanager:x"}}}, "a secret of another service"),
        ({"fluent_datasources": {"x": {"type": "snowflake"}}}, "the data source 'x'"),
        (
            {"fluent_datasources": {"x": {"type": "sql", "connection_string": "postgresql://e/d"}}},
            "the data source 'x'",
        ),
    ],
)
def test_what_names_code_other_folders_or_secrets_is_refused(tmp_path: Path, changes: Any, said: str) -> None:
    write(tmp_path, **changes)
    with pytest.raises(ConfigError, match="run no code of theirs") as refused:
        check_definitions(tmp_path)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["polars.py", "evil/__init__.py", "custom_data_docs/views/page.j2", "native.so"])
def test_other_plugins_are_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    path = tmp_path / "gx" / "plugins" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"the file plugins/{name}"):
        check_definitions(tmp_path)


@pytest.mark.parametrize(
    "condition",
    [
        'language == "de"',
        "entities > 3 and `a b` in [1, 2]",
        'language.str.startswith("d")',
        "grounding_ratio.notnull()",
        'col("language").notNull()',
        'Column("language") == "de"',
        {"type": "comparison", "column": {"name": "language"}, "operator": "==", "parameter": "de; @x"},
        {"type": "and", "conditions": [{"type": "nullity", "column": {"name": "age"}, "is_null": True}]},
    ],
)
def test_a_condition_that_compares_is_taken(tmp_path: Path, condition: object) -> None:
    write(tmp_path)
    write_json(tmp_path, "expectations/curated.json", suite_of(condition))
    check_definitions(tmp_path)


@pytest.mark.parametrize(
    "condition",
    [
        '@pd.io.common.os.system("true")',
        'language.to_csv("/tmp/x")',
        "language.__class__",
        'language.apply("x")',
        "(lambda: 1)()",
        "[x for x in language]",
        {"type": "pass_through", "pass_through_filter": '@pd.io.common.os.system("true")'},
        {"type": "comparison", "column": {"name": "x or @pd"}, "operator": "==", "parameter": 1},
        {"type": "or", "conditions": [{"type": "pass_through", "pass_through_filter": "x.to_pickle('y')"}]},
        ["language"],
    ],
)
def test_a_condition_that_could_run_code_is_refused(tmp_path: Path, condition: object) -> None:
    write(tmp_path)
    write_json(tmp_path, "expectations/curated.json", suite_of(condition))
    with pytest.raises(ConfigError, match="row_condition"):
        check_definitions(tmp_path)


def test_messages_to_others_and_queries_are_for_workspaces_that_were_made_here(tmp_path: Path) -> None:
    write(tmp_path)
    write_json(tmp_path, "checkpoints/validate.json", {"actions": [{"type": "slack", "slack_webhook": "http://x"}]})
    with pytest.raises(ConfigError, match="the action 'slack'"):
        check_definitions(tmp_path)
    know_workspace(tmp_path)
    check_definitions(tmp_path)
    write_json(tmp_path, "expectations/curated.json", {"expectations": [{"kwargs": {"unexpected_rows_query": "S"}}]})
    check_definitions(tmp_path)
    (tmp_path / ".clincurate").unlink()
    (tmp_path / "gx" / "checkpoints" / "validate.json").unlink()
    with pytest.raises(ConfigError, match="unexpected_rows_query, a query"):
        check_definitions(tmp_path)
