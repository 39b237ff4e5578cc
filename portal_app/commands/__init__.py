"""Writes: one file per intention, one transaction per call, an audit row where someone was let in or changed something.

A command takes an open writing session and never commits: `database.writing()` does, once, at the end.
"""
