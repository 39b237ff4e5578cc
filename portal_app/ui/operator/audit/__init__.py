"""The audit log: found, read and exported."""
