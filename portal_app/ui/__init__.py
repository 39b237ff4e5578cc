"""The pages: Reflex components and states. Never SQL, never HTTP.

Imports queries for their answers, display and labels for their wording, and gate.py for who is
looking. States hold finished text; views place it. A new tab is a folder under tabs/ with state.py
and view.py, and one line in routes.py.
"""
