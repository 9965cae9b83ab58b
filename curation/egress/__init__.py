"""The one gate that every text passes on its way off this machine: the settings, the gate, and its audit log."""
