"""Parts of `alignment.py`: gold wordings, how models change them, and LangExtract's aligner."""
