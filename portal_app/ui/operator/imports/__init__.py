"""Files that are brought: sent up, checked, loaded, and what came of it."""
