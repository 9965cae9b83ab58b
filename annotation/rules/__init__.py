"""Annotation by rules: patterns over kinds of words, and assertion by context."""
