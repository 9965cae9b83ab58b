"""Parts of `import_honesty.py`: real corpora, the ways they are damaged, and what came in of them."""
