"""Records that say the same in other words, by sentence embeddings and the numbers they hold."""
