"""The parts of benchmarks/validation.py, each a module with `run(*, quick)`."""
