"""A Label Studio server of our own: its environment, process, accounts and secrets."""
