"""Comparison of two layers: entities, relations, labels, codes, wording; agreement beyond chance, and differences."""
