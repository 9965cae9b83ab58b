"""Identifiers in a text: what identifies the patient, found by patterns, check digits and words around names."""
