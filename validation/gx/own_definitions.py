"""What stands in a workspace's `gx/` and would make Great Expectations run code, write elsewhere or send results.

Read before Great Expectations reads it: its configuration names Python modules, folders and addresses, a folder of
plugins comes onto Python's path, and pandas evaluates a row condition as an expression.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.errors import ConfigError
from curation.trusted import known_workspace

#: The module of our own expectations; its copy is all that may stand in the workspace's plugins.
PLUGIN = "clincurate_expectations"
PLUGINS = "plugins/"
#: The variables that a definition may have filled in.
VARIABLES = frozenset({"CLINCURATE_STORE"})
#: As Great Expectations finds them.
VARIABLE = re.compile(r"(?<!\\)\$\{(?P<braced>.*?)\}|(?<!\\)\$(?P<bare>[_a-zA-Z]\w*)")
#: The name of a column in a condition that is written as an object.
COLUMN = re.compile(r"\w+")
#: What Great Expectations' own configuration names, and ours.
CLASSES = frozenset(
    {
        *("ExpectationsStore", "ValidationResultsStore", "CheckpointStore", "ValidationDefinitionStore"),
        *("TupleFilesystemStoreBackend", "SiteBuilder", "DefaultSiteIndexBuilder", "SuiteParameterStore"),
        *("EvaluationParameterStore", "InMemoryStoreBackend"),
    }
)
PATH_KEYS = ("_directory", "_path", "base_dir", "prefix")
#: Actions that only write pages; others send what was found to somebody.
ACTIONS = frozenset({"document_measured", "update_data_docs"})
SOURCES = frozenset({"pandas", "sql"})
#: Methods of a column that a row condition may call.
METHODS = frozenset(
    {
        *("isna", "isnull", "notna", "notnull", "isin", "between", "abs", "col", "Column", "is_null", "is_not_null"),
        *("is_in", "is_not_in", "notNull", "isNull", "len", "lower", "upper", "strip", "startswith", "endswith"),
        *("contains", "match", "fullmatch", "isdigit", "isnumeric", "isalpha"),
    }
)
#: What an expression may be made of beside names, calls and attributes.
PLAIN = (
    *(ast.Expression, ast.BoolOp, ast.boolop, ast.BinOp, ast.operator, ast.UnaryOp, ast.unaryop, ast.Compare),
    *(ast.cmpop, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.expr_context, ast.keyword),
)


def check_definitions(workspace: Path) -> None:
    """Raises ConfigError with the first thing in `workspace/gx` that would do more than check and write pages there."""
    folder = workspace / "gx"
    if not folder.is_dir():
        return
    is_known = known_workspace(workspace) is not None
    for problem in (*_plugins(folder), *_configuration(folder, is_known), *_definitions(folder, is_known)):
        raise ConfigError(
            f"expected definitions of Great Expectations in {folder} that run no code of theirs and send nothing, got "
            f"{problem}; remove it, or ask whoever gave you the workspace"
        )


def _plugins(folder: Path) -> Iterator[str]:
    """Files that Python would find: whatever a library imports by a name that is not installed would come from here."""
    for path in sorted((folder / PLUGINS).rglob("*")):
        ours = path.name == f"{PLUGIN}.py" and path.parent == folder / "plugins"
        compiled = path.parent.name == "__pycache__" and path.name.startswith(f"{PLUGIN}.")
        style = path.suffix == ".css"
        if path.is_symlink() or not (path.is_dir() or ours or compiled or style):
            yield f"the file {path.relative_to(folder)}"


def _configuration(folder: Path, is_known: bool) -> Iterator[str]:
    for name in ("great_expectations.yml", "uncommitted/config_variables.yml"):
        path = folder / name
        if path.is_file():
            yield from _settings(_yaml(path), name, folder, is_known)


def _yaml(path: Path) -> Any:
    """The content as Great Expectations reads it, with the same library; nothing for what it says it cannot read."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, ValueError, RecursionError):
        return None


def _settings(value: Any, where: str, folder: Path, is_known: bool) -> Iterator[str]:
    """What in a part of the configuration names code, a folder elsewhere, a variable or another source of data."""
    if isinstance(value, list):
        for inner in value:
            yield from _settings(inner, where, folder, is_known)
    if isinstance(value, str):
        yield from _variables(value, where)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        at = f"{where}: {key}"
        if not _may_name(str(key), inner, folder):
            yield f"{at} {inner!r}"
        elif key == "fluent_datasources" and not is_known:
            yield from _sources(inner, at)
        yield from _settings(inner, at, folder, is_known)


