"""One customer: who it is, its links, its data, what was done about it."""
