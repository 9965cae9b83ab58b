"""What a person should see next and why, and when it is enough."""
