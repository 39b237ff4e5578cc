"""Stateless pieces that tabs are put together from. A piece takes vars and returns a component."""
