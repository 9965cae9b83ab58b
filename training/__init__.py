"""Training of adapters from curated layers: `trainers` is the table. And the evaluation of annotators."""
