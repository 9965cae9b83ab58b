"""Parts of `doors.py`: attacks on what this product opens, a module for each kind of door."""
