"""Where the spans of a text stand in its translation."""
