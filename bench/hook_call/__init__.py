"""A hook call over real HTTP, beside what others do with the same bytes."""
