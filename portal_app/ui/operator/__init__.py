"""The operator's pages: a folder per page with state and view, on a door of their own.

Nothing outside imports this package unless `PORTAL_SURFACES` names the operator: a process without it has none of
these pages, states or events. Beside a new event: its role in access/operator_roles.py.
"""
