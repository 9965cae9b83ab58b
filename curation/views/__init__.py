"""One record in the forms that language models are trained with and asked in."""
