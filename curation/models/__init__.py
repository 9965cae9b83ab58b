"""Clients of language models behind one contract."""
