"""Names of the product: a class has a name of its own, and a loop variable says what it holds."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("curation", "annotation", "validation", "training", "exports", "pipeline")


@cache
def names() -> dict[str, tuple[set[str], set[str]]]:
    """By the path of each module of the product, the names of its classes and of its loops' variables; read once for
    all tests, of which the trees are not kept: a million objects would slow down every test after these."""
    found = {}
    for path in (path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
        found[str(path.relative_to(ROOT))] = (classes, set[str]().union(*map(loop_names, nodes)))
    return found


def loop_names(node: ast.AST) -> set[str]:
    """The names that a loop or a comprehension binds; none for any other node."""
    if not isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        return set()
    return {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}


def test_the_name_of_a_class_occurs_in_one_module_only():
    modules = defaultdict(set)
    for module, (classes, _) in names().items():
        for name in classes:
            modules[name].add(module)
    assert {name: sorted(paths) for name, paths in modules.items() if len(paths) > 1} == {}


def test_no_loop_variable_is_called_one():
    assert {module for module, (_, loops) in names().items() if "one" in loops} == set()


def test_the_names_of_loops_are_found():
    tree = ast.parse("[one for one in a]\nfor b, (one, c) in d:\n    one = 1\n")
    assert [sorted(loop_names(node)) for node in ast.walk(tree) if loop_names(node)] == [["b", "c", "one"], ["one"]]
