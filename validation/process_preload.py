"""Imported by worker processes of validation only: what every measure reads texts with, loaded once for all of them.

Workers that a fork server begins share these word lists and models in memory.
"""

from __future__ import annotations

import gc

import curation.process_preload  # noqa: F401  (first: it keeps away what is not needed)
from curation.deidentify.identifiers.analyzer import LANGUAGES, find_identifiers
from curation.errors import MissingExtraError
from curation.text.language import confidences
from curation.text.sentences import sentence_spans
from validation.stage import Measure

__all__ = ["Measure"]

#: Short, so that the detectors load all of their models. One text at a time starts no threads, which a process that is
#: forked must not have.
WORDS = "Patient stabil. "

for language in LANGUAGES:
    find_identifiers(WORDS, language=language)
try:
    for language in LANGUAGES:
        sentence_spans(WORDS, language)
    confidences(WORDS, languages=LANGUAGES)
    confidences(WORDS)
except MissingExtraError:
    pass  # whoever needs it says so
gc.freeze()
