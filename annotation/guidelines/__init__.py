"""The annotation guidelines as a page: the scheme's definitions, with examples from settled records."""
