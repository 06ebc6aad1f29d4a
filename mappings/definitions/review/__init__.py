"""A definition as prose, for the physician who reviews and signs it."""
