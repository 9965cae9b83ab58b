"""The guidelines as a page: the scheme in people's words, with examples from what was settled."""
