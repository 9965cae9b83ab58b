"""Identifiers replaced by surrogates in new records with all their layers. `identifiers` finds them."""
