"""Measures of records and their layers, one file each; `table` lists them all."""
