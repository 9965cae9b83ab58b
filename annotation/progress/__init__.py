"""How far each annotator is, how fast, and how well with the others: for stewards, pay, or a thesis."""
