"""How fast the service is, against what it cannot be faster than. ``make bench`` writes RESULTS.md."""
