"""The parts of the benchmark of the tagger: the corpus, the variants, their runs, and what is compared."""
