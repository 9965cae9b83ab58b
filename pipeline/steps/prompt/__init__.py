"""The work of each `curate prompt` command."""
