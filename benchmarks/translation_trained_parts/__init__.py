"""Parts of benchmarks/translation_trained.py."""
