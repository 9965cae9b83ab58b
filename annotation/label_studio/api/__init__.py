"""The client of Label Studio, and its connection."""
