"""The review queue: which record is reviewed next and why, and when enough is reviewed."""
