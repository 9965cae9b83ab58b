"""Parts of real_model.py."""
