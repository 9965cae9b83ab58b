"""Drift: whether a new batch of records is still like the set that a model learnt from."""
