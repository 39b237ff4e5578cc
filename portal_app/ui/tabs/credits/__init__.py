"""The Credits tab: state.py loads and words it, view.py places it."""
