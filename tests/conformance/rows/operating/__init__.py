"""Around the hooks: feedback, tokens, CORS, speed, privacy."""
