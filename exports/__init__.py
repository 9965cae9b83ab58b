"""What leaves the house: one writer per format, and the cards."""
