"""What differs between the databases: how they are opened, bounded in time, locked, and fail."""
