"""Fitting a site: its file of additions, and what its records have that nothing reads yet."""
