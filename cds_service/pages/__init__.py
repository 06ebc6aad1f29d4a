"""Pages for people in a browser: what all of them share."""
