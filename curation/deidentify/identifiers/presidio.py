"""Presidio read into this process, without the transformers that none of its recognizers used here needs.

There is no public way to leave a recognizer out: its package imports all of them. So one module has a stand-in while
it is read. Where Presidio no longer has that module, or takes something else from it, all of it is read: slower by
some seconds, and the same.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from curation.errors import MissingExtraError

#: A module of Presidio for models, none of which is used here, and the class that others take from it.
UNREAD = "presidio_analyzer.predefined_recognizers.ner.huggingface_ner_recognizer"
CLASS = "HuggingFaceNerRecognizer"


def read_presidio() -> None:
    """Import Presidio, and keep it from telling what it found; MissingExtraError where it is not installed."""
    try:
        try:
            with _without_models():
                import_module("presidio_analyzer")
        except (ImportError, AttributeError, TypeError):
            # What could not be read with the stand-in is no module yet, so this begins again.
            import_module("presidio_analyzer")
    except ImportError as error:
        raise MissingExtraError("presidio-analyzer", "validate") from error
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)


@contextmanager
def _without_models() -> Iterator[None]:
    """While it lasts, the module has a stand-in, unless it was read before: half the time."""
    stand_in = ModuleType(UNREAD)
    setattr(stand_in, CLASS, type(CLASS, (), {}))
    added = sys.modules.setdefault(UNREAD, stand_in) is stand_in
    try:
        yield
    finally:
        if added:
            del sys.modules[UNREAD]
