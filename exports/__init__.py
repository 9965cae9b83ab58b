"""Curated sets in other formats: the table of formats, one writer per format, the dataset card."""
