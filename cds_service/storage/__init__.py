"""What is kept: feedback, what was shown, replayed tokens, audit events, and candidates nobody was shown."""
