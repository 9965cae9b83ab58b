"""The work of each `curate scheme` command."""
