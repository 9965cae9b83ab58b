"""The reverse proxy through which annotators work: nginx with a list of the calls that the editor needs."""
