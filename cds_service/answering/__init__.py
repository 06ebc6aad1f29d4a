"""One authenticated call, from what was sent to cards: read, assess, decide what to show, record."""
