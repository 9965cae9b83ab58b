"""Entities as labels of words, and back: shared by the trainer and the adapter as an annotator."""
