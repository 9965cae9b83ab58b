"""A language model on this machine: its files, its weights, how answers are held to a schema, and how many are made at
once."""
