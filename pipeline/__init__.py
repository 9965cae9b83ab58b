"""The `curate` command: runner, runs, configuration, workspace; `steps` does the work, `commands` parse and print."""
