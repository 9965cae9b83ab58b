"""The stages in order, the runner, and the `curate` command."""
