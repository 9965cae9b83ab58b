"""The parts of the benchmark of language models: a server, a bare loop, and what is done to runs of ours."""
