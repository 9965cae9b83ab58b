"""Annotation from a few examples: candidates, sentence embeddings, and a calibrated classifier."""
