"""One folder per tab: state.py loads and words, view.py places. Tabs do not import each other."""
