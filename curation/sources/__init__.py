"""Readers of data in other formats: records with layers, and a problem for each part that could not be read."""

from __future__ import annotations

from curation.sources.formats import FORMATS, sniff
from curation.sources.mapping import ImportMapping, load_mapping, shipped_mappings
from curation.sources.read import read
from curation.sources.reading import Lost, Notice, Problem, Read, ReadOptions

__all__ = [
    "FORMATS",
    "ImportMapping",
    "Lost",
    "Notice",
    "Problem",
    "Read",
    "ReadOptions",
    "load_mapping",
    "read",
    "shipped_mappings",
    "sniff",
]
