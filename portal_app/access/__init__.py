"""Who may: session tokens, download links, API keys and their scopes. Pure verification, no SQL.

Imports settings' values as arguments only. The registers of sessions and keys are tables
(models/access.py), read by queries/access.py and written by commands.
"""
