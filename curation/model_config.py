"""Files of settings in a model's folder: none of them makes a library run or fetch code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.errors import UsageError

#: Keys that name Python code, of the model's author or of another library.
CODE = frozenset({"auto_map", "auto_mapping", "custom_pipelines", "megatron_config", "kernel_config"})
#: Keys whose value is the name of a repository of code where it has a slash.
KERNELS = frozenset({"attn_implementation", "_attn_implementation", "experts_implementation"})
#: Keys whose value is the name of a class that sentence-transformers imports and calls, and whose classes it may be.
CLASSES = frozenset({"type", "types", "module_class", "activation_function", "tokenizer_class"})
OURS_TO_CALL = ("sentence_transformers.", "torch.nn.")
#: A class by the name of its module.
IMPORTED = re.compile(r"[A-Za-z_]\w*(\.\w+)+")
#: Bytes of a file of settings; a vocabulary may be larger, and is none.
MOST = 5_000_000


def check_config(folder: Path, what: str) -> None:
    """Raises UsageError when a file of settings in a model's folder, or in one of its parts, names code to run."""
    for path in sorted(folder.rglob("*.json")):
        if path.name != "tokenizer.json" and path.is_file() and path.stat().st_size <= MOST:
            for key in (*_code(_read(path)), *_parts_elsewhere(path)):
                raise UsageError(
                    f"{what}: expected settings that name no code, got {key} in {path}; code that comes with a "
                    "model is not run, choose another one"
                )


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        # Whoever needs the file says that it cannot be read.
        return None


def _code(value: Any) -> Iterator[str]:
    for inner in value if isinstance(value, list) else ():
        yield from _code(inner)
    for key, inner in value.items() if isinstance(value, dict) else ():
        named = inner.values() if key == "types" and isinstance(inner, dict) else [inner]
        if (
            (key in CODE and inner)
            or (key in KERNELS and "/" in str(inner))
            or (key in CLASSES and any(map(_is_foreign, named)))
        ):
            yield str(key)
        yield from _code(inner)


def _parts_elsewhere(path: Path) -> Iterator[str]:
    """The parts of a sentence-transformers model that are not in its folder, where nobody has looked at them."""
    modules = _read(path) if path.name == "modules.json" else None
    for module in modules if isinstance(modules, list) else ():
        place = module.get("path") if isinstance(module, dict) else None
        if isinstance(place, str) and not (path.parent / place).resolve().is_relative_to(path.parent.resolve()):
            yield "path"


def _is_foreign(name: object) -> bool:
    """Whether it is the name of a class outside of the libraries whose classes a model may be made of."""
    return isinstance(name, str) and bool(IMPORTED.fullmatch(name)) and not name.startswith(OURS_TO_CALL)