def _may_name(key: str, value: Any, folder: Path) -> bool:
    """Whether a key of the configuration may have this value, as far as it names code or a path."""
    if key == "module_name":
        return _is_own_module(value)
    if key == "class_name":
        return value in CLASSES
    if key == "plugins_directory":
        return value in (None, PLUGINS, PLUGINS.rstrip("/"))
    return not key.endswith(PATH_KEYS) or _inside(value, folder)


def _sources(sources: Any, where: str) -> Iterator[str]:
    for name, source in sources.items() if isinstance(sources, dict) else ():
        kind = source.get("type") if isinstance(source, dict) else None
        address = str(source.get("connection_string", "")) if isinstance(source, dict) else ""
        if kind not in SOURCES or (address and not VARIABLE.fullmatch(address)):
            yield f"{where}: the data source {name!r}, which a workspace that was not made here may not name"


def _definitions(folder: Path, is_known: bool) -> Iterator[str]:
    for path in sorted([*folder.glob("checkpoints/**/*.json"), *folder.glob("expectations/**/*.json")]):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError, RecursionError):
            # Great Expectations says that it cannot read it.
            continue
        name = str(path.relative_to(folder))
        if path.is_relative_to(folder / "checkpoints"):
            yield from _actions(content, name, is_known)
        yield from _expectations(content, name, is_known)


def _actions(content: Any, where: str, is_known: bool) -> Iterator[str]:
    actions = content.get("actions") if isinstance(content, dict) else None
    for action in actions if isinstance(actions, list) else ():
        kind = action.get("type") if isinstance(action, dict) else None
        if kind not in ACTIONS and not is_known:
            yield f"{where}: the action {kind!r}, which a workspace that was not made here may not have"


def _expectations(value: Any, where: str, is_known: bool) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _expectations(inner, where, is_known)
    if isinstance(value, str):
        yield from _secrets(value, where)
    for key, inner in value.items() if isinstance(value, dict) else ():
        at = f"{where}: {key}"
        if key == "module_name" and not _is_own_module(inner):
            yield f"{at} {inner!r}"
        if key == "row_condition" and not _is_plain_condition(inner):
            yield f"{at} {inner!r}"
        if str(key).endswith("query") and isinstance(inner, str) and not is_known:
            yield f"{at}, a query, which a workspace that was not made here may not bring"
        if key == "$ref" and isinstance(inner, str) and not inner.startswith("#"):
            yield f"{at} {inner!r}"
        yield from _expectations(inner, where, is_known)


def _is_own_module(name: object) -> bool:
    return name is None or name == PLUGIN or str(name).startswith("great_expectations.")


def _inside(value: object, folder: Path) -> bool:
    """Whether a path of the configuration leads nowhere but into `gx/`."""
    if value is None or isinstance(value, bool | int):
        return True
    try:
        return isinstance(value, str) and (folder / value).resolve().is_relative_to(folder.resolve())
    except (ValueError, OSError, RuntimeError):
        return False


def _variables(value: str, where: str) -> Iterator[str]:
    """Variables of the environment, such as keys, that would be filled in, and secrets that would be fetched."""
    yield from _secrets(value, where)
    for found in VARIABLE.finditer(value):
        name = found["braced"] or found["bare"] or ""
        if name not in VARIABLES:
            yield f"{where}: the variable {name}"


def _secrets(value: str, where: str) -> Iterator[str]:
    if value.startswith("secret|"):
        yield f"{where}: a secret of another service"


def _is_plain_condition(condition: Any) -> bool:
    """Whether a row condition compares columns and values, and calls nothing but methods that look at a column."""
    if isinstance(condition, dict):
        column, inner = condition.get("column"), condition.get("conditions", [])
        name = column.get("name") if isinstance(column, dict) else column
        return (
            (name is None or (isinstance(name, str) and bool(COLUMN.fullmatch(name))))
            and _is_plain_condition(condition.get("pass_through_filter"))
            and isinstance(inner, list)
            and all(map(_is_plain_condition, inner))
        )
    if not isinstance(condition, str):
        return condition is None
    try:
        # A column's name with spaces stands between backticks.
        tree = ast.parse(re.sub(r"`[^`]*`", "column", condition).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(_is_plain(node) for node in ast.walk(tree))


def _is_plain(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return not node.id.startswith("_")
    if isinstance(node, ast.Attribute):
        return node.attr == "str" or node.attr in METHODS
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called in METHODS
    return isinstance(node, PLAIN)
