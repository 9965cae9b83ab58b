"""Texts as unit vectors: encoders, their runtimes, and vectors on disk."""
