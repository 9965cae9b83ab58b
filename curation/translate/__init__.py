"""Records in another language, with every layer and a count of what was lost on the way."""
