"""Training of adapters from curated layers, and the evaluation of annotators."""
