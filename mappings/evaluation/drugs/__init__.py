"""Rules about drugs: what runs together up to the day, and what was given at some time."""
