"""Translation by a sequence-to-sequence model of transformers: Marian, M2M, NLLB, mBART."""
