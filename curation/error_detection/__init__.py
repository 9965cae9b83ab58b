"""Annotation errors without gold: labels and omissions that other layers make unlikely."""
