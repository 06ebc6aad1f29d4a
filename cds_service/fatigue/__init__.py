"""When to be quiet: which candidates are shown to whom, and how often."""
