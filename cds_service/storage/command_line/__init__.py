"""The commands for whoever looks after the database."""
