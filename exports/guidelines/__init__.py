"""The scheme for people, as pages that can be printed, and for programs, as JSON Schema."""
