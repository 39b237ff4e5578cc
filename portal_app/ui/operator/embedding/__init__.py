"""Which pages may show the portal, what to paste into them, and why one does not."""
