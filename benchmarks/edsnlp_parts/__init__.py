"""The parts of the benchmark of edsnlp's tagger: its environment, and the script that runs in it."""
