"""Parts of translation_real.py."""
