"""REST: one router per noun; each route is parse → query or command → wire shape.

Imports queries, commands, exports and access; never models or SQL. `wire.py` is the only place that
knows the documented dialect.
"""
