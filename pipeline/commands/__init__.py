"""The commands: each parses its options, calls a step, and prints the result."""
