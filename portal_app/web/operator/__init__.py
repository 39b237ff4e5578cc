"""What the forms of the operator's pages are sent to: signing in and out, opening a customer's portal, files.

A route is made by `guarded`, which asks for the cookie, the role that access/operator_roles.py demands, and one of
our own origins; routes.py lists them all. They answer with a redirect, a file, or, where a script sends, with JSON.
"""
