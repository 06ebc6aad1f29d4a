"""A physician's signature on a definition: what is signed, by whom, and what has changed since."""
