"""The map of each file, one module per family of nouns; nouns.py lists them in order of loading."""
