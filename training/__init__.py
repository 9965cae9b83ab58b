"""Who learns: adapters from curated layers, and how good they and others are."""
