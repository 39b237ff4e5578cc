"""API keys of the operator's programs."""
