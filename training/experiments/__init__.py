"""Experiments: a grid of cells with a ledger, sizes inside each other, fits, common categories, errors, and results."""
