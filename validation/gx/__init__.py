"""Great Expectations: the suite, the data that it reads, the checkpoint that runs it, and its Data Docs."""
