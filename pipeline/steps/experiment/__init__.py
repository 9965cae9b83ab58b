"""The kinds of experiments in a workspace: their cells, and what comes out of them."""
