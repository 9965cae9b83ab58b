"""Entities as labels of words, and back: what training and annotation with a tagger have in common."""
