"""Connections to other machines: only to addresses that may be called."""
