"""The arithmetic of billing: pure functions, frozen values, closed vocabularies.

Imports the standard library only. Nothing here reads a clock, a table or a setting: `now`, rows and
rates are arguments. Add a rule here when it would be true on paper, too.
"""
