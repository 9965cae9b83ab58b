"""A language model as an annotator: ask, parse, align, apply are one function each."""
