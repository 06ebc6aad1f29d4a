"""How many were shown, referred and enrolled, how long each step took, and why people left."""
