"""What goes to a hub of data sets and models."""
