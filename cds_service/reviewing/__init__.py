"""Trial definitions in the hands of those who review them: check, print, sign, and see what changed."""
