"""Files an operator brings: one reader, one column map per noun, errors as `file:line: column: what is wrong`.

Imports commands and queries for what it writes and compares, billing for its vocabularies; draws nothing but progress.
"""
