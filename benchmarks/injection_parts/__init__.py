"""Parts of injection.py."""
