"""The work of each `curate retrieve` command."""
