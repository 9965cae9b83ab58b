"""Comparison of two layers: entities by offsets, the flat view by wording, agreement beyond chance."""
