"""YAML that people write, read within bounds: no alias that grows without end, nothing nested too deep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

#: Characters of a file that a person writes.
LONGEST = 8 << 20
#: Values that aliases may add to those that are written.
MOST_REPEATED = 100_000


def read_yaml(path: Path) -> Any:
    """The content of a file in UTF-8. Raises OSError, UnicodeDecodeError, or YAMLError with what does not fit."""
    with path.open(encoding="utf-8") as file:
        return load_yaml(file.read(LONGEST + 1))


def load_yaml(text: str, loader: type[yaml.SafeLoader] = yaml.SafeLoader) -> Any:
    """The content of a text. Raises YAMLError also where it is too long, too deep, or grows by its aliases."""
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


def _written_out(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node has when each alias is written out. Raises YAMLError for one that holds itself."""
    if id(node) in known:
        if not known[id(node)]:
            raise yaml.YAMLError("expected aliases of what stands before, got one that holds itself")
        return known[id(node)]
    known[id(node)] = 0
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        inner = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        inner = node.value
    known[id(node)] = 1 + sum(_written_out(part, known) for part in inner)
    return known[id(node)]
