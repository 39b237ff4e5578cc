"""A small believable world for the README, the screenshots and the browser tests.

`world.py` says who is in it; `acme.py`, `archive.py` and `others.py` say what they have, `usage.py` what they used;
`rows.py` puts it into tables, ledgers and usage always through commands. Deterministic for a date. On 2026-01-20
`acme` is the reference example: 434.2 credits, $43.42, 5,911 calls of Feature B for $141.86.
"""
