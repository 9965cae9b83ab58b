"""The editor that annotators work in: label config, variants, wording."""
