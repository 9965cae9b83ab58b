"""Records in another language with their layers: segments, translators, what is asked and read, projection."""
