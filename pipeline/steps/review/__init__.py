"""The work of each review command over a whole workspace."""
