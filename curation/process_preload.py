"""Imported by worker processes only: what readers of text need, without what they do not.

Started from a fork server, all workers share these modules in memory.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress

# spaCy looks for torch and would load it: a third of a gigabyte, for blank pipelines that have no use for it.
sys.modules.setdefault("torch", None)  # type: ignore[arg-type]
with suppress(ImportError):
    import spacy  # noqa: F401
with suppress(ImportError):
    import lingua  # noqa: F401
# Workers make many small things that live for a batch: to look for cycles after every 700 takes 4 % of their time.
gc.set_threshold(50_000)
# What is there now lives as long as the process: the collector need not look at it, and pages stay shared.
gc.freeze()
