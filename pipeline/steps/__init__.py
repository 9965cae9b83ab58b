"""The work of each command over a workspace: silent, importable, with typed results."""
