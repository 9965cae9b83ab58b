"""A model at an address with OpenAI's chat completions: the client, its addresses, and how answers are read."""
