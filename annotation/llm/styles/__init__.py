"""The styles of asking: the parts of a question, the schema of its answer, and how the answer is read."""
