"""Whether a translation has the content of its original: numbers, units, drugs, sentences, entities."""
