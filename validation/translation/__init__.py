"""Whether a translation says what its original says: numbers, units, drugs, sentences, entities."""
