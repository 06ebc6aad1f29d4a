"""Alembic's migrations: each changes the tables of an installed database, in order."""
