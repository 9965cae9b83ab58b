"""Records of the same case in other words, by sentence embeddings and the numbers they hold."""
