"""The commands: each parses, calls what lies beneath, and prints."""
