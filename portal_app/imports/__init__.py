"""Files an operator brings: read, checked cell by cell and row by row, then loaded in one transaction, or not at all.

`directory.py` runs it: `sources.py` says which file is which noun (through `mapping.py`, if it is another
product's), `reader.py` and `staging.py` read rows into `scratch.py`, the `load_….py` compare and write them.
A new noun is a map in `maps/`, a place in `nouns.py`, and a loader in `directory.py`: `load_rows` where its
rows stand for themselves. Its table in docs/importing.md comes from `python -m tools.import_reference`.

Imports commands and queries for what it writes and compares, models for sizes, billing for its
vocabularies; draws nothing but progress.
"""
