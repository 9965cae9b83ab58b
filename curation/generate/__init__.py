"""Synthetic clinical summaries from structured cases: see docs/generator.md."""

from curation.generate.records import generate

__all__ = ["generate"]
