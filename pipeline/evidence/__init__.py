"""What the store knows of a curated set, as figures with the rows they come from: for the cards of exports."""
