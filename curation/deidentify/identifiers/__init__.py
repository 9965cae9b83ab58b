"""Identifiers in a text: what would tell who the patient is, found by Presidio and patterns of ours."""
