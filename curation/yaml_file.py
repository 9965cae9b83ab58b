"""YAML that people write, read within bounds: no endless aliases, nothing nested too deep, no key twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

#: Characters of a file that a person writes.
LONGEST = 8 << 20
#: Values that aliases may add to those that are written.
MOST_REPEATED = 100_000
MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: Path) -> Any:
    """The content of a file in UTF-8. Raises OSError, UnicodeDecodeError, or YAMLError with what does not fit."""
    with path.open(encoding="utf-8") as file:
        return load_yaml(file.read(LONGEST + 1))


def load_yaml(text: str, loader: type[yaml.SafeLoader] = yaml.SafeLoader) -> Any:
    """The content of a text. Raises YAMLError also where it is too long, too deep, or grows, or has a key twice."""
    if len(text) > LONGEST:
        raise yaml.YAMLError(f"expected at most {LONGEST} characters, got more")
    reader = loader(text)
    try:
        node = reader.get_single_node()
        if node is not None and _written_out(node, {}) > len(text) + MOST_REPEATED:
            raise yaml.YAMLError(f"expected aliases that repeat at most {MOST_REPEATED} values, got more")
        return None if node is None else reader.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError("expected lists and tables inside each other up to some hundred, got more") from None
    finally:
        reader.dispose()


def yaml_problem(error: Exception) -> str:
    """What is wrong with a YAML file in one line, with its line and column where they are known."""
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    if isinstance(error, UnicodeDecodeError):
        return f"a file that is not in UTF-8 (byte {error.start + 1})"
    mark = error.problem_mark or error.context_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if not isinstance(error, yaml.MarkedYAMLError) or mark is None:
        return " ".join(str(error).split())
    return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem or 'expected YAML'}"


def _written_out(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node has when each alias is written out. Raises YAMLError for one that holds itself."""
    if id(node) in known:
        if not known[id(node)]:
            raise yaml.YAMLError("expected aliases of what stands before, got one that holds itself")
        return known[id(node)]
    known[id(node)] = 0
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        _require_once(node)
        inner = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        inner = node.value
    known[id(node)] = 1 + sum(_written_out(part, known) for part in inner)
    return known[id(node)]


def _require_once(node: yaml.MappingNode) -> None:
    """Raises MarkedYAMLError for a key that a table has twice: of two values, none is known to be meant."""
    seen: set[tuple[str, str]] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
            if (key.tag, key.value) in seen:
                problem = f"expected each key once, got {key.value} again"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add((key.tag, key.value))
