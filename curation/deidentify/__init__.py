"""Identifiers replaced by surrogates: the same one by the same, in new records, with every layer projected."""
