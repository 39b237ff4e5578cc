"""Files a customer keeps: `noun_format.py`, read model in, bytes or lines out.

Imports queries for their values, display and labels for their wording; opens nothing but its own fonts.
"""
