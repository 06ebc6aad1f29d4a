"""The members of a request: each is read with all its faults."""
