"""The translator of the benchmark `damaged_markers.py`, for tests."""

from projection_parts.parallel_translator import ParallelTranslator, unmark, with_tags

__all__ = ["ParallelTranslator", "unmark", "with_tags"]
