"""The table of formats. To add one: a file with a `write`, a line here, a test, a line in docs/trainers.md."""

from __future__ import annotations

from importlib import import_module

from curation.errors import MissingExtraError, UsageError
from exports.writer import Writer

#: Modules by the name that `curate export` takes; imported when used, since some are heavy.
FORMATS = {
    "hf": "exports.huggingface",
    "chat": "exports.chat",
}


def writer(name: str) -> Writer:
    """The writer of a format."""
    if name not in FORMATS:
        raise UsageError(f"expected a format of {', '.join(FORMATS)}, got {name!r}")
    try:
        module = import_module(FORMATS[name])
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or name, "export") from error
    write: Writer = module.write
    return write
