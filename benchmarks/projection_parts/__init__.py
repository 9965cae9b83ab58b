"""Parts of benchmarks/projection.py."""
