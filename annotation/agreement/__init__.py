"""How far people say the same: with each other, with the model they were shown, with themselves."""
