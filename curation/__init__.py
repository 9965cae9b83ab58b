"""What is curated: records, layers, the scheme, the store, and the way in and out of it."""
