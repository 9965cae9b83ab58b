"""Jinja templates for pages of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curation.errors import MissingExtraError

if TYPE_CHECKING:
    from jinja2 import Environment


def templates(folder: Path, *, extra: str) -> Environment:
    """Jinja's environment for a folder of templates: all values are escaped, and a missing name is an error.

    extra: the extra that brings Jinja, named by the MissingExtraError where it is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("jinja2", extra) from error
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
