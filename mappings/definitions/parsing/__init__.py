"""From YAML text to typed definitions. Every fault is collected, with its line; nothing is guessed."""
