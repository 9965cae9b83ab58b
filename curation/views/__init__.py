"""One record in the forms that models are trained with and asked in."""
