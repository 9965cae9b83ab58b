"""Agreement between people, with the model that they were shown, and with themselves; its report."""
