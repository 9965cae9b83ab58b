"""Curated sets: duplicates, the split, and freezing."""
