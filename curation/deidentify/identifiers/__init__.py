"""Identifiers in a text: what would tell who the patient is, by patterns, check digits and words around names."""
